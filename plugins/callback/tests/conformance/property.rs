//! Whatever is to be sent and whatever is answered: each operation has a receipt, and what was signed is what was sent.

use super::endpoint::hmac;
use super::{answer, apply, body, header, in_idaas, world};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use rosterd_sdk::{Action, Class, Edit, Operation, Receipt};
use serde_json::{Value, json};

/// A value as a mapping may make it.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z0-9]{1,6}".prop_map(|id| json!({ "ref": "org-unit", "id": id })),
    ];
    prop_oneof![leaf.clone(), prop::collection::vec(leaf, 0..4).prop_map(Value::from)]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["id|name|parentId|organizationalUnits|primaryOrganizationalUnitId|password|userId", any::<String>()]
}

fn operation() -> impl Strategy<Value = Operation> {
    let class = prop_oneof![Just(Class::Account), Just(Class::OrgUnit), Just(Class::Group)];
    let attributes = prop::collection::btree_map(name(), value(), 0..5);
    let parts = (any::<u8>(), "[ -~]{0,40}", "[a-c]", class, attributes, any::<u8>());
    parts.prop_map(|(action, key, id, class, attributes, edits)| {
        let object = Value::from(serde_json::Map::from_iter(attributes.clone()));
        let edit = |(attribute, value): (String, Value)| {
            let text = Some(value.to_string());
            let (replace, add, remove) = if edits % 3 == 0 { (None, text.clone(), text) } else { (text, None, None) };
            Edit { attribute, replace, add, remove }
        };
        let action = match action % 7 {
            0 | 1 => Action::Create(object.to_string()),
            2 => Action::Update(attributes.into_iter().map(edit).collect()),
            3 => Action::Enable,
            4 => Action::Disable,
            5 => Action::SetPassword,
            _ => Action::Delete,
        };
        let id = (!matches!(action, Action::Create(_))).then_some(id);
        Operation { key, class, id, action, desired: object.to_string(), known: None, version: None, attempt: 1 }
    })
}

proptest! {
    #[test]
    fn what_is_signed_is_what_is_sent(operations in prop::collection::vec(operation(), 1..6), passwords: bool) {
        let entered = world(&json!({ "passwords": passwords })).http(super::taking).enter();
        let receipts = apply(operations);
        let requests = entered.requests();
        let taken = receipts.iter().filter(|receipt| matches!(receipt, Receipt::Applied(_))).count();
        prop_assert_eq!(taken, requests.len());
        for request in requests.iter().filter(|request| !body(request).contains("{secret:")) {
            let text = body(request);
            let event: Value = serde_json::from_str(&text).unwrap();
            prop_assert!(event["type"].is_string() && event["data"]["id"].is_string(), "{}", event);
            let id = header(request, "webhook-id");
            prop_assert!(!id.contains('.'), "{}", id);
            let message = format!("{id}.{}.{text}", header(request, "webhook-timestamp"));
            let seed: Vec<u8> = (0..32).collect();
            let expected = format!("v1,{} ", STANDARD.encode(hmac(&seed, message.as_bytes())));
            prop_assert!(header(request, "webhook-signature").starts_with(&expected));
        }
    }

    #[test]
    fn every_answer_has_a_receipt(
        operations in prop::collection::vec(operation(), 1..6),
        statuses in prop::collection::vec(200..600_u16, 1..4),
        said in prop_oneof![any::<String>(), Just("{\"successEvents\":[{\"eventId\":\"evnt_\"}]}".to_owned())],
        idaas: bool,
    ) {
        let settings = if idaas { in_idaas(&json!({})) } else { json!({}) };
        let mut statuses = statuses.into_iter().cycle();
        let _world = world(&settings).http(move |_| Ok(answer(statuses.next().unwrap(), &said))).enter();
        for receipt in apply(operations) {
            match receipt {
                Receipt::Applied(applied) | Receipt::Unchanged(applied) => prop_assert!(!applied.id.is_empty()),
                Receipt::Failed(fault) | Receipt::Unknown(fault) | Receipt::NotAttempted(fault) => {
                    prop_assert!(!fault.message.is_empty());
                    // The host would take an object for gone, or read it again.
                    let words = format!("{:?}", fault.kind);
                    prop_assert!(!["NotFound", "Conflict", "AlreadyExists"].contains(&words.as_str()), "{:?}", fault);
                }
            }
        }
    }
}
