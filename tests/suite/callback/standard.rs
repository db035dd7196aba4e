//! The form of Standard Webhooks.

use super::{Calls, DAY, FIRST, MINUTE, assert_taken_in_the_end, came};
use serde_json::{Value, json};

/// 32 bytes each; the second is the one before.
const SECRETS: [&str; 2] =
    ["whsec_S2FuYXJpLzAxMjM0NTY3ODkrYWJjZGVmZ2hpamtsbW4=", "whsec_WmVpc2lnLzk4NzY1NDMyMTArYWJjZGVmZ2hpamtsbW4="];
const KEY: &str = "whsk_R2ltcGVsLzUwMTIzNDU2Nzg5K2FiY2RlZmdoaWprbG0=";
const NAMES: &str = "signing-secret = { env = \"APP_SECRET\" }
previous-signing-secret = { env = \"APP_SECRET_BEFORE\" }
signing-key = { env = \"APP_KEY\" }";
const MAPS: &str = "[deliver.app.org-unit.map]
id = 'orgUnit.displayName'
name = 'orgUnit.displayName'
parent = 'orgUnit.parent'
[deliver.app.account.map]
id = 'account.employeeNumber'
name = 'account.displayName'
title = 'account.title'
unit = 'account.orgUnit'
manager = 'account.manager'";

pub(super) fn calls(settings: &str) -> Calls {
    let calls = Calls::new(settings, NAMES, MAPS);
    for (name, secret) in [("APP_SECRET", SECRETS[0]), ("APP_SECRET_BEFORE", SECRETS[1]), ("APP_KEY", KEY)] {
        calls.hub.watched.variable(name, secret);
    }
    let public = calls.sender()["webhook-public-keys"].clone();
    assert!(public[0].as_str().is_some_and(|key| key.starts_with("whpk_")), "{public}");
    calls.app.keys(&keys(&calls, 0));
    calls
}

/// What the application has, whose clock is so many seconds ahead.
pub(super) fn keys(calls: &Calls, later: u64) -> Value {
    let public = calls.sender()["webhook-public-keys"].clone();
    json!({ "form": "standard", "secrets": SECRETS, "public": public, "later": later })
}

/// The object of the last event about somebody.
fn last(calls: &Calls, name: &str) -> Value {
    let about = |event: &Value| event["event"]["data"]["attributes"]["name"] == name;
    calls.app.events().into_iter().rfind(about).unwrap_or_else(|| panic!("nothing came about {name}"))["event"].clone()
}

#[test]
fn each_change_arrives_signed_and_in_order_and_again_with_the_same_id() {
    let calls = calls("");
    calls.show(FIRST);
    let checked = calls.hub.rosterd(&["check", "--online"]).code(0);
    assert!(checked.out.contains("it took a signed event"), "{}", checked.out);
    assert_eq!(calls.app.events()[0]["event"]["type"], "ping");

    // One event meets a failure, and the answer to another is lost.
    calls.show(FIRST);
    calls.app.behave(&["take", "500", "lost"]);
    drop(calls.run());
    calls.deliver();
    let events = calls.app.events();
    assert_taken_in_the_end(&events, &["500", "lost"]);
    assert_eq!(events.iter().filter(|event| event["again"] == true).count(), 1, "what was lost, and nothing else");
    calls.assert_settled();

    let (acme, li, wang) = (last(&calls, "Acme"), last(&calls, "Li \"Lee\" Lei"), last(&calls, "王芳"));
    let id = |event: &Value| event["data"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(wang["data"]["id"], "E2");
    assert_eq!(wang["data"]["attributes"]["manager"], json!({ "ref": "account", "id": id(&li) }), "{wang}");
    assert_eq!(last(&calls, "Tom Li")["data"]["attributes"]["unit"], json!({ "ref": "org-unit", "id": id(&acme) }));
    let order: Vec<_> = calls.app.taken().into_iter().map(|(object, _)| object).collect();
    let place = |event: &Value| order.iter().position(|object| *object == id(event));
    assert!(place(&acme) < place(&last(&calls, "Sales")) && place(&last(&calls, "Sales")) < place(&li), "{order:?}");

    // A change, a leaver, and the end of his grace.
    calls.show(&FIRST.replace("Director", "President"));
    drop(calls.run().code(0));
    let changed = last(&calls, "Li \"Lee\" Lei");
    assert_eq!(changed["data"]["changes"], json!([{ "attribute": "title", "replace": "President" }]));
    calls.show(&FIRST.replace("Director", "President").replace("E1,active\nE3", "E1,left\nE3"));
    drop(calls.run().code(0));
    drop(calls.run_later(2 * DAY));
    let told = |kinds: &[&str]| kinds.iter().map(|kind| format!("account.{kind}")).collect::<Vec<_>>();
    assert_eq!(calls.story("Li \"Lee\" Lei"), told(&["created", "updated"]));
    // The manager is told once both are there.
    assert_eq!(calls.story("王芳"), told(&["created", "updated", "disabled", "deleted"]));
    let gone = calls.app.events().into_iter().next_back().expect("an event")["event"].clone();
    assert_eq!(gone["data"], json!({ "class": "account", "id": id(&wang) }), "of somebody who is deleted only the id");
    calls.assert_settled();

    // What can not be read is not verified, and nothing is made up about it.
    let drift = calls.hub.rosterd(&["drift", "app"]);
    assert!(
        format!("{}{}", drift.out, drift.err).contains("can not be asked what it has"),
        "{}{}",
        drift.out,
        drift.err
    );
}

#[test]
fn an_endpoint_that_is_gone_is_left_alone_until_somebody_resumes_it() {
    let calls = calls("");
    calls.show(FIRST);
    calls.app.behave(&["410", "410"]);
    drop(calls.run());
    let so_far = calls.app.events().len();
    assert!((1..=2).contains(&so_far), "no more than was under way: {so_far}");
    drop(calls.run());
    assert_eq!(calls.app.events().len(), so_far, "the breaker is open");
    let waiting = calls.hub.rosterd(&["outbox", "list"]).code(0).out;
    assert!(waiting.contains("it is gone for good"), "{waiting}");
    calls.app.behave(&[]);
    drop(calls.hub.rosterd(&["resume", "app"]).code(0));
    drop(calls.run().code(0));
    calls.assert_settled();
}

#[test]
fn a_redirect_is_not_followed_and_a_refused_event_is_not_sent_again() {
    let calls = calls("");
    calls.show(FIRST);
    calls.app.behave(&["307", "307"]);
    drop(calls.run());
    let so_far = calls.app.events().len();
    assert!((1..=2).contains(&so_far), "nobody went where the redirect leads: {so_far}");
    calls.app.behave(&[]);
    drop(calls.hub.rosterd(&["resume", "app"]).code(0));
    drop(calls.run().code(0));
    calls.assert_settled();

    calls.show(&FIRST.replace("Director", "President"));
    calls.app.behave(&["422"]);
    drop(calls.run());
    drop(calls.run_later(10 * MINUTE));
    let events = calls.app.events();
    assert_eq!(came(&events, "422"), [1], "it is parked");
    let parked = calls.hub.rosterd(&["outbox", "list", "--parked"]).code(0).out;
    assert!(parked.contains("answers 422"), "{parked}");
    drop(calls.hub.rosterd(&["outbox", "retry-all"]).code(0));
    drop(calls.run().code(0));
    assert_eq!(came(&calls.app.events(), "422"), [2]);
    calls.assert_settled();
}

#[test]
fn what_is_signed_with_another_secret_is_not_believed() {
    let calls = calls("");
    calls.app.keys(
        &json!({ "form": "standard", "secrets": ["whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyMTI="], "public": [] }),
    );
    calls.show(FIRST);
    drop(calls.run());
    let events = calls.app.events();
    assert!((1..=2).contains(&events.len()) && events.iter().all(|event| event.get("refused").is_some()), "{events:?}");
    let waiting = calls.hub.rosterd(&["outbox", "list"]).code(0).out;
    assert!(waiting.contains("it does not accept the signature"), "{waiting}");
}
