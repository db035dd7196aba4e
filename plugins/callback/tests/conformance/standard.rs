//! What goes out in the form of Standard Webhooks.

use super::endpoint::hmac;
use super::{apply, body, create, header, operation, taking, update, world};
use rosterd_plugin_callback::keys::Keys;
use rosterd_plugin_callback::settings::Settings;
use rosterd_plugin_callback::text::Text;
use rosterd_sdk::testkit::World;
use rosterd_sdk::{Action, Class, Edit, FaultKind, Operation, Receipt, settings};
use serde_json::{Value, json};

const URL: &str = "https://app.example/hook?tenant=7";

/// What was sent, each as JSON.
fn sent(world: World, operations: Vec<Operation>) -> Vec<Value> {
    let entered = world.http(taking).enter();
    let receipts = apply(operations);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Applied(_))), "{receipts:?}");
    entered.requests().iter().map(|request| serde_json::from_str(&body(request)).unwrap()).collect()
}

#[test]
fn the_signatures_are_those_of_the_specification() {
    let _world = world(&json!({})).enter();
    let settings: Settings = settings::read().unwrap();
    let Keys::Standard(keys) = Keys::open(&settings).unwrap() else { panic!("the form is the standard one") };
    let body = r#"{"type":"user.created","timestamp":"2026-11-23T00:00:00Z","data":{"id":"u1"}}"#;
    let both = keys.signatures("msg_test_0001", 1_795_392_000, &Text::plain(body), None).unwrap();
    let expected = "v1,AeL8JlZ3jpmaeGPnkFHkq1DIeDZ2/ca/yfluKeuMbq8= \
                    v1a,53JdHx/jCbNRJsKG3pH8azyukwaValrUoKuqAw7yFuFmcze0GQI1CddEBXfKb9CtkszoEzxjPH32jj0tJTBgDw==";
    assert_eq!(both, expected);
}

#[test]
fn every_secret_signs_while_they_change() {
    let entered = world(&json!({})).secret("previous-signing-secret", b"old").http(taking).enter();
    apply(vec![create("k1", &json!({ "id": "1" }))]);
    let request = &entered.requests()[0];
    let (id, seconds) = (header(request, "webhook-id"), header(request, "webhook-timestamp"));
    assert_eq!((id.as_str(), seconds.as_str(), request.url.as_str()), ("msg_k1", "1767225600", URL));
    assert_eq!((request.method.as_str(), request.timeout_ms), ("POST", Some(15_000)));
    assert_eq!(header(request, "content-type"), "application/json");
    let message = format!("{id}.{seconds}.{}", body(request));
    let signatures = header(request, "webhook-signature");
    let signatures: Vec<&str> = signatures.split(' ').collect();
    use base64::Engine as _;
    let base64 = |bytes: Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
    let seed: Vec<u8> = (0..32).collect();
    assert_eq!(signatures.len(), 3);
    assert_eq!(signatures[0], format!("v1,{}", base64(hmac(&seed, message.as_bytes()))));
    assert_eq!(signatures[1], format!("v1,{}", base64(hmac(b"old", message.as_bytes()))));
    assert!(signatures[2].starts_with("v1a,"));
}

#[test]
fn an_attempt_has_the_id_of_the_one_before_and_a_time_of_its_own() {
    let create = create("0f3a.1", &json!({ "id": "1" }));
    let mut seen = Vec::new();
    for now in [1_767_225_600_000, 1_767_225_700_999] {
        let entered = world(&json!({})).at_ms(now).http(taking).enter();
        apply(vec![Operation { attempt: 2, ..create.clone() }]);
        let request = &entered.requests()[0];
        seen.push((header(request, "webhook-id"), header(request, "webhook-timestamp")));
    }
    assert_eq!(seen[0].0, "msg_0f3a_1", "an id has no dot");
    assert_eq!(seen[1], (seen[0].0.clone(), "1767225700".to_owned()));
}

#[test]
fn events_say_what_happened() {
    let li = json!({ "id": "01", "name": "Li \"Lee\" Lei", "unit": { "ref": "org-unit", "id": "u1" }, "title": null });
    let delta = Edit {
        attribute: "members".into(),
        replace: None,
        add: Some(r#"[{"ref":"account","id":"01"}]"#.into()),
        remove: None,
    };
    let group =
        |action| Operation { class: Class::Group, ..operation("k", Some("g1"), action, &json!({ "id": "g1" })) };
    let all = sent(
        world(&json!({})),
        vec![
            create("k1", &li),
            update("k2", "01", &[("title", json!("Clerk"))], &li),
            operation("k3", Some("01"), Action::Disable, &li),
            operation("k4", Some("01"), Action::Enable, &li),
            operation("k5", Some("01"), Action::Delete, &li),
            group(Action::Update(vec![delta])),
            Operation { class: Class::OrgUnit, ..create("k7", &json!({ "id": 7, "name": "Sales" })) },
            operation("k8", Some("01"), Action::MoveTo(None), &li),
        ],
    );
    let types: Vec<&str> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let accounts = ["created", "updated", "disabled", "enabled", "deleted"].map(|word| format!("account.{word}"));
    assert_eq!(types[..5], accounts);
    assert_eq!(types[5..], ["group.updated", "org_unit.created", "account.moved"]);
    assert!(all.iter().all(|event| event["timestamp"] == "2026-01-01T00:00:00Z"));
    let attributes = json!({ "name": "Li \"Lee\" Lei", "unit": { "ref": "org-unit", "id": "u1" }, "title": null });
    assert_eq!(all[0]["data"], json!({ "class": "account", "id": "01", "attributes": attributes }));
    let changes = json!([{ "attribute": "title", "replace": "Clerk" }]);
    assert_eq!(all[1]["data"], json!({ "class": "account", "id": "01", "attributes": attributes, "changes": changes }));
    assert_eq!(all[4]["data"], json!({ "class": "account", "id": "01" }));
    assert_eq!(
        all[5]["data"]["changes"],
        json!([{ "attribute": "members", "add": [{ "ref": "account", "id": "01" }] }])
    );
    assert_eq!(all[6]["data"]["id"], "7");
    assert_eq!(all[7]["data"]["changes"], json!([{ "attribute": "parent", "replace": null }]));
}

#[test]
fn a_thin_event_holds_nothing_of_a_person() {
    let li = json!({ "id": "01", "name": "Li Lei" });
    let all = sent(
        world(&json!({ "content": "thin" })),
        vec![create("k1", &li), update("k2", "01", &[("name", json!("X"))], &li)],
    );
    assert!(all.iter().all(|event| event["data"] == json!({ "class": "account", "id": "01" })), "{all:?}");
}

#[test]
fn a_password_is_signed_and_sent_and_not_seen() {
    let settings = json!({ "passwords": true });
    let entered = world(&settings).http(taking).enter();
    let unit = Operation { class: Class::OrgUnit, ..create("k2", &json!({ "id": "2" })) };
    apply(vec![create("k\"1", &json!({ "id": "1" })), unit]);
    let requests = entered.requests();
    let text = body(&requests[0]);
    assert!(text.ends_with(r#""password":"{secret:json:password-of-k"1}"}}"#), "{text}");
    // The world's password has a quotation mark, which the host escapes in both places.
    let filled = text.replace(r#"{secret:json:password-of-k"1}"#, r#"password-of-k\"1"#);
    assert!(serde_json::from_str::<Value>(&filled).is_ok());
    let message = format!("msg_k_1.{}.{filled}", header(&requests[0], "webhook-timestamp"));
    let seed: Vec<u8> = (0..32).collect();
    use base64::Engine as _;
    let expected = base64::engine::general_purpose::STANDARD.encode(hmac(&seed, message.as_bytes()));
    assert!(header(&requests[0], "webhook-signature").starts_with(&format!("v1,{expected} ")));
    assert!(!body(&requests[1]).contains("password"), "an org unit has none");
    drop(entered);

    let entered = world(&json!({})).http(taking).enter();
    apply(vec![create("k1", &json!({ "id": "1" }))]);
    assert!(!body(&entered.requests()[0]).contains("password"), "nobody asked for it");
}

#[test]
fn what_is_too_large_is_sent_in_part_or_refused() {
    let many: Vec<Value> = (0..200).map(|at| json!({ "ref": "account", "id": format!("{at}") })).collect();
    let team = json!({ "id": "g", "members": many });
    let small = json!({ "maximum-bytes": 1024 });
    let all = sent(world(&small), vec![update("k", "g", &[("name", json!("Team"))], &team)]);
    assert_eq!(all[0]["data"]["partial"], true);
    assert_eq!(all[0]["data"]["changes"][0]["replace"], "Team");
    assert_eq!(all[0]["data"].get("attributes"), None);
    let _world = world(&small).http(taking).enter();
    for refused in [create("k", &team), update("k", "g", &[("members", team["members"].clone())], &team)] {
        let receipts = apply(vec![refused]);
        let [Receipt::Failed(fault)] = &receipts[..] else { panic!("{receipts:?}") };
        assert!(fault.kind == FaultKind::Invalid && fault.message.contains("1024 are allowed"), "{fault:?}");
    }
}

#[test]
fn an_object_needs_an_id_that_stays() {
    let entered = world(&json!({ "id": "number" })).http(taking).enter();
    let long = "x".repeat(257);
    for wrong in [
        json!({ "id": "1" }),
        json!({ "number": "" }),
        json!({ "number": null }),
        json!({ "number": long }),
        json!({ "number": "a\nb" }),
    ] {
        let receipts = apply(vec![create("k", &wrong)]);
        let [Receipt::Failed(fault)] = &receipts[..] else { panic!("{receipts:?}") };
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some("number")), "{wrong}");
    }
    let receipts = apply(vec![update("k", "7", &[("number", json!("8"))], &json!({ "number": "8" }))]);
    assert!(matches!(&receipts[..], [Receipt::Failed(fault)] if fault.kind == FaultKind::Invalid), "{receipts:?}");
    assert!(entered.requests().is_empty());
    let receipts = apply(vec![create("k", &json!({ "number": " 7 " }))]);
    assert!(matches!(&receipts[..], [Receipt::Applied(applied)] if applied.id == "7"), "{receipts:?}");
    // Who is told again is told every attribute: the id that it has is no change.
    let every = [("number", json!(7)), ("name", json!("L"))];
    let receipts = apply(vec![update("k", "7", &every, &json!({ "number": 7, "name": "L" }))]);
    assert!(matches!(&receipts[..], [Receipt::Applied(applied)] if applied.id == "7"), "{receipts:?}");
    let told: Value = serde_json::from_str(&body(entered.requests().last().unwrap())).unwrap();
    assert_eq!(told["data"]["changes"], json!([{ "attribute": "name", "replace": "L" }]));
}
