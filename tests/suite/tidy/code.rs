//! Rules about Rust files: sizes, head lines, and calls that belong into one place.

use super::arrows::members;
use super::tree::{SourceFile, files, report, top};

/// A file longer than this needs a reason.
const LONG: usize = 400;
/// Nothing is longer than this.
const LONGEST: usize = 600;

/// Files over 400 lines, and why they are not cut.
const LONG_FILES: &[(&str, &str)] =
    &[("host/engine/tests/it/push.rs", "what clients push, asked in one world by one reference of queries")];

/// A call that belongs into one place: the text, the places (a folder, a file), and the reason.
type Reserved = (&'static str, &'static [&'static str], &'static str);

const RESERVED: &[Reserved] = &[
    (
        "begin_write(",
        &["host/store/src/commit.rs", "tests/bench/raw_redb.rs", "tests/unattended/src/deliver.rs"],
        "one place writes to the store; the baseline of the benchmark is none of our code",
    ),
    (
        "SystemTime::now",
        &["host/cli/src/clock.rs", "host/connector/src/clock.rs", "host/connector/src/import/clock.rs"],
        "time comes from a clock that a test can replace",
    ),
    ("println!(", &["host/cli/src/output/"], "commands return values; only the output folder prints"),
    ("print!(", &["host/cli/src/output/"], "commands return values; only the output folder prints"),
    ("process::exit(", &[], "main returns an exit code, so that everything is dropped and flushed"),
];

#[test]
fn files_are_short_enough_to_be_read() {
    let mut problems = Vec::new();
    for SourceFile { path, text } in files(&[".rs"]) {
        let lines = text.lines().count();
        let reason = LONG_FILES.iter().any(|(file, _)| *file == path);
        if lines > LONGEST {
            problems.push(format!("{path} has {lines} lines; split it by topic (at most {LONGEST})"));
        } else if lines > LONG && !reason {
            problems.push(format!("{path} has {lines} lines; split it by topic, or give a reason in LONG_FILES"));
        } else if lines <= LONG && reason {
            problems.push(format!("{path} has {lines} lines and needs no reason any more; remove it from LONG_FILES"));
        }
    }
    report("sizes of files:", &problems);
}

#[test]
fn every_crate_says_what_it_is_for() {
    let roots = ["src/lib.rs", "src/main.rs"];
    let mut problems = Vec::new();
    for member in members() {
        for path in roots.iter().map(|root| top().join(&member).join(root)).filter(|path| path.exists()) {
            let text = std::fs::read_to_string(&path).expect("the file was just found");
            if !text.starts_with("//!") || text.starts_with("//! Under construction") {
                problems.push(format!("{} must begin with `//!` and what the crate is for", path.display()));
            }
        }
    }
    report("head lines of crates:", &problems);
}

#[test]
fn reserved_calls_stand_where_they_belong() {
    let mut problems = Vec::new();
    for SourceFile { path, text } in files(&[".rs"]) {
        // Tests may print and look at the time; this file holds the words themselves.
        if path.starts_with("tests/suite/") || path.contains("/tests/") || path.ends_with("build.rs") {
            continue;
        }
        let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").enumerate();
        for (number, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (call, places, reason) in RESERVED {
                let allowed =
                    places.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)));
                if line.contains(call) && !allowed {
                    problems.push(format!("{path}:{}: {call}: {reason}", number + 1));
                }
            }
        }
    }
    report("calls that belong into one place:", &problems);
}

#[test]
fn lints_are_switched_off_only_with_a_reason() {
    let mut problems = Vec::new();
    for SourceFile { path, text } in files(&[".rs"]) {
        if path.starts_with("tests/suite/tidy/") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let attribute = line.trim_start();
            let silences =
                ["#[allow(", "#![allow(", "#[expect(", "#![expect("].iter().any(|way| attribute.starts_with(way));
            // The reason may stand on one of the next lines of the same attribute.
            let whole: String = text.lines().skip(number).take(6).collect::<Vec<_>>().join(" ");
            let whole = whole.split(")]").next().unwrap_or_default();
            if silences && !whole.contains("reason") {
                problems.push(format!("{path}:{}: {attribute}", number + 1));
            }
        }
    }
    report("lints switched off without `reason = \"...\"`:", &problems);
}
