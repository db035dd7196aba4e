//! What the scheduler starts: runs, and what is done again and again beside them.

use super::hub::Hub;
use rosterd_engine::run::RunOptions;
use rosterd_engine::scheduler::{Chore, Trigger, Work};
use rosterd_engine::{Engine, EngineError, RunEvent};
use rosterd_model::port::BoxFuture;
use rosterd_model::run::RunState;
use rosterd_model::{FaultKind, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use tokio::task::JoinSet;

/// Operations that are due again are sent, without a run that reads anything.
const DELIVERY: &str = "delivery";

/// What is over for long enough is removed.
const HOUSEKEEPING: &str = "housekeeping";

/// Dates that came: first days, last days, the end of a grace.
const DATES: &str = "dates";

/// Objects that notifications named are looked at.
const HINTS: &str = "hints";

/// Destinations are read back: what was changed there by hand is reported, and repaired where the delivery says so.
const DRIFT: &str = "drift";

/// An hour, in milliseconds.
const HOUR: u64 = 3_600_000;

/// What is done beside runs.
pub(super) const CHORES: &[Chore] = &[
    Chore { name: DELIVERY, every: 5_000, after: 0 },
    Chore { name: HINTS, every: 5_000, after: 0 },
    Chore { name: DATES, every: 60_000, after: 0 },
    Chore { name: HOUSEKEEPING, every: HOUR, after: 0 },
    // Not at once, because everything is read, and a service may be started often.
    Chore { name: DRIFT, every: 24 * HOUR, after: HOUR },
];

/// Runs that are looked through for the last one of each job.
const LAST_RUNS: usize = 10_000;

/// Does the work of a hub; does not keep it alive.
pub(super) struct HubWork(pub(super) Weak<Hub>);

impl Work for HubWork {
    fn run(&self, trigger: Trigger) -> BoxFuture<'static, bool> {
        let hub = self.0.upgrade();
        Box::pin(async move {
            let Some(hub) = hub else { return false };
            run(&hub, &trigger).await
        })
    }

    fn chore(&self, name: &'static str) -> BoxFuture<'static, ()> {
        let hub = self.0.upgrade();
        Box::pin(async move {
            let Some(hub) = hub else { return };
            if let Err(error) = chore(&hub, name).await {
                hub.examine(&error);
                tracing::warn!(chore = name, %error, "a chore failed; it is tried again");
            }
        })
    }
}

async fn run(hub: &Arc<Hub>, trigger: &Trigger) -> bool {
    let engine = hub.engine(trigger.cause.as_str());
    let options = RunOptions { full: trigger.full, ..RunOptions::default() };
    match engine.run(&trigger.job, options).await {
        Ok(report) => !matches!(report.run.state, RunState::Incomplete { .. } | RunState::Failed { .. }),
        Err(EngineError::Stopped) => false,
        Err(error) => {
            hub.examine(&error);
            hub.events.tell(&RunEvent::Note(format!("the run of {} failed: {error}", trigger.job)));
            tracing::error!(job = trigger.job, %error, "a run failed");
            false
        }
    }
}

async fn chore(hub: &Arc<Hub>, name: &'static str) -> Result<(), EngineError> {
    let engine = hub.engine("schedule");
    match name {
        DELIVERY => engine.deliver().await.map(drop),
        DATES => engine.run_timers().await.map(drop),
        HINTS => hints(&engine).await,
        DRIFT => drift(&engine).await,
        HOUSEKEEPING => match tokio::task::spawn_blocking(move || engine.housekeeping()).await {
            Ok(done) => done.map(drop),
            Err(error) => Err(EngineError::Internal(error.to_string())),
        },
        _ => Ok(()),
    }
}

/// Looks at what waits in the inboxes, side by side: one connection that is busy keeps no other waiting.
pub(super) async fn hints(engine: &Engine) -> Result<(), EngineError> {
    let mut looking = JoinSet::new();
    let jobs: Vec<String> = engine.policy.jobs.keys().cloned().collect();
    for job in jobs {
        let engine = engine.clone();
        looking.spawn(async move { engine.run_hints(&job, RunOptions::default()).await.map(drop) });
    }
    let mut all = Ok(());
    while let Some(done) = looking.join_next().await {
        let done = done.unwrap_or_else(|error| Err(EngineError::Internal(error.to_string())));
        // The first failure is told; the others looked all the same.
        all = all.and(done);
    }
    all
}

/// Reads every destination back that can be read, one after the other.
async fn drift(engine: &Engine) -> Result<(), EngineError> {
    let mut all = Ok(());
    for delivery in &engine.policy.deliveries {
        let done = engine.check_drift(&delivery.destination).await.map(drop);
        match done {
            // Some systems can only be written to.
            Err(EngineError::Connection { fault, .. }) if fault.kind == FaultKind::Unsupported => {}
            done => all = all.and(done),
        }
    }
    all
}

/// When the last run of a job began, and the last one that went through.
type LastRuns = (Option<Timestamp>, Option<Timestamp>);

/// The last runs of each job.
pub(super) fn last_runs(store: &Store) -> Result<BTreeMap<String, LastRuns>, StoreError> {
    let view = store.snapshot()?;
    let mut last: BTreeMap<String, LastRuns> = BTreeMap::new();
    for run in view.runs()?.take(LAST_RUNS) {
        let run = run?;
        let (any, full) = last.entry(run.job.to_string()).or_default();
        any.get_or_insert(run.started);
        if !matches!(run.state, RunState::Incomplete { .. } | RunState::Failed { .. }) && run.scan.pages > 0 {
            full.get_or_insert(run.started);
        }
    }
    Ok(last)
}
