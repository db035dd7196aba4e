//! `rosterd config schema`, and how the configuration is found.

use crate::support::{Place, assert_shown};
use serde_json::Value;
use std::collections::BTreeSet;

fn schema() -> String {
    let shown = Place::new().run(&["config", "schema"]);
    shown.strip_prefix("exit: 0\n--- stdout\n").expect("success").to_owned()
}

/// The published schema is the one of the binary. To publish a new one: `rosterd config schema > docs/rosterd.schema.json`.
#[test]
fn the_published_schema_is_current() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rosterd.schema.json");
    let published = std::fs::read_to_string(published).expect("docs/rosterd.schema.json");
    assert!(published == schema(), "docs/rosterd.schema.json is old: rosterd config schema > docs/rosterd.schema.json");
}

/// The checks of the configuration understand a part of JSON schema. A new word must be taught to them first.
#[test]
fn the_schema_uses_only_words_that_are_checked() {
    const KNOWN: [&str; 19] = [
        "$defs",
        "$ref",
        "$schema",
        "additionalProperties",
        "anyOf",
        "const",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maximum",
        "minimum",
        "oneOf",
        "patternProperties",
        "properties",
        "required",
        "title",
        "type",
    ];
    fn words(schema: &Value, found: &mut BTreeSet<String>) {
        for (word, value) in schema.as_object().into_iter().flatten() {
            found.insert(word.clone());
            match word.as_str() {
                "$defs" | "properties" | "patternProperties" => {
                    value.as_object().into_iter().flatten().for_each(|(_, inner)| words(inner, found));
                }
                "anyOf" | "oneOf" => value.as_array().into_iter().flatten().for_each(|inner| words(inner, found)),
                "items" | "additionalProperties" => words(value, found),
                _ => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    words(&serde_json::from_str(&schema()).expect("JSON"), &mut found);
    let unknown: Vec<_> = found.iter().filter(|word| !KNOWN.contains(&word.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn it_is_found_in_a_folder_above() {
    let place = Place::with_config("[authority]\n");
    std::fs::create_dir_all(place.path("a/b")).expect("folders");
    let shown = std::process::Command::new(env!("CARGO_BIN_EXE_rosterd"))
        .args(["connection", "list"])
        .current_dir(place.path("a/b"))
        .env_clear()
        .output()
        .expect("it runs");
    assert_eq!(shown.status.code(), Some(0));
}

#[test]
fn there_may_be_none() {
    assert_shown!(Place::new().run(&["check"]));
}

#[test]
fn a_named_one_must_be_there() {
    let place = Place::with_config("");
    let by_flag = place.run(&["check", "--config", "other.toml"]);
    let by_variable = place.run_env(&[("ROSTERD_CONFIG", "other.toml")], &["check"]);
    assert_eq!(by_flag, by_variable);
    assert_shown!(by_flag);
}

#[test]
fn colour_is_for_those_who_want_it() {
    let place = Place::with_config("a = 1\n");
    assert!(!place.run(&["check"]).contains('\u{1b}'));
    assert!(place.run(&["check", "--color", "always"]).contains("\u{1b}[1;31merror:"));
    let refused = place.run_env(&[("NO_COLOR", "1")], &["check", "--color", "auto"]);
    assert!(!refused.contains('\u{1b}'));
}
