//! What was told once, told again: by the hub, because somebody lost it, and by a stranger, who captured it.

use super::receiver::Captured;
use super::{Calls, FIRST, idaas, now_ms, standard};
use rosterd_tests::service::Service;
use serde_json::Value;
use std::collections::BTreeMap;

/// Runs `outbox replay` from the beginning of time, and counts what it queued.
fn replay(calls: &Calls, more: &[&str]) -> u64 {
    let words = [&["outbox", "replay", "app", "--since", "1970-01-02T00:00:00Z", "--format", "json"], more].concat();
    calls.hub.rosterd(&words).code(0).json()["queued"].as_u64().expect("a number")
}

/// Events that came after so many, by object: their types and ids, in order.
fn since(calls: &Calls, so_far: usize) -> BTreeMap<String, Vec<(String, String)>> {
    let mut all: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    for event in &calls.app.events()[so_far..] {
        assert_eq!((&event["again"], &event["answered"]), (&false.into(), &"take".into()), "{event}");
        all.entry(text(event, "object")).or_default().push((text(event, "type"), text(event, "id")));
    }
    all
}

fn told(all: &BTreeMap<String, Vec<(String, String)>>, object: &str) -> Vec<String> {
    all[object].iter().map(|(kind, _)| kind.clone()).collect()
}

/// Everything that an application lost comes again, each object once and as it is now.
fn lost_events_come_again(calls: &Calls, unit: &[&str], account: &[&str], disabled: &str) {
    calls.show(FIRST);
    drop(calls.run().code(0));
    calls.show(&FIRST.replace("E1,active\nE3", "E1,left\nE3"));
    drop(calls.run().code(0));
    let first = calls.app.events();

    assert_eq!(replay(calls, &["--dry-run"]), 5);
    assert_eq!(replay(calls, &["--until", "1971-01-01T00:00:00Z"]), 0, "nothing was told that long ago");
    drop(calls.run().code(0));
    assert_eq!(calls.app.events().len(), first.len(), "nothing was queued, and nothing is told");

    // Without the service.
    assert_eq!(replay(calls, &[]), 5);
    assert_eq!(replay(calls, &[]), 0, "they wait anyway");
    drop(calls.run().code(0));
    let again = since(calls, first.len());
    assert_eq!(again.len(), 5, "{again:?}");
    assert_eq!(told(&again, "E1"), account);
    assert_eq!(told(&again, "Sales"), unit);
    assert_eq!(told(&again, "Acme"), unit[..1], "it is at the top");
    assert_eq!(told(&again, "E2").last().map(String::as_str), Some(disabled), "as it is now: {again:?}");
    calls.assert_settled();

    // Beside the service, which has the store, through its socket; only people.
    calls.hub.configure("[authority]", "[serve]\n\n[authority]");
    let so_far = calls.app.events().len();
    let service = Service::start(&calls.hub);
    assert_eq!(replay(calls, &["--class", "account"]), 3);
    drop(calls.run().code(0));
    let once_more = since(calls, so_far);
    assert_eq!(once_more.keys().collect::<Vec<_>>(), ["E1", "E2", "E3"]);
    // Whoever remembers ids does not take it for what he had.
    let ids = |all: &BTreeMap<String, Vec<(String, String)>>| {
        all.values().flatten().map(|(_, id)| id.clone()).collect::<Vec<_>>()
    };
    let before: Vec<String> =
        first.iter().filter_map(|event| event["id"].as_str().map(str::to_owned)).chain(ids(&again)).collect();
    assert!(
        ids(&once_more).iter().chain(&ids(&again)).all(|id| before.iter().filter(|other| *other == id).count() <= 1)
    );
    assert!(ids(&once_more).iter().all(|id| !before.contains(id)));
    assert_eq!(service.end(), Some(0));
    calls.assert_settled();
}

#[test]
fn what_an_application_lost_comes_again_with_ids_of_its_own() {
    lost_events_come_again(&standard::calls(""), &["org_unit.updated"], &["account.updated"], "account.disabled");
}

#[test]
fn what_an_application_of_the_other_form_lost_comes_again() {
    // A place is a type of its own there.
    let unit = ["ud:organizational_unit:update", "ud:organizational_unit:update_parent_organizational_unit"];
    let account = ["ud:user:update_info", "ud:user:update_primary_ou"];
    lost_events_come_again(&idaas::calls("", true), &unit, &account, "ud:user:disable");
}

/// The request with which somebody was made, after everything was taken.
fn captured(calls: &Calls) -> Captured {
    calls.show(FIRST);
    drop(calls.run().code(0));
    calls.assert_settled();
    calls.app.captured().pop().expect("a request")
}

/// Fails unless the application refuses it, and says so.
fn assert_refused(calls: &Calls, request: &Captured, why: &str) {
    assert_eq!(calls.app.resend(request), 401, "{why}");
    let last = calls.app.events().pop().expect("an event");
    assert!(last["refused"].as_str().is_some_and(|said| said.contains(why)), "{why}: {last}");
}

fn assert_done_once(calls: &Calls, request: &Captured) {
    let taken = calls.app.taken();
    assert_eq!(calls.app.resend(request), 204);
    assert_eq!(calls.app.taken(), taken, "it was done twice");
    let last = calls.app.events().pop().expect("an event");
    assert_eq!(last["again"], true, "{last}");
}

#[test]
fn a_captured_event_is_done_once_and_later_refused() {
    let calls = standard::calls("");
    let request = captured(&calls);
    assert_done_once(&calls, &request);
    let mut tampered = request.clone();
    tampered.body = request.body.replacen("\"E", "\"F", 1);
    assert_ne!(tampered.body, request.body);
    assert_refused(&calls, &tampered, "finds no signature");
    for (header, value) in
        [("webhook-id", "msg_another".to_owned()), ("webhook-timestamp", (now_ms() / 1000 + 9).to_string())]
    {
        let mut tampered = request.clone();
        tampered.headers.insert(header.to_owned(), value);
        assert_refused(&calls, &tampered, "finds no signature");
    }
    calls.app.keys(&standard::keys(&calls, 360));
    assert_refused(&calls, &request, "too old");
}

/// The same for an application that has the public key and no secret.
#[test]
fn a_captured_event_is_refused_by_who_has_the_public_key() {
    let calls = standard::calls("");
    let only = |later: u64| {
        let mut keys = standard::keys(&calls, later);
        keys["secrets"] = Value::Array(Vec::new());
        calls.app.keys(&keys);
    };
    only(0);
    let mut request = captured(&calls);
    // Of the signatures it needs its own.
    let signatures = request.headers["webhook-signature"].clone();
    let own = signatures.split(' ').find(|one| one.starts_with("v1a,")).expect("a signature by the key").to_owned();
    request.headers.insert("webhook-signature".to_owned(), own);
    assert_done_once(&calls, &request);
    let mut tampered = request.clone();
    tampered.body.push(' ');
    assert_refused(&calls, &tampered, "0 signatures fit");
    let mut fresh = request.clone();
    fresh.headers.insert("webhook-timestamp".to_owned(), (now_ms() / 1000 + 9).to_string());
    assert_refused(&calls, &fresh, "0 signatures fit");
    only(360);
    assert_refused(&calls, &request, "an old event");
}

#[test]
fn a_captured_message_of_the_other_form_is_refused() {
    for encrypt in [true, false] {
        let calls = idaas::calls("", encrypt);
        let request = captured(&calls);
        assert_refused(&calls, &request, "here before");
        let mut tampered = request.clone();
        let middle = request.body.find('.').expect("a dot") + 40;
        let other = if &request.body[middle..=middle] == "A" { "B" } else { "A" };
        tampered.body.replace_range(middle..=middle, other);
        assert_refused(&calls, &tampered, "BadSignatureError");
        calls.app.keys(&idaas::keys(&calls, 1900));
        assert_refused(&calls, &request, "ExpiredTokenError");
    }
}
