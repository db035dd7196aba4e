//! The suite of the SDK.

use super::{Provider, world};
use rosterd_plugin_scim::Scim;
use rosterd_sdk::testkit::{conformance, open};
use rosterd_sdk::{Class, Connector, FaultKind};
use serde_json::{Value, json};

fn samples() -> Vec<(Class, Value)> {
    let first = json!({
        "userName": "li \"lee\" \\lei", "externalId": "E1", "displayName": "李雷", "name.familyName": "Lei", "emails.work": "a+b@x.example",
        "phoneNumbers.mobile": "+86 10", "addresses.work.locality": "北京", "department": "R&D", "employeeNumber": "7",
        "urn:a:scim:1.0:User:badge": "b 1"
    });
    vec![
        (Class::Account, first),
        (Class::Account, json!({ "userName": "wang" })),
        (Class::Group, json!({ "displayName": "all \"of\" them" })),
    ]
}

#[test]
fn a_destination() {
    for (write, config) in [("auto", true), ("put", true), ("patch", false)] {
        let provider = Provider::shared();
        if !config {
            provider.borrow_mut().config = None;
        }
        let more = json!({ "write": write, "attributes": ["urn:a:scim:1.0:User:badge"] });
        conformance::destination::<Scim>(world(&provider, &more), &samples(), "title");
        assert!(provider.borrow().users.is_empty() && provider.borrow().groups.is_empty());
    }
    let provider = Provider::shared();
    provider.borrow_mut().config = Some(json!({ "patch": { "supported": false } }));
    conformance::destination::<Scim>(
        world(&provider, &json!({ "passwords": true, "attributes": ["urn:a:scim:1.0:User:badge"] })),
        &samples(),
        "title",
    );
    assert!(provider.borrow().written.iter().any(|(method, ..)| method == "PUT"));
    assert!(provider.borrow().written.iter().all(|(method, ..)| method != "PATCH"));
}

#[test]
fn a_source() {
    let users: Vec<Value> = (0..9).map(|at| json!({ "userName": format!("u{at}"), "active": at % 2 == 0 })).collect();
    let groups = [json!({ "displayName": "g", "members": [{ "value": "id 1/#" }, { "value": "x", "type": "group" }] })];
    for more in
        [json!({ "page-size": 2 }), json!({}), json!({ "members": false, "page-size": 4, "delta": "last-modified" })]
    {
        let (users, groups) = (users.clone(), groups.clone());
        conformance::source::<Scim>(move || world(&Provider::with(&users, &groups), &more));
    }
    conformance::source::<Scim>(move || {
        let provider = Provider::with(&users, &groups);
        provider.borrow_mut().config = Some(json!({ "pagination": { "cursor": true, "maxPageSize": 4 } }));
        world(&provider, &json!({}))
    });
}

#[test]
fn what_is_missing_is_said() {
    for (more, word) in [
        (json!({ "auth": "basic" }), "username"),
        (json!({ "auth": "oauth", "token-url": "https://a" }), "client-id"),
        (json!({ "attributes": ["a b"] }), "a b"),
        (json!({ "attributes": ["Manager"] }), "Manager"),
    ] {
        let _world = world(&Provider::shared(), &more).enter();
        let fault = open::<Scim>().map(|_| ()).unwrap_err();
        assert!(fault.kind == FaultKind::Settings && fault.message.contains(word), "{fault:?}");
    }
}

#[test]
fn abilities_and_added_attributes_are_told() {
    let _world = world(&Provider::shared(), &json!({ "attributes": ["urn:a:b:badge", "title"] })).enter();
    let mut scim = open::<Scim>().unwrap();
    let probes = scim.check().unwrap();
    assert!(probes.iter().all(|probe| probe.ok) && probes[0].message.contains("PATCH"), "{probes:?}");
    let discovered = scim.discover().unwrap();
    assert!(discovered.contains("urn:a:b:badge") && discovered.matches("\"title\"").count() == 1, "{discovered}");
}
