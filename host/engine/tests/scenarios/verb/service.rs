//! The service: triggers that come while a run of the connection is under way.

use super::read;
use crate::stage::{Stage, text};
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_engine::scheduler::{Cause, Scheduler, Standing, Trigger, Work};
use rosterd_engine::testing::Gate;
use rosterd_engine::{Engine, EngineError};
use rosterd_model::Timestamp;
use rosterd_model::port::{BoxFuture, Clock};
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use toml::Table;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wake {
    /// The job.
    wake: String,
    /// So many further triggers come while the first run stands before a page.
    times: u32,
    /// The page, counted from 0.
    page: usize,
}

/// What the scheduler starts: runs of the engine, whose outcomes are kept.
struct Runs {
    engine: Engine,
    done: Arc<Mutex<Vec<Result<RunReport, EngineError>>>>,
}

impl Work for Runs {
    fn run(&self, trigger: Trigger) -> BoxFuture<'static, bool> {
        let (engine, done) = (self.engine.clone(), self.done.clone());
        Box::pin(async move {
            let result = engine.run(&trigger.job, RunOptions::default()).await;
            done.lock().unwrap_or_else(PoisonError::into_inner).push(result);
            true
        })
    }
    fn chore(&self, _: &'static str) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// A clock that knows how often the scheduler looked at it: it does before it decides what starts.
struct Counting {
    clock: Arc<dyn Clock>,
    looks: AtomicU64,
}

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.clock.now()
    }
}

impl Counting {
    /// Lets the scheduler decide at least once what starts.
    async fn decides(&self, scheduler: &Scheduler) {
        let begun = self.looks.load(Ordering::SeqCst);
        // The second look begins after the first decision.
        while self.looks.load(Ordering::SeqCst) < begun + 2 {
            scheduler.look();
            tokio::task::yield_now().await;
        }
    }
}

/// `wake = "hr"`, `times = 3`, `page = 1`: the service runs the job, and is asked for it again while the scan waits.
pub(super) async fn wake(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Wake { wake, times, page } = read(step)?;
    let policy = stage.engine.policy.clone();
    let connection = policy.job(&wake).map_err(text)?.source.clone();
    let clock = Arc::new(Counting { clock: stage.clock.clone(), looks: AtomicU64::new(0) });
    let done = Arc::default();
    let work = Arc::new(Runs { engine: stage.engine.clone(), done: Arc::clone(&done) });
    let scheduler = Scheduler::new(clock.clone(), work, 8, &[]);
    let gate = Gate::before(page);
    stage.world.with(connection.as_str(), |system| system.shown.gate = Some(gate.clone()));
    scheduler.replace(vec![Standing { job: wake.clone(), connection, schedule: None, last: None, last_full: None }]);
    let service = scheduler.clone();
    let serving = tokio::spawn(async move { service.serve().await });
    if !scheduler.wake(&wake, false, Cause::Person) {
        return Err(format!("there is no job {wake}"));
    }
    gate.reached().await;
    for _ in 0..times {
        let _ = scheduler.wake(&wake, false, Cause::Hint);
        clock.decides(&scheduler).await;
    }
    gate.open();
    while scheduler.jobs().iter().any(|job| job.waiting) {
        clock.decides(&scheduler).await;
    }
    scheduler.stop();
    serving.await.map_err(text)?;
    let results = std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner));
    results.into_iter().for_each(|result| stage.came_to(result));
    Ok(())
}
