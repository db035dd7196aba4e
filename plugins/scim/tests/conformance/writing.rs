//! What is sent for an operation, and what it leaves there.

use super::provider::Mishap;
use super::{Provider, apply, create, edit, id, operation, update, world};
use rosterd_sdk::{Action, Class, Edit, FaultKind, Receipt};
use serde_json::{Value, json};

const LI: &str = "id 1/#";

#[test]
fn only_what_differs_is_sent_each_in_the_strictest_form() {
    let provider = Provider::with(
        &[json!({ "userName": "li", "title": "Clerk", "emails": [{ "type": "home", "value": "h@x" }] })],
        &[],
    );
    let _world = world(&provider, &json!({})).enter();
    let edits = vec![
        edit("title", &json!("Clerk")),
        edit("emails.work", &json!("w@x")),
        edit("emails.home", &json!(null)),
        edit("name.givenName", &json!("Lei")),
        edit("addresses.work.locality", &json!("北京")),
        edit("addresses.work.country", &json!("CN")),
        edit("manager", &json!({ "ref": "account", "id": "m1" })),
    ];
    let receipts = apply(vec![update(Class::Account, LI, edits.clone())]);
    assert!(
        matches!(&receipts[..], [Receipt::Applied(applied)] if applied.version.as_deref() == Some("W/\"2\"")),
        "{receipts:?}"
    );
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let sent = provider.borrow().written[0].2["Operations"].clone();
    assert_eq!(
        sent,
        json!([
            { "op": "add", "path": "emails", "value": [{ "type": "work", "value": "w@x", "primary": true }] },
            { "op": "remove", "path": "emails[type eq \"home\"]" },
            { "op": "replace", "path": "name.givenName", "value": "Lei" },
            { "op": "add", "path": "addresses", "value": [{ "type": "work", "locality": "北京" }] },
            { "op": "replace", "path": "addresses[type eq \"work\"].country", "value": "CN" },
            { "op": "replace", "path": format!("{enterprise}:manager"), "value": { "value": "m1" } },
        ])
    );
    let there = provider.borrow().users[0].clone();
    assert_eq!(there["emails"], json!([{ "type": "work", "value": "w@x", "primary": true }]));
    assert!(matches!(&apply(vec![update(Class::Account, LI, edits)])[..], [Receipt::Unchanged(_)]));
    assert_eq!(provider.borrow().written.len(), 1, "nothing was sent for what was so already");
}

#[test]
fn accounts_are_born_usable_disabled_and_enabled() {
    let provider = Provider::shared();
    let _world = world(&provider, &json!({ "passwords": true })).enter();
    let made = apply(vec![create(Class::Account, &json!({ "userName": "li" }))]);
    let made = id(&made[0]);
    assert_eq!(provider.borrow().users[0]["active"], true);
    assert_eq!(provider.borrow().users[0]["password"], "{secret:json:password-of-k1}");
    for (action, active) in [(Action::Disable, false), (Action::Enable, true)] {
        let receipts = apply(vec![operation(Class::Account, Some(&made), action.clone())]);
        assert!(matches!(&receipts[..], [Receipt::Applied(_)]), "{receipts:?}");
        assert_eq!(provider.borrow().users[0]["active"], active);
        assert!(matches!(&apply(vec![operation(Class::Account, Some(&made), action)])[..], [Receipt::Unchanged(_)]));
    }
    let receipts = apply(vec![operation(Class::Account, Some(&made), Action::SetPassword)]);
    assert!(matches!(&receipts[..], [Receipt::Applied(_)]), "{receipts:?}");
}

#[test]
fn members_are_sent_as_differences_a_hundred_at_once() {
    let provider =
        Provider::with(&[], &[json!({ "displayName": "g", "members": [{ "value": "a" }, { "value": "q\"]" }] })]);
    provider.borrow_mut().silent_patch = true;
    let _world = world(&provider, &json!({})).enter();
    let many: Vec<Value> = (0..250).map(|at| json!({ "ref": "account", "id": format!("u{at}") })).collect();
    let edit = Edit {
        attribute: "members".to_owned(),
        replace: None,
        add: Some(Value::from(many).to_string()),
        remove: Some(json!([{ "ref": "account", "id": "q\"]" }, { "ref": "group", "id": "absent" }]).to_string()),
    };
    let receipts = apply(vec![update(Class::Group, LI, vec![edit.clone()])]);
    assert!(matches!(&receipts[..], [Receipt::Applied(_)]), "{receipts:?}");
    let sizes: Vec<usize> =
        provider.borrow().written.iter().map(|(.., body)| body["Operations"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 1, 1, 1]);
    assert_eq!(provider.borrow().groups[0]["members"].as_array().unwrap().len(), 251);
    drop(_world);

    // By PUT the same becomes of it, in one piece.
    let other =
        Provider::with(&[], &[json!({ "displayName": "g", "members": [{ "value": "a" }, { "value": "q\"]" }] })]);
    let _world = world(&other, &json!({ "write": "put" })).enter();
    assert!(matches!(&apply(vec![update(Class::Group, LI, vec![edit])])[..], [Receipt::Applied(_)]));
    let ids = |provider: &super::Shared| -> Vec<String> {
        let there = provider.borrow().groups[0]["members"].clone();
        there.as_array().unwrap().iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&other), ids(&provider));
}

#[test]
fn a_put_keeps_what_the_hub_does_not_know() {
    let provider =
        Provider::with(&[json!({ "userName": "li", "roles": [{ "value": "boss" }], "urn:x:y": { "z": 1 } })], &[]);
    let _world = world(&provider, &json!({ "write": "put" })).enter();
    assert!(matches!(
        &apply(vec![update(Class::Account, LI, vec![edit("title", &json!("T"))])])[..],
        [Receipt::Applied(_)]
    ));
    let there = provider.borrow().users[0].clone();
    assert_eq!(
        (&there["title"], &there["roles"][0]["value"], &there["urn:x:y"]["z"]),
        (&json!("T"), &json!("boss"), &json!(1))
    );
    assert!(provider.borrow().written[0].2.get("meta").is_none());
}

#[test]
fn what_was_made_by_a_lost_request_is_found_and_what_is_anothers_is_not_taken() {
    for own in [json!({ "userName": "li", "externalId": "E1" }), json!({ "userName": "li", "title": "T" })] {
        let provider = Provider::shared();
        provider.borrow_mut().mishaps.push_back(Some(Mishap::Lost));
        let _world = world(&provider, &json!({})).enter();
        let mut make = create(Class::Account, &own);
        assert!(matches!(&apply(vec![make.clone()])[..], [Receipt::Unknown(_)]));
        make.attempt = 2;
        let receipts = apply(vec![make]);
        assert!(matches!(&receipts[..], [Receipt::Unchanged(applied)] if applied.id == LI), "{receipts:?}");
        // The same name, and somebody else.
        let mut other = create(Class::Account, &json!({ "userName": "LI", "externalId": "E2", "title": "U" }));
        for attempt in [1, 2] {
            other.attempt = attempt;
            let receipts = apply(vec![other.clone()]);
            let Receipt::Failed(fault) = &receipts[0] else { panic!("{receipts:?}") };
            assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::AlreadyExists, Some(LI)));
        }
        assert_eq!(provider.borrow().users.len(), 1);
    }
}

#[test]
fn a_lookup_that_ignores_the_filter_finds_nobody_else() {
    let users: Vec<Value> = (0..30).map(|at| json!({ "userName": format!("u{at}") })).collect();
    let provider = Provider::with(&users, &[]);
    provider.borrow_mut().ignores_filters = true;
    let _world = world(&provider, &json!({})).enter();
    let mut make = create(Class::Account, &json!({ "userName": "new", "externalId": "E1" }));
    make.attempt = 2;
    assert_eq!(id(&apply(vec![make])[0]), "id 31/#");
    let mut scim = rosterd_sdk::testkit::open::<rosterd_plugin_scim::Scim>().unwrap();
    let fault = rosterd_sdk::Destination::find(&mut scim, Class::Account, "userName", "nobody").unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unsupported);
}
