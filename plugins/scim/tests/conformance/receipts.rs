//! What each answer to a write means.

use super::provider::Mishap;
use super::{Provider, apply, edit, operation, update, world};
use rosterd_sdk::FaultKind as Kind;
use rosterd_sdk::{Action, Class, Receipt};
use serde_json::{Value, json};

/// The receipt of an update that is answered so.
fn receipt(mishap: Mishap) -> Receipt {
    let provider = Provider::with(&[json!({ "userName": "li" })], &[]);
    provider.borrow_mut().mishaps.push_back(Some(mishap));
    let _world = world(&provider, &json!({})).enter();
    apply(vec![update(Class::Account, "id 1/#", vec![edit("title", &json!("T"))])]).remove(0)
}

fn error(status: u16, kind: &str) -> Mishap {
    Mishap::Answer(status, json!({ "scimType": kind, "detail": "what\u{1b}[2J" }), "7")
}

#[test]
fn the_table() {
    for (status, kind, expected) in [
        (301, "", Kind::Settings),
        (400, "", Kind::Invalid),
        (400, "invalidValue", Kind::Invalid),
        (400, "Uniqueness", Kind::AlreadyExists),
        (400, "mutability", Kind::Invalid),
        (400, "noTarget", Kind::Invalid),
        (401, "", Kind::Unauthorized),
        (403, "", Kind::Forbidden),
        (404, "", Kind::NotFound),
        (409, "uniqueness", Kind::AlreadyExists),
        (409, "", Kind::AlreadyExists),
        (412, "", Kind::Conflict),
        (413, "", Kind::Invalid),
        (429, "", Kind::RateLimited),
        (501, "", Kind::Unsupported),
    ] {
        let Receipt::Failed(fault) = receipt(error(status, kind)) else { panic!("{status} is certain") };
        assert_eq!((fault.kind, fault.retry_after_ms), (expected, Some(7000)), "{status} {kind}");
        assert!(fault.message.contains("what [2J") && !fault.message.contains('\u{1b}'), "{}", fault.message);
    }
    for status in [408, 500, 502, 503, 504] {
        assert!(matches!(receipt(error(status, "")), Receipt::Unknown(_)), "{status}");
    }
    assert!(matches!(receipt(Mishap::Lost), Receipt::Unknown(fault) if fault.kind == Kind::Timeout));
    assert!(matches!(receipt(Mishap::NotSent), Receipt::Failed(_)));
    assert!(matches!(receipt(Mishap::Answer(200, Value::from("a page"), "")), Receipt::Unknown(_)));
}

#[test]
fn who_is_gone_is_gone_and_what_meets_all_ends_the_batch() {
    let provider = Provider::with(&[json!({ "userName": "li" }), json!({ "userName": "wang" })], &[]);
    let _world = world(&provider, &json!({ "parallel": 1 })).enter();
    let delete = |id: &str| operation(Class::Account, Some(id), Action::Delete);
    let receipts = apply(vec![delete("id 1/#"), delete("id 1/#"), delete(".."), update(Class::Account, "x", vec![])]);
    assert!(matches!(&receipts[..2], [Receipt::Applied(_), Receipt::Unchanged(_)]), "{receipts:?}");
    for receipt in &receipts[2..] {
        assert!(matches!(receipt, Receipt::Failed(fault) if fault.kind == Kind::NotFound), "{receipt:?}");
    }
    provider.borrow_mut().mishaps.push_back(Some(error(401, "")));
    let receipts = apply(vec![delete("id 2/#"), delete("id 2/#")]);
    assert!(matches!(&receipts[..], [Receipt::Failed(_), Receipt::NotAttempted(_)]), "{receipts:?}");
    assert_eq!(provider.borrow().users.len(), 1);
}

#[test]
fn somebody_else_was_quicker() {
    let provider = Provider::with(&[json!({ "userName": "li" })], &[]);
    let other = provider.clone();
    // Between reading and writing the version changes.
    let settings = json!({ "url": "https://app.example/scim/v2" });
    let mut number = 10;
    let script = move |request: &rosterd_sdk::http::Request| {
        let answer = other.borrow_mut().answer(request);
        number += 1;
        other.borrow_mut().users[0]["meta"]["version"] = format!("W/\"{number}\"").into();
        answer
    };
    let _world = rosterd_sdk::testkit::World::new().settings(settings).http(script).enter();
    let receipts = apply(vec![update(Class::Account, "id 1/#", vec![edit("title", &json!("T"))])]);
    assert!(matches!(&receipts[..], [Receipt::Failed(fault)] if fault.kind == Kind::Conflict), "{receipts:?}");
    assert!(provider.borrow().users[0].get("title").is_none());
}
