//! Every reader of bytes from outside has a fuzz target, every target is called by proptest, and each has a wrapper for a
//! fuzzer.

use super::fuzz_parsers::{NO_PARSERS, PARSERS};
use super::tree::{SourceFile, files, report, top};
use std::collections::{BTreeMap, BTreeSet};

const TARGETS: &str = "tests/fuzz/targets/src/";
const WRAPPERS: &str = "tests/fuzz/libfuzzer/fuzz_targets/";

/// What a reader of outside bytes calls, or is called.
const SIGNS: [&str; 12] = [
    "::from_str(",
    "::from_str::<",
    "::from_slice(",
    "::from_slice::<",
    "from_utf8",
    "FromStr for",
    "fn parse",
    "fn decode",
    "Url::parse",
    "from_be_bytes",
    ".parse()",
    ".parse::<",
];

/// Code of a file without its tests and comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let own = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    own.filter(|line| !line.trim_start().starts_with("//"))
}

/// The names of all targets, with the file of each.
fn targets() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for SourceFile { path, text } in files(&[".rs"]).into_iter().filter(|file| file.path.starts_with(TARGETS)) {
        for line in code(&text) {
            let name = line.strip_prefix("pub fn ").and_then(|rest| rest.strip_suffix("(bytes: &[u8]) {"));
            found.extend(name.map(|name| (name.to_owned(), path.clone())));
        }
    }
    assert!(found.len() > 40, "the targets were not found: {found:?}");
    found
}

#[test]
fn every_target_is_called_by_proptest() {
    let mut problems = Vec::new();
    for (target, path) in targets() {
        let text = std::fs::read_to_string(top().join(&path)).expect("the file was just found");
        let tests = text.split("proptest! {").skip(1).collect::<String>();
        if !tests.contains(&format!("super::{target}(")) {
            problems.push(format!("{path}: {target} is called by no proptest of its file"));
        }
    }
    report("fuzz targets that `make test` does not call:", &problems);
}

#[test]
fn every_target_has_a_wrapper_and_every_wrapper_a_target() {
    let targets = targets();
    let manifest = std::fs::read_to_string(top().join("tests/fuzz/libfuzzer/Cargo.toml")).expect("there is a manifest");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    let bins = manifest["bin"].as_array().expect("binaries are an array");
    let bins: BTreeSet<&str> = bins.iter().filter_map(|bin| bin.get("name")?.as_str()).collect();
    let wrappers: BTreeMap<String, String> =
        files(&[".rs"]).into_iter().filter_map(|file| Some((wrapper(&file.path)?, file.text))).collect();
    let mut problems = Vec::new();
    for target in targets.keys() {
        let line = format!("libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rosterd_fuzz_targets::{target}(bytes));");
        match wrappers.get(target) {
            Some(text) if text.lines().any(|own| own == line) => {}
            _ => problems.push(format!("{WRAPPERS}{target}.rs must be `#![no_main]` and `{line}`")),
        }
        if !bins.contains(target.as_str()) {
            problems.push(format!("tests/fuzz/libfuzzer/Cargo.toml has no [[bin]] {target}"));
        }
    }
    for name in wrappers.keys().map(String::as_str).chain(bins).filter(|name| !targets.contains_key(*name)) {
        problems.push(format!("{name} is a wrapper of a target that does not exist in {TARGETS}"));
    }
    report("wrappers of fuzz targets:", &problems);
}

fn wrapper(path: &str) -> Option<String> {
    Some(path.strip_prefix(WRAPPERS)?.strip_suffix(".rs")?.to_owned())
}

#[test]
fn every_parser_has_a_target() {
    let targets = targets();
    let mut problems = Vec::new();
    for (path, target) in PARSERS {
        if !top().join(path).is_file() {
            problems.push(format!("{path} is on the list of parsers and does not exist"));
        }
        if !targets.contains_key(*target) {
            problems.push(format!("{path} has no target: there is no {target} in {TARGETS}"));
        }
    }
    for target in targets.keys().filter(|target| !PARSERS.iter().any(|(_, own)| own == target)) {
        problems.push(format!("the target {target} belongs to no parser; say in PARSERS whose it is"));
    }
    report("parsers and their fuzz targets:", &problems);
}

/// The lists are whole: who looks as if he reads bytes from outside is a parser, or has a reason not to be one.
#[test]
fn what_looks_like_a_parser_is_on_a_list() {
    let mut problems = Vec::new();
    let listed = |path: &str| PARSERS.iter().chain(NO_PARSERS).any(|(own, _)| *own == path);
    let aside = |path: &str| ["/tests", "/testing", "/testkit", "/fuzzing"].iter().any(|part| path.contains(part));
    for SourceFile { path, text } in files(&[".rs"]) {
        let ours = ["host/", "plugins/", "sdk/src/"].iter().any(|folder| path.starts_with(folder));
        if !ours || aside(&path) || path.ends_with("tests.rs") || listed(&path) {
            continue;
        }
        if let Some(line) = code(&text).find(|line| SIGNS.iter().any(|sign| line.contains(sign))) {
            problems.push(format!("{path}: `{}`: add it to PARSERS, or with a reason to NO_PARSERS", line.trim()));
        }
    }
    for (path, _) in NO_PARSERS {
        let text = std::fs::read_to_string(top().join(path)).unwrap_or_default();
        if !code(&text).any(|line| SIGNS.iter().any(|sign| line.contains(sign))) {
            problems.push(format!("{path} needs no reason any more; remove it from NO_PARSERS"));
        }
    }
    report("readers of bytes that nobody looked at (tests/suite/tidy/fuzz_parsers.rs):", &problems);
}
