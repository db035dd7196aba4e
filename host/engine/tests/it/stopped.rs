//! When a connection is left alone: pauses, breakers, rests, parked entries; and what starts it again.

use crate::hub::{HOUR, Hub, people};
use crate::world::{account, entries, sent, show, world};
use rosterd_model::circuit::CircuitState;
use rosterd_model::outbox::{DeliveryState, Receipt};
use rosterd_model::run::RunState;
use rosterd_model::{Fault, FaultKind};
use rosterd_store::prelude::*;

fn failed(kind: FaultKind) -> Receipt {
    Receipt::Failed(Fault::new(kind, "no"))
}

fn breaker(hub: &Hub) -> CircuitState {
    let view = hub.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"app".parse().unwrap()).unwrap().unwrap();
    view.circuit(number).unwrap().state
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_to_a_paused_connection_until_it_is_resumed() {
    for connection in [Some("app"), None] {
        let hub = Hub::delivering();
        hub.engine.pause(connection, "maintenance").unwrap();
        hub.show("v1", &people(1, 5));
        let report = hub.run().await;
        assert_eq!(report.run.state, RunState::Partial { left: 5 });
        assert!(report.faults[0].contains("is paused by tester (maintenance)"), "{:?}", report.faults);
        assert!(sent(&hub).is_empty());
        hub.verify();
        assert!(hub.engine.resume(connection).unwrap());
        assert!(!hub.engine.resume(connection).unwrap());
        assert_eq!(hub.run().await.run.state, RunState::Ok);
        assert_eq!(sent(&hub).len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stops_between_two_batches() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 30));
    let engine = hub.engine.clone();
    let mut paused = hub.engine.clone();
    let once = std::sync::atomic::AtomicBool::new(false);
    paused.events = rosterd_engine::Events::new(move |event| {
        if matches!(event, rosterd_engine::RunEvent::Delivered { .. }) && !once.swap(true, std::sync::atomic::Ordering::SeqCst)
        {
            engine.pause(Some("app"), "now").unwrap();
        }
    });
    let report = paused.run("hr", rosterd_engine::run::RunOptions::default()).await.unwrap();
    assert_eq!(sent(&hub).len(), 3, "the batch under way was the last one: {report:?}");
    assert_eq!(report.run.state, RunState::Partial { left: 27 });
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_opens_the_breaker_and_one_probe_closes_it() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 5));
    hub.remote.script().answers = vec![failed(FaultKind::Unauthorized); 3];
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 5 });
    assert_eq!(sent(&hub).len(), 3, "no second batch");
    assert!(matches!(breaker(&hub), CircuitState::Open { .. }));
    // Not before its time.
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 5 });
    assert!(sent(&hub).is_empty());
    // The probe fails: one operation, and a longer wait.
    hub.clock.set(1_000 * HOUR + 60_000);
    hub.remote.script().answers = vec![failed(FaultKind::Unauthorized)];
    hub.run().await;
    assert_eq!(sent(&hub).len(), 1);
    hub.clock.set(1_000 * HOUR + 120_000);
    hub.run().await;
    assert!(sent(&hub).is_empty());
    hub.clock.set(1_000 * HOUR + 600_000);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    assert_eq!(sent(&hub).len(), 5);
    assert_eq!(breaker(&hub), CircuitState::Closed);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_failures_open_the_breaker_and_a_person_closes_it() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 40));
    hub.remote.script().answers = vec![failed(FaultKind::Transient); 40];
    hub.run().await;
    assert_eq!(sent(&hub).len(), 21, "seven batches of three, the last one made it twenty");
    hub.remote.script().answers.clear();
    assert!(hub.engine.resume(Some("app")).unwrap());
    hub.clock.set(1_001 * HOUR);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_entry_waits_for_a_person_or_a_new_wish() {
    let hub = world("delete", "hold");
    show(&hub, "v1", vec![account("1", "ann", "", ""), account("2", "bob", "", "")]);
    hub.remote.script().answers = vec![failed(FaultKind::Invalid); 2];
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 2 }, "a run with parked entries is never ok");
    sent(&hub);
    hub.clock.set(1_900 * HOUR);
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 2 });
    assert!(sent(&hub).is_empty());
    // A new wish.
    show(&hub, "v2", vec![account("1", "anna", "", ""), account("2", "bob", "", "")]);
    assert_eq!(hub.run().await.run.state, RunState::Partial { left: 1 });
    assert_eq!(sent(&hub).len(), 1);
    // A person.
    let left = entries(&hub);
    assert!(matches!(left[0].state, DeliveryState::Parked { .. }));
    hub.engine.outbox_retry(&rosterd_engine::entry_name(&left[0])).unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_given_up_is_gone_and_all_can_be_sent_again_at_once() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 3));
    hub.remote.script().answers = vec![failed(FaultKind::Invalid), failed(FaultKind::Transient), failed(FaultKind::Invalid)];
    hub.run().await;
    let left = entries(&hub);
    hub.engine.outbox_drop(&rosterd_engine::entry_name(&left[0])).unwrap();
    assert!(hub.engine.outbox_drop("app/none").is_err());
    assert_eq!(hub.engine.outbox_retry_all(Some("app")).unwrap(), 2);
    assert!(hub.engine.outbox_retry_all(Some("other")).is_err());
    sent(&hub);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(sent(&hub).len(), 2);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_tries_end_after_four_weeks() {
    let hub = world("delete", "hold");
    show(&hub, "v1", vec![account("1", "ann", "", "")]);
    let mut at = 1_000 * HOUR;
    let mut tries = 0;
    for _ in 0..60 {
        hub.clock.set(at);
        hub.remote.script().answers = vec![failed(FaultKind::Transient)];
        hub.run().await;
        tries += sent(&hub).len();
        match entries(&hub)[0].state {
            DeliveryState::Retry { at: next } => at = next.0,
            DeliveryState::Parked { .. } => break,
            ref other => panic!("{other:?}"),
        }
    }
    let days = (at - 1_000 * HOUR) / (24 * HOUR);
    assert!(matches!(entries(&hub)[0].state, DeliveryState::Parked { .. }));
    assert!((28..30).contains(&days) && (30..45).contains(&tries), "{days} days, {tries} tries");
}
