//! The suite of the SDK, as far as it asks what an endpoint can answer, and `check` and `discover`.

use super::{answer, in_idaas, taking, world};
use rosterd_plugin_callback::Callback;
use rosterd_sdk::testkit::{World, conformance, open};
use rosterd_sdk::{Class, Connector, Destination, FaultKind, ObjectRef};
use serde_json::{Value, json};

#[test]
fn a_connector_in_both_forms() {
    for settings in [json!({}), json!({ "ping": true }), in_idaas(&json!({})), in_idaas(&json!({ "encrypt": false }))] {
        conformance::connector::<Callback>(|| world(&settings).http(taking));
    }
}

#[test]
fn nothing_can_be_read() {
    let _world = world(&json!({})).enter();
    let mut callback = open::<Callback>().unwrap();
    assert_eq!(callback.find(Class::Account, "id", "1").unwrap_err().kind, FaultKind::Unsupported);
    let read = callback.read(&[ObjectRef { class: Class::Account, id: "1".into() }]);
    assert!(matches!(&read[..], [Err(fault)] if fault.kind == FaultKind::Unsupported), "{read:?}");
    assert!(callback.finish().is_ok());
}

#[test]
fn an_event_that_tries_the_endpoint_needs_consent() {
    let entered = world(&json!({})).http(taking).enter();
    let probes = open::<Callback>().unwrap().check().unwrap();
    assert!(probes.iter().all(|probe| probe.ok) && probes[1].message.contains("not tried"), "{probes:?}");
    assert!(entered.requests().is_empty());
    drop(entered);

    let entered = world(&json!({ "ping": true })).http(|_| Ok(answer(401, r#"{"error":"bad\u0007sign"}"#))).enter();
    let probes = open::<Callback>().unwrap().check().unwrap();
    let sent: Value = serde_json::from_slice(entered.requests()[0].body.as_ref().unwrap()).unwrap();
    assert_eq!(sent, json!({ "type": "ping", "timestamp": "2026-01-01T00:00:00Z", "data": {} }));
    assert!(!probes[1].ok && probes[1].message.contains("401 (\"bad sign\")"), "{probes:?}");
}

#[test]
fn public_keys_are_told() {
    let _world = world(&json!({})).enter();
    let found: Value = serde_json::from_str(&open::<Callback>().unwrap().discover().unwrap()).unwrap();
    assert_eq!(found["server"]["webhook-public-keys"][0], "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
    assert!(found["notes"][0]["message"].as_str().unwrap().contains("whpk_A6EHv/"), "{found}");
    drop(_world);

    let _world = world(&in_idaas(&json!({ "key-id": "KEY1" }))).secret("next-event-key", "rsa").enter();
    let found: Value = serde_json::from_str(&open::<Callback>().unwrap().discover().unwrap()).unwrap();
    let keys = &found["server"]["jwks"]["keys"];
    assert_eq!((&keys[0]["kid"], &keys[0]["alg"], &keys[0]["n"]), (&json!("KEY1"), &json!("RS256"), &json!("bg")));
    assert_eq!(keys[1]["kid"].as_str().map(str::len), Some(43), "a thumbprint");
}

#[test]
fn what_is_missing_or_contradictory_is_said() {
    let _world = World::new().settings(json!({ "url": "https://app.example" })).enter();
    let probes = open::<Callback>().unwrap().check().unwrap();
    assert!(probes.len() == 1 && !probes[0].ok && probes[0].message.contains("signing-secret"), "{probes:?}");
    drop(_world);
    let _world = world(&json!({ "form": "idaas" })).enter();
    let fault = open::<Callback>().map(|_| ()).unwrap_err();
    assert!(fault.kind == FaultKind::Settings && fault.message.contains("instance-id"), "{fault:?}");
    drop(_world);
    let _world = world(&in_idaas(&json!({}))).secret("encrypt-key", [1; 20]).enter();
    let probes = open::<Callback>().unwrap().check().unwrap();
    assert!(!probes[0].ok && probes[0].message.contains("encrypt-key has 20 bytes"), "{probes:?}");
    drop(_world);
    // A key of another kind is the operator's to mend, and not a fault of each event.
    let _world = world(&in_idaas(&json!({}))).secret("event-key", [1; 32]).enter();
    let receipts = super::apply(vec![super::create("k", &json!({ "id": "1" }))]);
    assert!(format!("{receipts:?}").contains("Settings"), "{receipts:?}");
}
