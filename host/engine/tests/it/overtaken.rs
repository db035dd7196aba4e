//! A plan is applied portion by portion while others write: nothing is lost, and nothing is done twice.

use crate::hub::{Hub, people};
use rosterd_engine::{Events, RunEvent};
use rosterd_model::run::RunState;
use rosterd_store::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs 203 people in portions of five; whenever `writes` says so, somebody else writes right after a portion.
async fn run(writes: fn(u64) -> bool) -> (Hub, u64) {
    let mut hub = Hub::delivering();
    let (store, written) = (hub.engine.store.clone(), Arc::new(AtomicU64::new(0)));
    let counted = written.clone();
    hub.engine.events = Events::new(move |event| {
        if let RunEvent::Applied { done, .. } = event
            && writes(*done)
        {
            store.commit::<_, rosterd_store::StoreError>("other", |w| w.next_sequence().map(drop)).unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    hub.show("v1", &people(1, 203));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    hub.verify();
    let times = written.load(Ordering::SeqCst);
    (hub, times)
}

#[tokio::test(flavor = "multi_thread")]
async fn portions_that_were_overtaken_are_made_anew() {
    let names = |hub: &Hub| {
        let mut names: Vec<String> =
            hub.accounts().iter().map(|a| a.attributes.get("userName").unwrap().to_string()).collect();
        names.sort();
        names
    };
    let (quiet, none) = run(|_| false).await;
    assert_eq!((none, quiet.accounts().len()), (0, 203));
    for writes in [|_: u64| true, |done: u64| done.is_multiple_of(3), |done: u64| done == 100] {
        let (busy, times) = run(writes).await;
        assert!(times > 0);
        assert_eq!(names(&busy), names(&quiet));
        let made = |hub: &Hub| hub.remote.script().journal.len();
        assert_eq!(made(&busy), made(&quiet), "everybody is made once");
    }
}
