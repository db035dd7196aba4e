//! Plans of the hub's own: made without a scan, and in everything else like others.

use crate::hub::{Hub, people};
use rosterd_engine::{EngineError, Events, HubOptions, HubPlan, RunEvent};
use rosterd_model::plan::{Due, PlanState, Reason};
use rosterd_model::run::RunState;
use rosterd_model::{DisabledReason, Entity, JobId, Lifecycle, Timestamp};
use rosterd_store::prelude::*;

fn name() -> JobId {
    JobId::of_hub("leavers", None)
}

/// A step for each of the first `count` accounts: they leave.
fn leave(entities: Vec<Entity>, count: usize) -> impl FnOnce(&mut HubPlan<'_>) -> Result<(), EngineError> {
    move |plan| {
        for entity in entities.iter().take(count) {
            let lifecycle = Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(0) };
            let after = Entity { lifecycle, ..entity.clone() };
            plan.change(entity, &after, Reason::Due(Due::Leave))?;
        }
        Ok(())
    }
}

async fn twenty() -> Hub {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 20));
    hub.run().await;
    hub
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_a_scan_changes_the_hub_and_its_destinations_and_no_claim() {
    let hub = twenty().await;
    let report = hub.engine.hub_plan(name(), HubOptions::default(), leave(hub.accounts(), 2)).await.unwrap();
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    assert_eq!((report.run.job.as_str(), report.run.connection.as_str()), ("leavers", "hub"));
    assert_eq!((hub.active(), hub.remote.script().there.values().filter(|(_, usable)| *usable).count()), (18, 18));
    let entity = &hub.accounts()[0];
    let Lifecycle::Disabled { at, .. } = entity.lifecycle else { panic!("{entity:?}") };
    assert_ne!(at, Timestamp(0), "the time is filled in when it is applied");
    assert_eq!(hub.engine.why("user1.userName").unwrap().statements.len(), 1);
    hub.verify();
    // The next run of the job compares and finds nothing to catch up with.
    assert!(hub.run().await.plan.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_do_makes_no_plan() {
    let hub = twenty().await;
    let report = hub.engine.hub_plan(name(), HubOptions::default(), |_| Ok(())).await.unwrap();
    assert!(report.plan.is_none());
    assert_eq!(report.run.state, RunState::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_holds_it_like_any_other_and_a_person_releases_it_once() {
    let hub = twenty().await;
    let options = HubOptions::default();
    let report = hub.engine.hub_plan(name(), options, leave(hub.accounts(), 6)).await.unwrap();
    let plan = report.plan.unwrap();
    assert_eq!((report.run.state, plan.state, hub.active()), (RunState::Held, PlanState::Held, 20));
    // The same steps are the same plan, and other steps take its place.
    let again = hub.engine.hub_plan(name(), options, leave(hub.accounts(), 6)).await.unwrap().plan.unwrap();
    assert_eq!(again.digest, plan.digest);
    let short = plan.digest.short();
    hub.engine.approve(&short).unwrap();
    let done = hub.engine.apply(&short).await.unwrap();
    assert_eq!((done.plan.unwrap().state, hub.active()), (PlanState::Applied, 14));
    assert!(matches!(hub.engine.apply(&short).await, Err(EngineError::Refused(_))));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ordered_by_name_is_not_held() {
    let hub = twenty().await;
    let options = HubOptions { guarded: false, ..HubOptions::default() };
    let report = hub.engine.hub_plan(name(), options, leave(hub.accounts(), 6)).await.unwrap();
    assert_eq!((report.run.state, hub.active()), (RunState::Ok, 14));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_waits_when_it_is_dry_and_is_applied_by_its_digest() {
    let hub = twenty().await;
    let options = HubOptions { dry: true, ..HubOptions::default() };
    let plan = hub.engine.hub_plan(name(), options, leave(hub.accounts(), 1)).await.unwrap().plan.unwrap();
    assert_eq!((plan.state, hub.active()), (PlanState::Ready, 20));
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!(hub.active(), 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_goes_on_where_it_was() {
    let hub = twenty().await;
    let mut killed = hub.engine.clone();
    killed.events = Events::new(|event| assert!(!matches!(event, RunEvent::Applied { done: 5, .. }), "killed"));
    let options = HubOptions { guarded: false, ..HubOptions::default() };
    let broken = killed.hub_plan(name(), options, leave(hub.accounts(), 12)).await;
    assert!(matches!(broken, Err(EngineError::Internal(_))), "{broken:?}");
    assert_eq!(hub.active(), 15, "one transaction of five steps was stored");
    let report = hub.engine.hub_plan(JobId::of_hub("accounts", None), options, |_| Ok(())).await.unwrap();
    assert_eq!((report.run.state, hub.active()), (RunState::Ok, 8));
    assert_eq!(hub.remote.script().there.values().filter(|(_, usable)| *usable).count(), 8);
    let headers: Vec<_> = hub.engine.store.snapshot().unwrap().plans_of(&name()).unwrap().map(Result::unwrap).collect();
    assert_eq!((headers.len(), &headers[0].state), (1, &PlanState::Applied));
    hub.verify();
}
