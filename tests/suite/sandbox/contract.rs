//! Components for another contract, and files that are no components: refused before anything is compiled or run.

use super::desk::{Desk, answers};
use insta::assert_snapshot;
use rosterd_tests::built::component;
use serde_json::json;

/// The hostile component with one version replaced by another one of the same length.
fn patched(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "the sizes in the file stay as they are");
    let mut bytes = std::fs::read(component("hostile")).expect("the component can be read");
    let mut replaced = 0;
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
            replaced += 1;
        }
    }
    assert!(replaced > 0, "{from} is not in the component");
    bytes
}

/// What the host says to these bytes; the folder of the file is left out.
fn refusal(bytes: &[u8]) -> String {
    let desk = Desk::new();
    let path = desk.folder.path().join("plugin.wasm");
    std::fs::write(&path, bytes).expect("a file");
    let error = desk.load_file(&path).err().expect("it is refused");
    error.replace(&desk.folder.path().display().to_string(), "FOLDER")
}

#[test]
fn a_newer_contract_needs_a_newer_host() {
    assert_snapshot!(refusal(&patched("@0.1.0", "@0.2.0")), @"FOLDER/plugin.wasm: the component was built for contract 0.2.0; this rosterd speaks 0.1; install a newer rosterd, or an older version of the connector");
}

#[test]
fn an_older_contract_needs_a_newer_connector() {
    assert_snapshot!(refusal(&patched("@0.1.0", "@0.0.9")), @"FOLDER/plugin.wasm: the component was built for contract 0.0.9; this rosterd speaks 0.1; install a newer version of the connector");
}

#[test]
fn a_section_that_says_otherwise_than_the_imports() {
    let mut bytes = std::fs::read(component("hostile")).expect("the component can be read");
    let name = b"rosterd:contract0.1.0";
    let at = bytes.windows(name.len()).position(|window| window == name).expect("the section is there");
    bytes[at + name.len() - 3] = b'7';
    assert_snapshot!(refusal(&bytes), @"FOLDER/plugin.wasm: the component was built for contract 0.1.0 (its section says 0.7.0); this rosterd speaks 0.1; its author must build it with one version of the SDK");
}

#[test]
fn a_later_patch_of_the_same_contract_works() {
    let desk = Desk::new();
    let path = desk.folder.path().join("plugin.wasm");
    std::fs::write(&path, patched("@0.1.0", "@0.1.9")).expect("a file");
    let loaded = desk.load_file(&path).expect("0.1.9 fits 0.1");
    assert_eq!(loaded.inspection().contract, "0.1.9");
    let connection = loaded.connect(desk.config("hr", &json!({ "behaviour": "good" }))).expect("it opens");
    assert!(answers(&desk, connection.connector().expect("it can be asked")));
}

#[test]
fn what_is_no_component() {
    let module = [0, b'a', b's', b'm', 1, 0, 0, 0];
    assert_snapshot!(refusal(&module), @"FOLDER/plugin.wasm: this is no WebAssembly component (a core module); build one with `rosterd plugin build`");
    assert_snapshot!(refusal(b"#!/bin/sh\n"), @"FOLDER/plugin.wasm: this is no WebAssembly component (it does not begin as WebAssembly does); build one with `rosterd plugin build`");
    let whole = std::fs::read(component("hostile")).expect("the component can be read");
    assert_snapshot!(refusal(&whole[..whole.len() / 2]), @"FOLDER/plugin.wasm: this is no WebAssembly component (unexpected end-of-file); build one with `rosterd plugin build`");
}

#[test]
fn a_component_without_a_manifest() {
    let mut bytes = std::fs::read(component("hostile")).expect("the component can be read");
    let name = b"rosterd:manifest";
    let at = bytes.windows(name.len()).rposition(|window| window == name).expect("the section is there");
    bytes[at] = b'R';
    assert_snapshot!(refusal(&bytes), @r#"FOLDER/plugin.wasm: the component carries no manifest (section "rosterd:manifest"); build it with `rosterd plugin build`, which embeds connector.toml"#);
}
