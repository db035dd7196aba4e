//! Which events are under way together, and which are not sent because of another.

use super::{answer, apply, body, create, operation, update, world};
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::{Action, Fault, FaultKind, Operation, Receipt};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

fn disable(key: &str, id: &str) -> Operation {
    operation(key, Some(id), Action::Disable, &json!({}))
}

/// Ids and types, as they came.
fn seen(requests: &[Request]) -> Vec<String> {
    let one = |request: &Request| {
        let event: Value = serde_json::from_str(&body(request)).unwrap();
        format!("{} {}", event["data"]["id"].as_str().unwrap(), event["type"].as_str().unwrap())
    };
    requests.iter().map(one).collect()
}

#[test]
fn after_an_event_that_was_not_taken_none_about_the_same_object_is_sent() {
    let refuse_first = |request: &Request| -> Result<Response, Fault> {
        Ok(answer(
            if body(request).contains("account.updated") && body(request).contains("\"id\":\"1\"") { 422 } else { 200 },
            "",
        ))
    };
    let entered = world(&json!({})).http(refuse_first).enter();
    let change = |key: &str, id: &str| update(key, id, &[("title", json!("x"))], &json!({}));
    let receipts =
        apply(vec![change("a", "1"), disable("b", "1"), change("c", "2"), disable("d", "2"), disable("e", "1")]);
    let words: Vec<&str> = receipts
        .iter()
        .map(|receipt| match receipt {
            Receipt::Applied(_) => "applied",
            Receipt::Failed(fault) if fault.kind == FaultKind::Invalid => "failed",
            Receipt::NotAttempted(fault) if fault.kind == FaultKind::Invalid => "left",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["failed", "left", "applied", "applied", "left"]);
    assert_eq!(seen(&entered.requests()), ["1 account.updated", "2 account.updated", "2 account.disabled"]);
}

#[test]
fn what_meets_all_ends_the_batch() {
    for (status, kind) in [
        (301, FaultKind::Settings),
        (401, FaultKind::Unauthorized),
        (403, FaultKind::Forbidden),
        (410, FaultKind::Settings),
        (429, FaultKind::RateLimited),
    ] {
        let entered = world(&json!({ "parallel": 2 })).http(move |_| Ok(answer(status, ""))).enter();
        let receipts = apply((0..5).map(|at| create(&format!("k{at}"), &json!({ "id": at }))).collect());
        let failed = |receipt: &Receipt| matches!(receipt, Receipt::Failed(fault) if fault.kind == kind);
        let left = |receipt: &Receipt| matches!(receipt, Receipt::NotAttempted(fault) if fault.kind == kind);
        assert!(receipts[..2].iter().all(failed) && receipts[2..].iter().all(left), "{status}: {receipts:?}");
        assert_eq!(entered.requests().len(), 2, "{status}: what was under way, and no more");
    }
}

#[test]
fn a_key_that_is_missing_stops_all() {
    let _world = rosterd_sdk::testkit::World::new().settings(json!({ "url": "https://app.example" })).enter();
    let receipts = apply(vec![disable("a", "1"), disable("b", "2")]);
    assert!(receipts.iter().all(|one| matches!(one, Receipt::Failed(fault) if fault.kind == FaultKind::Settings)));
}

#[test]
fn a_batch_that_takes_too_long_ends() {
    let calls = Rc::new(RefCell::new(0));
    let counted = Rc::clone(&calls);
    let slow = move |_: &Request| {
        *counted.borrow_mut() += 1;
        rosterd_sdk::clock::sleep_ms(20_000);
        Ok(answer(200, ""))
    };
    let _world = world(&json!({ "parallel": 1 })).http(slow).enter();
    let receipts = apply((0..6).map(|at| disable("k", &at.to_string())).collect());
    let left =
        receipts.iter().filter(|one| matches!(one, Receipt::NotAttempted(fault) if fault.kind == FaultKind::Transient));
    assert_eq!((left.count(), *calls.borrow()), (3, 3), "{receipts:?}");
}
