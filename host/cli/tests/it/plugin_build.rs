//! `rosterd plugin build`, with a toolchain that is a few scripts: what it is told to do, and what is made of its module.

use crate::component::{SAMPLE, module};
use crate::support::{Place, assert_shown};

/// A crate, and a toolchain with a library for guests.
fn place() -> Place {
    let place = Place::new();
    place.write("plug/Cargo.toml", "");
    place.write("plug/connector.toml", SAMPLE);
    place.write("core.wasm", module(&["source"], &["files", "http"]));
    let root = place.path("").display().to_string();
    let root = root.trim_end_matches('/');
    std::fs::create_dir_all(place.path("tools/lib/rustlib/wasm32-unknown-unknown/lib")).expect("folders");
    place.script(
        "tools/bin/rustc",
        &format!("#!/bin/sh\nif [ \"$1\" = --print ]; then echo {root}/tools; else echo 'rustc 1.99.0 (fake)'; fi\n"),
    );
    let metadata = format!(
        r#"{{"packages":[{{"name":"plug","manifest_path":"'$(realpath {root})'/plug/Cargo.toml","targets":[{{"name":"plug","crate_types":["cdylib","rlib"]}}]}}],"workspace_root":"{root}/plug","target_directory":"{root}/plug/target"}}"#
    );
    place.script(
        "tools/bin/cargo",
        &format!(
            "#!/bin/sh\ncase $1 in\n--version) echo cargo;;\nmetadata) echo '{metadata}';;\nbuild)\n  \
             echo \"$@\" > {root}/arguments\n  env | grep -E '^(RUST|CARGO)' | sort > {root}/variables\n  \
             mkdir -p {root}/target/wasm32-unknown-unknown/guest {root}/target/wasm32-unknown-unknown/guest-packaged\n  \
             cp {root}/core.wasm {root}/target/wasm32-unknown-unknown/guest/plug.wasm\n  \
             cp {root}/core.wasm {root}/target/wasm32-unknown-unknown/guest-packaged/plug.wasm;;\nesac\n"
        ),
    );
    place
}

fn build(place: &Place, more: &[&str]) -> String {
    let target = place.path("target").display().to_string();
    let foreign = [
        ("ROSTERD_GUEST_TARGET", target.as_str()),
        ("RUSTFLAGS", "--cfg foreign"),
        ("RUSTUP_TOOLCHAIN", "other"),
        ("CARGO_ENCODED_RUSTFLAGS", "x"),
        ("RUSTC_WRAPPER", "y"),
        ("CARGO_TARGET_DIR", "z"),
    ];
    let toolchain = place.path("tools").display().to_string();
    let arguments = [&["plugin", "build", "plug", "--toolchain", &toolchain], more].concat();
    place.run_env(&foreign, &arguments)
}

#[test]
fn a_crate_becomes_a_component_that_can_be_inspected() {
    let place = place();
    let shown = build(&place, &[]);
    let inspected = place.run(&["plugin", "inspect", "plug/sample.wasm"]);
    assert_shown!(format!("{shown}\n{inspected}"));
}

#[test]
fn cargo_is_told_everything_and_inherits_nothing_foreign() {
    let place = place();
    build(&place, &[]);
    let root = place.path("").display().to_string();
    let text = format!("{}\n{}", place.read("arguments"), place.read("variables"));
    assert_shown!(text.replace(root.trim_end_matches('/'), "[DIR]"));
}

#[test]
fn packaged_plugins_are_optimised_as_a_whole() {
    let place = place();
    assert!(build(&place, &["--packaged", "--out", "dist"]).starts_with("exit: 0"));
    assert!(place.path("dist/sample.wasm").is_file());
    let arguments = place.read("arguments");
    assert!(arguments.contains("--profile guest-packaged") && arguments.contains("lto=\"fat\""), "{arguments}");
}

#[test]
fn a_manifest_that_lies_is_found_before_the_component_is_written() {
    let place = place();
    place.write("plug/connector.toml", SAMPLE.replace("[\"source\"]", "[\"destination\"]"));
    assert_shown!(build(&place, &["--quiet"]));
    assert!(!place.path("plug/sample.wasm").exists());
}

#[test]
fn a_crate_needs_a_manifest() {
    let place = place();
    std::fs::remove_file(place.path("plug/connector.toml")).expect("removed");
    assert_shown!(build(&place, &["--quiet"]));
}

#[test]
fn a_toolchain_that_can_not_serve_is_told_why() {
    let place = place();
    std::fs::remove_dir_all(place.path("tools/lib")).expect("removed");
    let none = place.run(&["plugin", "build", "plug", "--toolchain", "/nowhere"]);
    assert_shown!(format!("{}\n{none}", build(&place, &[])));
}

#[test]
fn a_folder_without_a_crate() {
    let place = place();
    std::fs::remove_file(place.path("plug/Cargo.toml")).expect("removed");
    assert_shown!(build(&place, &["--quiet"]));
}
