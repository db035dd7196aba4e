//! Names with every character.

use super::{applied, create, entered, one, operation, person, refers, replace, unchanged, update};
use proptest::prelude::*;
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Action, Class, Destination, ObjectRef, Operation};
use serde_json::json;

/// Made below a unit of that name, found by the name, renamed to another, and gone.
fn lives(name: &str, other: &str) {
    let (server, _world) = entered(false, json!({}));
    let unit = applied(one(create(Class::OrgUnit, &json!({ "ou": name })))).id;
    let mut wanted = person(name);
    wanted["orgUnit"] = refers("org-unit", &unit);
    let made = create(Class::Account, &wanted);
    let id = applied(one(made.clone())).id;
    unchanged(one(Operation { attempt: 2, ..made }));
    let mut destination = open::<Ldap>().unwrap();
    let found = destination.find(Class::Account, "uid", name).unwrap();
    assert!(found.iter().any(|object| object.id == id), "{name:?} is not found");
    let read = destination.read(&[ObjectRef { class: Class::Account, id: id.clone() }]).remove(0).unwrap().unwrap();
    let shown: serde_json::Value = serde_json::from_str(&read.attributes).unwrap();
    assert_eq!((&shown["uid"], &shown["orgUnit"]), (&json!(name), &refers("org-unit", &unit)));
    applied(one(update(Class::Account, &id, vec![replace("uid", &json!(other))])));
    {
        let directory = &server.borrow().directory;
        let entry = directory
            .entries
            .iter()
            .find(|entry| entry.attributes.iter().any(|(_, values)| values == &[id.clone().into_bytes()]));
        let uids = super::directory::values(&entry.unwrap().attributes, "uid");
        assert_eq!(uids, [other.as_bytes()]);
    }
    applied(one(operation(Class::Account, Some(&id), Action::Delete)));
    applied(one(operation(Class::OrgUnit, Some(&unit), Action::Delete)));
}

#[test]
fn each_special_character() {
    for sign in [
        ",", "+", "\"", "\\", "<", ">", ";", "=", "#", " ", "/", "*", "(", ")", "ß", "李", "é", "\u{7f}", "\n", "\\2c",
        "'",
    ] {
        for name in [format!("a{sign}b"), format!("{sign}b"), format!("a{sign}")] {
            lives(&name, &format!("{name}c"));
        }
    }
    lives("# a\\", "\\, ");
}

proptest! {
    #[test]
    fn any_characters(name in "[^\\x00]{1,12}", other in "[a-c, +=\\\\\"#<>;李]{1,6}") {
        // A server compares without case and spaces; what is one name to it can not be made twice.
        let plain = |text: &str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase();
        prop_assume!(!plain(&name).is_empty() && !plain(&other).is_empty() && plain(&name) != plain(&other));
        prop_assume!(name.to_lowercase() != other.to_lowercase());
        lives(&name, &other);
    }
}
