//! Components without a compiler: a core module of a few bytes, put together by hand, that exports roles and imports
//! powers by name. Enough for everything that looks at a component and does not run it.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The manifest of a source that reads files.
pub(crate) const SAMPLE: &str = r#"
name = "sample"
version = "1.2.3"
title = "Sample source"
contract = "0.1"
license = "Apache-2.0"
roles = ["source"]
[requests]
files.read = ["{file}"]
http = ["api.example.com"]
[requests.secrets.token]
description = "The key of the interface, from its console."
uses = ["http-header"]
[settings]
type = "object"
additionalProperties = false
required = ["file"]
properties.file = { type = "string", description = "The list." }
"#;

/// The sample, which imports `files` and `http`.
pub(crate) fn sample() -> Vec<u8> {
    component(SAMPLE, &["source"], &["files", "http"])
}

/// A component with this manifest that exports `connector` and these roles, and imports these interfaces.
pub(crate) fn component(manifest: &str, roles: &[&str], imports: &[&str]) -> Vec<u8> {
    let mut component = ComponentEncoder::default()
        .module(&module(roles, imports))
        .expect("a module")
        .validate(true)
        .encode()
        .expect("a component");
    section(&mut component, 0, &[name("rosterd:manifest"), manifest.as_bytes().to_vec()].concat());
    component
}

/// The core module alone, as a compiler leaves it.
pub(crate) fn module(roles: &[&str], imports: &[&str]) -> Vec<u8> {
    let exports: Vec<&str> = std::iter::once("connector").chain(roles.iter().copied()).collect();
    let mut module = core(&exports, imports);
    let (resolve, world) = world(&exports, imports);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    module
}

/// A receiver of the real contract that can be loaded and asked: it answers `describe` with this text, and traps on
/// everything else.
pub(crate) fn answering(manifest: &str, answer: &str) -> Vec<u8> {
    let part = |text: &str| text.replace("package rosterd:connector@0.1.0;", "");
    let wit = [
        "package rosterd:connector@0.1.0;\n",
        &part(include_str!("../../../../wit/v0.1/types.wit")),
        &part(include_str!("../../../../wit/v0.1/describe.wit")),
        &part(include_str!("../../../../wit/v0.1/receiver.wit")),
        "world sample { export connector; export receiver; }\n",
    ];
    let mut resolve = Resolve::default();
    let package = resolve.push_str("sample.wit", &wit.concat()).expect("a package");
    let world = resolve.select_world(&[package], Some("sample")).expect("a world");
    let mut module = answering_core(answer);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    let mut component =
        ComponentEncoder::default().module(&module).expect("a module").validate(true).encode().expect("a component");
    section(&mut component, 0, &[name("rosterd:manifest"), manifest.as_bytes().to_vec()].concat());
    component
}

/// Its memory holds where the answer is, and the answer.
fn answering_core(answer: &str) -> Vec<u8> {
    const I32: u8 = 0x7f;
    let types: [(u8, usize); 3] = [(0x60, 0), (0x60, 12), (0x60, 4)];
    let types =
        types.iter().flat_map(|(form, count)| [vec![*form], number(*count), vec![I32; *count], vec![1, I32]].concat());
    let exports = [
        ("rosterd:connector/connector@0.1.0#describe", 0, 0),
        ("rosterd:connector/connector@0.1.0#check", 0, 1),
        ("rosterd:connector/connector@0.1.0#discover", 0, 2),
        ("rosterd:connector/receiver@0.1.0#handle", 0, 3),
        ("cabi_realloc", 0, 4),
        ("memory", 2, 0),
    ];
    let exported = exports.iter().flat_map(|(export, kind, index)| [name(export), vec![*kind, *index]].concat());
    let length = u32::try_from(answer.len()).expect("short").to_le_bytes();
    let content = [&8_u32.to_le_bytes()[..], &length, answer.as_bytes()].concat();
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    section(&mut wasm, 1, &std::iter::once(3).chain(types).collect::<Vec<_>>());
    section(&mut wasm, 3, &[5, 0, 0, 0, 1, 2]);
    section(&mut wasm, 5, &[1, 0, 1]);
    section(&mut wasm, 7, &std::iter::once(6).chain(exported).collect::<Vec<_>>());
    // The address 0, and four times "unreachable".
    section(&mut wasm, 10, &[&[5, 4, 0, 0x41, 0, 0x0b][..], &[3, 0, 0, 0x0b].repeat(4)].concat());
    section(&mut wasm, 11, &[vec![1, 0, 0x41, 0, 0x0b], number(content.len()), content].concat());
    wasm
}

/// Interfaces with the names of the contract, with one function each: nobody calls it.
fn world(exports: &[&str], imports: &[&str]) -> (Resolve, wit_parser::WorldId) {
    let mut text = String::from("package rosterd:connector@0.1.0;\n");
    for one in exports.iter().chain(imports) {
        text += &format!("interface {one} {{ ping: func(); }}\n");
    }
    text += "world sample {\n";
    imports.iter().for_each(|one| text += &format!("  import {one};\n"));
    exports.iter().for_each(|one| text += &format!("  export {one};\n"));
    text += "}\n";
    let mut resolve = Resolve::default();
    let package = resolve.push_str("sample.wit", &text).expect("a package");
    let world = resolve.select_world(&[package], Some("sample")).expect("a world");
    (resolve, world)
}

/// A module whose functions take nothing, give nothing and do nothing.
fn core(exports: &[&str], imports: &[&str]) -> Vec<u8> {
    let interface = |one: &str| format!("rosterd:connector/{one}@0.1.0");
    let count = |list: &[&str]| u8::try_from(list.len()).expect("few");
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    section(&mut wasm, 1, &[1, 0x60, 0, 0]);
    let imported = imports.iter().flat_map(|one| [name(&interface(one)), name("ping"), vec![0, 0]].concat());
    section(&mut wasm, 2, &std::iter::once(count(imports)).chain(imported).collect::<Vec<_>>());
    section(&mut wasm, 3, &[vec![count(exports)], vec![0; exports.len()]].concat());
    let exported = exports.iter().enumerate().flat_map(|(index, one)| {
        let index = count(imports) + u8::try_from(index).expect("few");
        [name(&format!("{}#ping", interface(one))), vec![0, index]].concat()
    });
    section(&mut wasm, 7, &std::iter::once(count(exports)).chain(exported).collect::<Vec<_>>());
    section(&mut wasm, 10, &[vec![count(exports)], [2, 0, 0x0b].repeat(exports.len())].concat());
    wasm
}

fn name(text: &str) -> Vec<u8> {
    [number(text.len()), text.as_bytes().to_vec()].concat()
}

fn section(wasm: &mut Vec<u8>, id: u8, content: &[u8]) {
    wasm.push(id);
    wasm.extend(number(content.len()));
    wasm.extend_from_slice(content);
}

/// LEB128.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
