//! What is over is kept for its time.

use crate::hub::{HOUR, Hub, people};
use rosterd_engine::housekeeping::Housekeeping;
use rosterd_model::plan::PlanState;
use rosterd_store::prelude::*;

const DAY: u64 = 24 * HOUR;

#[tokio::test(flavor = "multi_thread")]
async fn history_runs_and_plans_end_each_in_its_time_and_what_waits_stays() {
    let hub =
        Hub::with(&Hub::policy("{}", r#""retention": {"history": "10d", "plans": "2d", "runs": "20d"}, "guard": {}"#));
    let mut lines = people(1, 30);
    hub.show("v1", &lines);
    hub.run().await;
    lines[3] = "4,user4,Somebody Else".to_owned();
    hub.show("v2", &lines);
    let second = hub.run().await.plan.unwrap();
    lines[..20].iter_mut().for_each(|line| line.push_str(",left"));
    hub.show("v3", &lines);
    let held = hub.run().await.plan.unwrap();
    assert_eq!(hub.engine.housekeeping().unwrap(), Housekeeping::default(), "nothing is over yet");

    let start = 1_000 * HOUR;
    hub.clock.set(start + 3 * DAY);
    let done = hub.engine.housekeeping().unwrap();
    assert_eq!(done, Housekeeping { steps: 31, ..Housekeeping::default() });
    let view = hub.engine.store.snapshot().unwrap();
    assert_eq!(view.plan(second.number).unwrap().unwrap().digest, second.digest, "the head stays");
    assert_eq!(view.plan(held.number).unwrap().unwrap().state, PlanState::Held);
    assert_eq!(view.steps(held.number).unwrap().count(), 20);
    drop(view);
    assert_eq!(hub.engine.why("user4.displayName").unwrap().history.len(), 1);

    hub.clock.set(start + 11 * DAY);
    assert_eq!(hub.engine.housekeeping().unwrap(), Housekeeping { history: 1, ..Housekeeping::default() });
    assert_eq!(hub.engine.why("user4.displayName").unwrap().history.len(), 0);

    hub.clock.set(start + 21 * DAY);
    let done = hub.engine.housekeeping().unwrap();
    assert_eq!(done, Housekeeping { runs: 3, plans: 2, ..Housekeeping::default() });
    hub.verify();
    let view = hub.engine.store.snapshot().unwrap();
    let logged = view.audit(0).unwrap().filter(|row| row.as_ref().unwrap().1.what == "purged").count();
    assert_eq!(logged, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_written_anew_is_the_same_store() {
    let hub = Hub::new();
    for round in 0..5 {
        hub.show(
            &format!("v{round}"),
            &people(1, 200).iter().map(|line| format!("{line} {round}")).collect::<Vec<_>>(),
        );
        hub.run().await;
    }
    let before = hub.digest();
    let path = hub.engine.store.path().to_owned();
    hub.engine.store.rewrite().unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    let anew = rosterd_store::Store::open(&path, rosterd_store::OpenOptions::default()).unwrap();
    let view = anew.snapshot().unwrap();
    let after = rosterd_store::digest::content_digest(&view, &[rosterd_store::Table::Runs, rosterd_store::Table::Meta]);
    assert_eq!(after.unwrap(), before);
    assert!(size > 0);
}
