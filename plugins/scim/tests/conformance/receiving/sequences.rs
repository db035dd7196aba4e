//! What Entra ID and Okta send, in their order and their words (`fixtures/receiving`), and what they are to get.
//!
//! Sources: learn.microsoft.com, "Develop and plan provisioning for a SCIM endpoint"; developer.okta.com, "SCIM 2.0 protocol reference".

use super::Client;
use serde_json::Value;
use std::collections::BTreeMap;

fn filled(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
}

/// Every member of `wanted` is there; null: it is not.
#[track_caller]
fn holds(wanted: &Value, there: &Value, step: &str) {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(all)) => {
            for (name, value) in wanted {
                holds(value, all.get(name).unwrap_or(&Value::Null), &format!("{step} {name}"));
            }
        }
        (Value::Array(wanted), Value::Array(list)) => {
            assert_eq!(wanted.len(), list.len(), "{step}: {list:?}");
            wanted.iter().zip(list).for_each(|(wanted, there)| holds(wanted, there, step));
        }
        (wanted, there) => assert_eq!(wanted, there, "{step}"),
    }
}

fn played(text: &str) -> Client {
    let steps: Vec<Value> = serde_json::from_str(text).unwrap();
    let (mut client, mut kept) = (Client::new(), BTreeMap::new());
    for (at, step) in steps.iter().enumerate() {
        let send = filled(step["send"].as_str().unwrap(), &kept);
        let (method, target) = send.split_once(' ').unwrap();
        let body = step.get("body").map_or(String::new(), |body| filled(&body.to_string(), &kept));
        let said = client.send(method, target, &[], body.as_bytes());
        let name = format!("step {at}, {send}");
        assert_eq!(Value::from(said.status), step["status"], "{name}: {said:?}");
        let wanted: Value = serde_json::from_str(&filled(&step["answer"].to_string(), &kept)).unwrap();
        if !wanted.is_null() {
            holds(&wanted, &said.body, &name);
        }
        for (name, path) in step.get("keep").and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("/{}", path.as_str().unwrap().replace('.', "/"));
            kept.insert(name.clone(), said.body.pointer(&pointer).and_then(Value::as_str).unwrap().to_owned());
        }
    }
    client
}

#[test]
fn entra_without_its_flag() {
    played(include_str!("../../fixtures/receiving/entra.json"));
}

#[test]
fn entra_with_its_flag() {
    played(include_str!("../../fixtures/receiving/entra-flag.json"));
}

#[test]
fn okta() {
    let client = played(include_str!("../../fixtures/receiving/okta.json"));
    let all = format!("{:?}{:?}", client.world.objects(), client.world.logs());
    assert!(!all.contains("canary-7f3a") && !all.contains("1mz050nq"), "a password was kept: {all}");
}
