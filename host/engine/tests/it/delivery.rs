//! What leaves through the outbox: once, in step, and only what a plan fixed.

use crate::hub::{Hub, people};
use rosterd_model::outbox::{Action, Receipt};
use rosterd_model::run::RunState;
use rosterd_model::{Fault, FaultKind};
use rosterd_store::prelude::*;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_created_once_and_the_second_run_is_quiet() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 10));
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    assert_eq!(hub.remote.script().there.len(), 10);
    let before = hub.digest();
    assert!(hub.run().await.plan.is_none());
    assert_eq!(hub.digest(), before);
    assert_eq!(hub.remote.script().sent.len(), 10);
    let keys: BTreeSet<_> = hub.remote.script().journal.iter().cloned().collect();
    assert_eq!(keys.len(), 10);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_delivery_waits_for_a_person_who_applies_the_plan() {
    let hub = Hub::delivering_first();
    hub.show("v1", &people(1, 4));
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Held);
    assert!(hub.accounts().is_empty() && hub.remote.script().sent.is_empty());
    hub.engine.apply(&report.plan.unwrap().digest.short()).await.unwrap();
    assert_eq!((hub.accounts().len(), hub.remote.script().there.len()), (4, 4));
    // From then on nobody is asked.
    hub.show("v2", &people(1, 4).into_iter().chain(["9,new,New".to_owned()]).collect::<Vec<_>>());
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(hub.remote.script().there.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_disabled_there_and_the_attributes_stay() {
    let hub = Hub::delivering();
    let mut lines = people(1, 30);
    hub.show("v1", &lines);
    hub.run().await;
    lines[6] = "7,user7,Person 7,left".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    let script = hub.remote.script();
    assert_eq!(script.there.values().filter(|(_, usable)| !usable).count(), 1);
    assert!(matches!(script.sent.last().unwrap().action, Action::Disable));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_done_is_sent_again_with_the_same_key() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 2));
    let lost = Receipt::Unknown(Fault::new(FaultKind::Transient, "no answer"));
    hub.remote.script().answers = vec![lost.clone(), lost];
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 2 });
    assert!(hub.remote.script().there.is_empty());
    hub.clock.set(2_000 * crate::hub::HOUR);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let script = hub.remote.script();
    assert_eq!(script.there.len(), 2);
    assert_eq!(script.sent[0].key, script.sent[2].key);
    assert_eq!((script.sent[0].attempt, script.sent[2].attempt), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_and_forth_gives_new_keys() {
    let hub = Hub::delivering();
    for (version, name) in ["A", "B", "A", "B"].into_iter().enumerate() {
        hub.show(&format!("v{version}"), &[format!("1,ann,{name}")]);
        // One of one is always too many for the guard: a person lets it through.
        let report = hub.try_run().await.unwrap();
        if report.run.state == RunState::Held {
            let digest = report.plan.unwrap().digest.short();
            hub.engine.approve(&digest).unwrap();
            hub.engine.apply(&digest).await.unwrap();
        }
    }
    let script = hub.remote.script();
    assert_eq!(script.journal.len(), 4, "{:?}", script.sent);
    assert_eq!(script.journal.iter().collect::<BTreeSet<_>>().len(), 4);
}

/// A hub that makes people at the destination before their first day.
fn preparing() -> Hub {
    let rule = r#""userName": "source.user", "displayName""#;
    let dated = r#""userName": "source.user", "startDate": "source.title", "displayName""#;
    let deliver = r#"{"app": {"scope": null, "first-delivery": "allow", "prepare": "30d", "account": {"match": ["login"],
        "map": {"login": "account.userName", "name": "account.displayName"}}}}"#;
    let policy = Hub::policy(deliver, r#""guard": {"on-trip": "apply-safe"}"#).replace(rule, dated);
    Hub::with(&policy.replace(r#", "title": {"from": "source.title", "on-null": "clear"}"#, ""))
}

/// A day some days after the clock of a hub begins, which is 1970-02-11.
const SOON: &str = "1970-02-20";

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_later_is_made_and_disabled_under_the_id_that_the_destination_gave() {
    let hub = preparing();
    hub.show("v1", &[format!("1,ann,Ann,,{SOON}"), "2,bob,Bob".to_owned(), format!("3,cid,Cid,,{SOON}")]);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let script = hub.remote.script();
    let usable: Vec<bool> = script.there.values().map(|(_, usable)| *usable).collect();
    assert_eq!(usable.iter().filter(|usable| !**usable).count(), 2, "{:?}", script.there);
    let disables = script.sent.iter().filter(|request| matches!(request.action, Action::Disable));
    let about: BTreeSet<_> = disables.map(|request| request.id.clone().unwrap()).collect();
    assert_eq!(about.len(), 2);
    drop(script);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_made_and_not_disabled_is_not_made_twice() {
    let hub = preparing();
    hub.show("v1", &[format!("1,ann,Ann,,{SOON}")]);
    // The create is answered; the disable that follows, and the one that is sent for it, are not done.
    let made = rosterd_model::outbox::Applied { id: "d1".into(), version: None, observed: None, problems: Vec::new() };
    let failed = || Receipt::Failed(Fault::new(FaultKind::Transient, "no"));
    hub.remote.script().there.insert("d1".to_owned(), (r#"{"login":"ann","name":"Ann"}"#.to_owned(), true));
    hub.remote.script().answers = vec![Receipt::Applied(made), failed(), failed()];
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 1 }, "{report:?}");
    hub.clock.set(1_001 * crate::hub::HOUR);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let script = hub.remote.script();
    let creates = script.sent.iter().filter(|request| matches!(request.action, Action::Create(_))).count();
    assert_eq!((creates, script.there.len(), script.there["d1"].1), (1, 1, false), "{:?}", script.sent);
    drop(script);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_to_which_nothing_is_due_is_not_opened() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 2));
    let fault = |kind| Receipt::Failed(Fault { retry_after_ms: Some(60_000), ..Fault::new(kind, "no") });
    hub.remote.script().answers = vec![fault(FaultKind::Transient), fault(FaultKind::Invalid)];
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 2 });
    assert_eq!(hub.remote.script().opened, 1);
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 2 });
    assert_eq!(hub.remote.script().opened, 1, "one is to be sent later, and one is parked");
    hub.clock.set(1_000 * crate::hub::HOUR + 60_000);
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 1 });
    assert_eq!(hub.remote.script().opened, 2);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_fails_ends_its_run() {
    let hub = Hub::delivering_first();
    hub.show("v1", &people(1, 12));
    let digest = hub.run().await.plan.unwrap().digest.short();
    // It is told to stop after the first portion of the plan.
    hub.engine.gate.stop();
    let error = hub.engine.apply(&digest).await.unwrap_err();
    let view = hub.engine.store.snapshot().unwrap();
    let last = view.runs().unwrap().next().unwrap().unwrap();
    assert!(last.ended.is_some(), "{error}: {last:?}");
    assert!(matches!(last.state, RunState::Incomplete { .. }), "{last:?}");
}
