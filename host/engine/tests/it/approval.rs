//! Who may release what, for how long, and what of it is still true.

use crate::hub::{HOUR, Hub, people};
use rosterd_engine::EngineError;
use rosterd_model::plan::PlanState;
use rosterd_model::run::RunState;
use rosterd_store::prelude::*;

/// A hundred people of whom half are missing, and the digest of the plan that waits.
async fn half_missing(policy: &str) -> (Hub, String) {
    let hub = Hub::with(policy);
    hub.show("v1", &people(1, 100));
    hub.run().await;
    hub.show("v2", &people(1, 50));
    let plan = hub.run().await.plan.unwrap();
    let digest = plan.digest.short();
    assert_eq!(plan.state, PlanState::Held);
    (hub, digest)
}

fn plain() -> String {
    Hub::policy("{}", r#""guard": {}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_four_eyes_somebody_else_approves() {
    let (hub, digest) = half_missing(&Hub::policy("{}", r#""approval": {"four-eyes": true}, "guard": {}"#)).await;
    let own = hub.engine.approve(&digest);
    assert!(matches!(&own, Err(EngineError::Refused(text)) if text.contains("somebody else")), "{own:?}");
    hub.as_user("second").approve(&digest).unwrap();
    hub.engine.apply(&digest).await.unwrap();
    assert_eq!(hub.active(), 50);
    let view = hub.engine.store.snapshot().unwrap();
    let rows: Vec<_> = view.audit(0).unwrap().map(|row| row.unwrap().1).collect();
    let who: Vec<_> = rows.iter().map(|row| (row.what.as_str(), row.principal.as_str())).collect();
    assert_eq!(who, [("plan-applied", "tester"), ("plan-approved", "second"), ("plan-applied-approved", "tester")]);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_ends_and_may_be_given_again() {
    let (hub, digest) = half_missing(&Hub::policy("{}", r#""approval": {"expires": "2h"}, "guard": {}"#)).await;
    hub.engine.approve(&digest).unwrap();
    hub.clock.set(1_003 * HOUR);
    let late = hub.engine.apply(&digest).await;
    assert!(matches!(&late, Err(EngineError::Refused(text)) if text.contains("expired")), "{late:?}");
    assert_eq!(hub.active(), 100);
    hub.engine.approve(&digest).unwrap();
    hub.engine.apply(&digest).await.unwrap();
    assert_eq!(hub.active(), 50);
    let twice = hub.engine.apply(&digest).await;
    assert!(matches!(twice, Err(EngineError::Refused(_))), "an approval is for once: {twice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_run_keeps_the_approval_and_drops_whom_it_no_longer_fits() {
    let (hub, digest) = half_missing(&plain()).await;
    hub.engine.approve(&digest).unwrap();
    // One of the missing is back, and one more is away.
    let mut lines = people(1, 49);
    lines.push("70,user70,Person 70".to_owned());
    hub.show("v3", &lines);
    let report = hub.run().await;
    assert_eq!(
        (report.run.state, hub.active()),
        (RunState::Held, 100),
        "a run applies nothing that another plan allowed"
    );
    let applied = hub.engine.apply(&digest).await.unwrap().plan.unwrap();
    assert_eq!((hub.active(), applied.outcome.moved), (51, 1));
    let seventy = hub.engine.account("user70").unwrap();
    assert!(seventy.lifecycle.is_active(), "he is back");
    assert!(hub.engine.account("user50").unwrap().lifecycle.is_active(), "nobody approved this one");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_plan_that_was_approved_is_applied_by_the_next_run() {
    let (hub, digest) = half_missing(&plain()).await;
    hub.engine.approve(&digest).unwrap();
    hub.show("v3", &people(1, 50));
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active()), (RunState::Ok, 50));
    assert_eq!(report.plan.unwrap().state, PlanState::Applied);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_ends_with_its_reason() {
    let (hub, digest) = half_missing(&plain()).await;
    hub.engine.approve(&digest).unwrap();
    hub.show("v3", &people(1, 100));
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok);
    assert!(report.run.notes[0].contains(&digest), "{:?}", report.run.notes);
    assert!(hub.engine.apply(&digest).await.is_err(), "its place was taken");
    assert_eq!(hub.active(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_moves_no_deadline() {
    let (hub, digest) = half_missing(&Hub::policy("{}", r#""approval": {"expires": "2h"}, "guard": {}"#)).await;
    hub.engine.approve(&digest).unwrap();
    hub.clock.set(1_001 * HOUR);
    // Somebody does something, so that the hub has seen this time.
    let _ = hub.as_user("other").approve(&digest);
    hub.show("v3", &people(1, 51));
    hub.run().await;
    hub.clock.set(HOUR);
    let view = hub.engine.store.snapshot().unwrap();
    assert_eq!(view.policy_now(rosterd_model::Timestamp(HOUR)).unwrap().0, 1_001 * HOUR);
    drop(view);
    let report = hub.run().await;
    assert_eq!(report.run.started.0, 1_001 * HOUR, "a run does not start before the one before it");
    // The time that was lost passes again, and only then two hours are over.
    hub.clock.set(1_002 * HOUR + HOUR / 2);
    let late = hub.engine.apply(&digest).await;
    assert!(matches!(&late, Err(EngineError::Refused(text)) if text.contains("expired")), "{late:?}");
}
