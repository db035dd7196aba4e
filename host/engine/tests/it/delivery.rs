//! What leaves through the outbox: once, in step, and only what a plan fixed.

use crate::hub::{Hub, people};
use rosterd_model::outbox::{Action, Receipt};
use rosterd_model::run::RunState;
use rosterd_model::{Fault, FaultKind};
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
