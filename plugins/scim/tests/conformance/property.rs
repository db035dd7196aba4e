//! Names and values, there and back.

use proptest::prelude::*;
use rosterd_plugin_scim::convert::attributes;
use rosterd_plugin_scim::filter::literal;
use rosterd_plugin_scim::names;
use rosterd_plugin_scim::place::Place;
use rosterd_plugin_scim::settings::Settings;
use rosterd_plugin_scim::wish::{birth, patch};
use rosterd_sdk::{Class, Edit};
use serde_json::{Map, Value, json};

fn settings() -> Settings {
    serde_json::from_value(
        json!({ "url": "https://a", "attributes": ["urn:a:b:2.0:User:badge", "urn:a:b:2.0:User:desk.floor"] }),
    )
    .unwrap()
}

/// Some attributes of a user with any texts.
fn people() -> impl Strategy<Value = Map<String, Value>> {
    let settings = settings();
    let names: Vec<String> = names::texts(Class::Account, &settings).map(str::to_owned).collect();
    let pair = (proptest::sample::select(names), "[^\\x00]{1,12}");
    proptest::collection::vec(pair, 0..12)
        .prop_map(|pairs| pairs.into_iter().map(|(name, text)| (name, Value::from(text))).collect())
}

fn shown(resource: &Map<String, Value>) -> Map<String, Value> {
    let text = attributes(Class::Account, resource, true, &settings()).finish();
    let mut all: Map<String, Value> = serde_json::from_str(&text).unwrap();
    all.retain(|name, value| !value.is_null() && name != "active");
    all
}

fn sorted(all: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut all: Vec<_> = all.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

proptest! {
    #[test]
    fn what_is_made_is_read_again(person in people()) {
        let resource = birth(Class::Account, &Value::Object(person.clone()).to_string()).unwrap();
        prop_assert_eq!(sorted(&shown(&resource)), sorted(&person));
    }

    #[test]
    fn edits_lead_from_one_person_to_another_and_then_to_nothing_more(from in people(), to in people()) {
        let there = birth(Class::Account, &Value::Object(from.clone()).to_string()).unwrap();
        let names = from.keys().chain(to.keys().filter(|name| !from.contains_key(*name)));
        let edits: Vec<Edit> = names.map(|name| {
            let replace = Some(to.get(name).unwrap_or(&Value::Null).to_string());
            Edit { attribute: name.clone(), replace, add: None, remove: None }
        }).collect();
        let (operations, after) = patch(&there, &edits).unwrap();
        prop_assert_eq!(sorted(&shown(&after)), sorted(&to));
        prop_assert!(operations.len() <= edits.len());
        prop_assert!(patch(&after, &edits).unwrap().0.is_empty());
    }

    #[test]
    fn a_literal_is_read_as_the_text_that_it_was(text in any::<String>()) {
        prop_assert_eq!(serde_json::from_str::<String>(&literal(&text)).unwrap(), text);
    }

    #[test]
    fn a_name_is_a_place_of_its_own_or_none(name in "(urn:[a-z:.0-9]{0,8}:)?[a-zA-Z.\\[\" ]{0,12}") {
        if let Some(place) = Place::of(&name) {
            prop_assert!(!place.path().contains(['\n', ' ']) || place.kind.is_some());
            let mut resource = Map::new();
            place.put(&mut resource, json!("x"));
            prop_assert_eq!(place.take(&resource), Some(&json!("x")));
            prop_assert!(!name.contains(['[', '"', ' ']));
        }
    }
}
