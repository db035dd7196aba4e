//! Cases that an operator resolves, those who are back, and objects that were made anew at their source.

use crate::hub::{HOUR, Hub, people};
use rosterd_engine::EngineError;
use rosterd_engine::resolve::Verb;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::{Change, DepartureCause};
use rosterd_model::run::RunState;
use rosterd_model::{Class, Lifecycle};
use rosterd_store::prelude::*;

const DAY: u64 = 24 * HOUR;

fn cases(hub: &Hub) -> Vec<QuarantineCase> {
    let view = hub.engine.store.snapshot().unwrap();
    let connection = view.connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
    view.cases(connection).unwrap().map(Result::unwrap).collect()
}

/// Lets the source say that an object is gone, after what it shows.
fn gone(hub: &Hub, id: &str) {
    let mut script = hub.remote.script();
    let page = script.pages.last_mut().unwrap();
    page.changes.push(Change::Gone { class: Class::Account, id: id.into(), cause: DepartureCause::Deleted });
}

fn shown_as(id: &str, line: &str) -> (String, String) {
    (id.to_owned(), crate::hub::account(line).1)
}

fn show(hub: &Hub, version: &str, accounts: &[(String, String)]) {
    let accounts: Vec<(&str, &str)> = accounts.iter().map(|(id, json)| (id.as_str(), json.as_str())).collect();
    hub.remote.show(version, &accounts, 3);
}

/// Twenty people, of whom number 3 left by the word of the source on day zero.
async fn one_left() -> Hub {
    let hub = Hub::new();
    hub.show("v1", &people(1, 20));
    hub.run().await;
    let mut rest = people(1, 20);
    rest.remove(2);
    hub.show("v2", &rest);
    gone(&hub, "3");
    hub.run().await;
    assert_eq!(hub.active(), 19);
    hub
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_record_of_one_person_is_a_case_and_an_operator_moves_the_link() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 9));
    hub.run().await;
    // The same employee number under another id, while the first record is still there.
    let mut all: Vec<_> = people(1, 9).iter().map(|line| crate::hub::account(line)).collect();
    all.push(shown_as("x4", "4,user4b,Person 4"));
    show(&hub, "v2", &all);
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 1 });
    let case = cases(&hub).remove(0);
    assert_eq!(case.reason, QuarantineReason::AlreadyLinked);
    let person = case.candidates[0];

    let (_, _) = hub.engine.resolve(case.number, &Verb::Link(person.to_string())).unwrap();
    assert!(cases(&hub).is_empty());
    hub.verify();
    hub.run().await;
    hub.verify();
    let view = hub.engine.store.snapshot().unwrap();
    let entity = view.entity(Class::Account, person).unwrap().unwrap();
    assert_eq!(entity.attributes.get("userName"), Some(&"user4b".into()));
    // The record that lost its entity is judged anew, and nobody guesses.
    hub.run().await;
    let case = cases(&hub).remove(0);
    assert_eq!((case.reason, case.id.clone().unwrap()), (QuarantineReason::AlreadyLinked, "4".into()));
    // An operator lets it be: the run is whole, until the record changes.
    hub.engine.resolve(case.number, &Verb::Ignore).unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    let before = hub.digest();
    hub.run().await;
    assert_eq!(hub.digest(), before);
    all[3] = shown_as("4", "4,user4,Person Four");
    show(&hub, "v3", &all);
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 1 });
    assert_eq!(hub.accounts().len(), 9);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_a_new_person_of_a_record_that_matches_somebody() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 9));
    hub.run().await;
    let mut all: Vec<_> = people(1, 9).iter().map(|line| crate::hub::account(line)).collect();
    all.push(shown_as("x4", "4,twin4,Twin of 4"));
    show(&hub, "v2", &all);
    hub.run().await;
    let case = cases(&hub).remove(0);
    hub.engine.resolve(case.number, &Verb::Create).unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(hub.accounts().len(), 10);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_a_record_can_only_be_mended_or_ignored() {
    let hub = Hub::new();
    let mut lines = people(1, 5);
    lines.push("6,,Nameless".to_owned());
    hub.show("v1", &lines);
    hub.run().await;
    let case = cases(&hub).remove(0);
    assert_eq!(case.reason, QuarantineReason::Mapping);
    assert!(matches!(hub.engine.resolve(case.number, &Verb::Create), Err(EngineError::Refused(_))));
    assert!(matches!(hub.engine.resolve(99, &Verb::Create), Err(EngineError::NotFound(_))));
    hub.engine.resolve(case.number, &Verb::Ignore).unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_returns_with_his_id_gets_the_same_account() {
    let hub = one_left().await;
    hub.clock.set(1_000 * HOUR + 30 * DAY);
    hub.show("v3", &people(1, 20));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!((hub.active(), hub.accounts().len()), (20, 20));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_returns_with_another_id_is_found_by_his_number() {
    let hub = one_left().await;
    let mut all: Vec<_> = people(1, 20).iter().map(|line| crate::hub::account(line)).collect();
    all[2] = shown_as("new3", "3,user3,Person 3");
    show(&hub, "v3", &all);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!((hub.active(), hub.accounts().len()), (20, 20));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_somebody_else_was_given_is_held_and_an_operator_says_who_it_is() {
    let hub = one_left().await;
    let mut lines = people(1, 20);
    lines[2] = "3,user3,Somebody Else".to_owned();
    hub.show("v3", &lines);
    hub.run().await;
    assert_eq!(hub.active(), 19);
    let case = cases(&hub).remove(0);
    assert_eq!(case.reason, QuarantineReason::Returning);
    // He has a name of his own; the old account stays as it was left.
    lines[2] = "3,other3,Somebody Else".to_owned();
    hub.show("v4", &lines);
    hub.run().await;
    let case = cases(&hub).remove(0);
    hub.engine.resolve(case.number, &Verb::Create).unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!((hub.active(), hub.accounts().len()), (20, 21));
    hub.verify();
    let gone = hub.accounts().into_iter().filter(|entity| !entity.lifecycle.is_living()).count();
    assert_eq!(gone, 1);
    // From now on the record is the new one's.
    lines[2] = "3,other3,Somebody Elsewhere".to_owned();
    hub.show("v5", &lines);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    let changed = hub.accounts().into_iter().find(|entity| entity.attributes.get("userName") == Some(&"other3".into()));
    assert_eq!(changed.unwrap().attributes.get("displayName"), Some(&"Somebody Elsewhere".into()));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_long_ago_needs_a_person_and_is_linked_by_one() {
    let hub = one_left().await;
    hub.clock.set(1_000 * HOUR + 91 * DAY);
    hub.show("v3", &people(1, 20));
    hub.run().await;
    assert_eq!(hub.active(), 19);
    let case = cases(&hub).remove(0);
    assert_eq!(case.reason, QuarantineReason::Returning);
    hub.engine.resolve(case.number, &Verb::Link("user3".to_owned())).unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!((hub.active(), hub.accounts().len()), (20, 20));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_and_new_in_one_run_is_one_person_who_never_left() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 20));
    hub.run().await;
    let mut all: Vec<_> = people(1, 20).iter().map(|line| crate::hub::account(line)).collect();
    all[2] = shown_as("new3", "3,user3,Person 3");
    show(&hub, "v2", &all);
    gone(&hub, "3");
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok);
    let plan = report.plan.unwrap();
    let operations: Vec<String> = plan.counts.iter().map(|(bucket, count)| format!("{bucket} {count}")).collect();
    assert_eq!(operations, ["link account in hub 1"]);
    assert_eq!((hub.active(), hub.accounts().len()), (20, 20));
    hub.verify();
    let before = hub.digest();
    hub.run().await;
    assert_eq!(hub.digest(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn made_anew_without_a_word_is_one_person_too() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 20));
    hub.run().await;
    let mut all: Vec<_> = people(1, 20).iter().map(|line| crate::hub::account(line)).collect();
    all[2] = shown_as("new3", "3,user3,Person 3");
    // Absence of the old object needs no second scan: the new one takes its place.
    for version in ["v2", "v3"] {
        show(&hub, version, &all);
        hub.clock.set(2_000 * HOUR);
        assert_eq!(hub.run().await.run.state, RunState::Ok);
        hub.verify();
    }
    assert_eq!((hub.active(), hub.accounts().len()), (20, 20));
    assert!(hub.accounts().iter().all(|entity| entity.lifecycle == Lifecycle::Active));
}
