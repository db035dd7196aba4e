//! What a person orders about one account, against holds, sources and protection.

use crate::hub::{Hub, people};
use rosterd_engine::EngineError;
use rosterd_model::outbox::{Action, Receipt};
use rosterd_model::run::RunState;
use rosterd_model::{DisabledReason, Fault, FaultKind, Lifecycle};
use rosterd_store::prelude::*;

async fn twenty() -> Hub {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 20));
    hub.run().await;
    hub
}

fn state(hub: &Hub, name: &str) -> Lifecycle {
    hub.engine.account(name).unwrap().lifecycle
}

fn usable(hub: &Hub) -> usize {
    hub.remote.script().there.values().filter(|(_, usable)| *usable).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_ahead_of_a_hold_and_of_what_waits_to_be_sent() {
    let hub = twenty().await;
    // Nine changes could not be sent, and half the people are held.
    let mut lines = people(1, 20);
    for line in &mut lines[..9] {
        line.push_str(",,Boss");
    }
    hub.show("v2", &lines);
    let down = Receipt::Failed(Fault::new(FaultKind::Transient, "busy"));
    hub.remote.script().answers = vec![down; 9];
    hub.run().await;
    hub.show("v3", &lines[..10]);
    let down = Receipt::Failed(Fault::new(FaultKind::Transient, "busy"));
    hub.remote.script().answers = vec![down; 9];
    assert_eq!(hub.run().await.run.state, RunState::Held);
    hub.remote.script().answers.clear();
    hub.remote.script().sent.clear();
    let report = hub.engine.disable("user20", "phished", true).await.unwrap();
    assert!(report.plan.unwrap().holds.is_empty());
    let first = hub.remote.script().sent.first().map(|request| request.action.clone());
    assert_eq!(first, Some(Action::Disable), "it is the first thing that is sent");
    let Lifecycle::Disabled { reason, .. } = state(&hub, "user20") else { panic!("not disabled") };
    assert_eq!(reason, DisabledReason::Manual);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_does_not_undo_it_and_who_ordered_it_does() {
    let hub = twenty().await;
    hub.engine.disable("user3", "investigation", true).await.unwrap();
    assert_eq!(usable(&hub), 19);
    let mut lines = people(1, 20);
    lines[2] = "3,user3,Another Name,active".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    assert!(matches!(state(&hub, "user3"), Lifecycle::Disabled { reason: DisabledReason::Manual, .. }));
    assert_eq!(usable(&hub), 19);
    hub.engine.enable("user3", "cleared").await.unwrap();
    assert_eq!((state(&hub, "user3"), usable(&hub)), (Lifecycle::Active, 20));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_survives_leaving_and_coming_back() {
    let hub = twenty().await;
    hub.engine.disable("user3", "investigation", true).await.unwrap();
    let mut lines = people(1, 20);
    lines[2] = "3,user3,Person 3,left".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    assert!(matches!(state(&hub, "user3"), Lifecycle::Disabled { reason: DisabledReason::Leaver, .. }));
    lines[2] = "3,user3,Person 3,active".to_owned();
    hub.show("v3", &lines);
    hub.run().await;
    assert!(matches!(state(&hub, "user3"), Lifecycle::Disabled { reason: DisabledReason::Manual, .. }));
    assert_eq!(usable(&hub), 19);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_about_a_leaver_is_kept_and_taking_it_back_enables_nobody() {
    let hub = twenty().await;
    let mut lines = people(1, 20);
    lines[2] = "3,user3,Person 3,left".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    hub.engine.disable("user3", "never again", false).await.unwrap();
    let id = hub.engine.account("user3").unwrap().id;
    let order = || hub.engine.store.snapshot().unwrap().order(rosterd_model::Class::Account, id).unwrap();
    assert_eq!(order().map(|order| (order.by, order.text)), Some(("tester".to_owned(), "never again".to_owned())));
    hub.engine.enable("user3", "a mistake").await.unwrap();
    assert!(order().is_none());
    assert!(matches!(state(&hub, "user3"), Lifecycle::Disabled { reason: DisabledReason::Leaver, .. }));
    assert_eq!(usable(&hub), 19);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let hub = Hub::delivering();
    hub.show("v1", &["1,root,The Root".to_owned(), "2,ann,Ann".to_owned()]);
    hub.run().await;
    for refused in [
        hub.engine.disable("root", "why not", true).await,
        hub.engine.enable("ann", "why not").await,
        hub.engine.disable("nobody", "why not", true).await,
    ] {
        assert!(matches!(refused, Err(EngineError::Refused(_) | EngineError::NotFound(_))), "{refused:?}");
    }
    assert_eq!(usable(&hub), 2);
}
