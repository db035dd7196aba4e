//! Which crate may depend on which. The compiler then keeps what a manifest allows.

use super::tree::{report, top};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Folder of a crate, the crates of ours that it may depend on, and foreign crates that it must never depend on.
/// `plugins/*` stands for all plugins.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("host/model", &[], &["tokio", "redb", "wasmtime", "reqwest", "tracing"]),
    ("host/reconcile", &["rosterd-model"], &["tokio", "redb", "wasmtime", "reqwest"]),
    ("host/store", &["rosterd-model"], &["tokio", "wasmtime", "reqwest"]),
    ("host/connector", &["rosterd-model"], &["redb"]),
    ("host/engine", &["rosterd-model", "rosterd-reconcile", "rosterd-store"], &["wasmtime", "reqwest", "redb"]),
    ("host/server", &["rosterd-model", "rosterd-store", "rosterd-engine"], &["wasmtime", "reqwest", "redb"]),
    (
        "host/cli",
        &[
            "rosterd-model",
            "rosterd-reconcile",
            "rosterd-store",
            "rosterd-connector",
            "rosterd-engine",
            "rosterd-server",
        ],
        &["redb", "wasmtime", "reqwest"],
    ),
    ("sdk", &[], &["tokio", "wasmtime"]),
    ("plugins/*", &["rosterd-sdk"], &["tokio", "wasmtime", "wit-bindgen"]),
    ("tests/guests/*", &["rosterd-sdk"], &["tokio", "wasmtime"]),
    ("tests/demo", &[], &[]),
];

/// Crates of tests and measurements, which may see everything.
const FREE: &[&str] = &["tests", "tests/bench", "tests/unattended", "tests/fuzz/targets", "tests/peers/im"];

#[test]
fn crates_depend_only_in_the_allowed_direction() {
    let mut problems = Vec::new();
    for member in members() {
        if FREE.contains(&member.as_str()) {
            continue;
        }
        let Some((_, ours, never)) = ARROWS.iter().find(|(folder, ..)| stands_for(folder, &member)) else {
            problems.push(format!("{member}: unknown crate; add it to ARROWS with what it may depend on"));
            continue;
        };
        for dependency in dependencies(&member) {
            // A crate may ask for itself with other features, for its own tests.
            let itself = member.strip_prefix("host/").is_some_and(|name| dependency == format!("rosterd-{name}"));
            if dependency.starts_with("rosterd") && !itself && !ours.contains(&dependency.as_str()) {
                problems.push(format!("{member} must not depend on {dependency}"));
            }
            if never.contains(&dependency.as_str()) {
                problems
                    .push(format!("{member} must not depend on {dependency}: that is the business of another crate"));
            }
        }
    }
    report("the arrows between crates (docs/architecture.md):", &problems);
}

#[test]
fn members_inherit_the_lints_of_the_workspace() {
    let inherits = |member: &String| manifest(member).get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
    let problems: Vec<_> = members().into_iter().filter(|member| inherits(member) != Some(true)).collect();
    report("these crates lack `[lints] workspace = true`:", &problems);
}

/// Members of the workspace, as folders.
pub(super) fn members() -> Vec<String> {
    let root = table(&top().join("Cargo.toml"));
    let members = root["workspace"]["members"].as_array().expect("members are an array");
    members.iter().map(|member| member.as_str().expect("a member is a folder").to_owned()).collect()
}

fn stands_for(pattern: &str, member: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == member, |folder| member.starts_with(folder))
}

fn dependencies(member: &str) -> BTreeSet<String> {
    let manifest = manifest(member);
    let mut found = BTreeSet::new();
    let mut collect = |part: &Table| {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            found.extend(part.get(kind).and_then(Value::as_table).into_iter().flat_map(|table| table.keys().cloned()));
        }
    };
    collect(&manifest);
    for part in manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        part.as_table().into_iter().for_each(&mut collect);
    }
    found
}

fn manifest(member: &str) -> Table {
    table(&top().join(member).join("Cargo.toml"))
}

fn table(path: &std::path::Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
