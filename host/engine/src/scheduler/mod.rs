//! Runs jobs when they are due: by their schedules, and when somebody wakes them. What starts when is decided by the
//! [`queue`]; here it is done, and waited for.
//!
//! Time comes from the clock that is given, so that a test can let eight weeks pass: the scheduler looks at it whenever
//! something happens, and at least once a minute, because the clock of a machine may be set.

pub mod queue;

use queue::Queue;
pub use queue::{Cause, Look, Standing, Trigger};
use rosterd_model::Timestamp;
use rosterd_model::port::{BoxFuture, Clock};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Longest time without a look at the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the scheduler starts.
pub trait Work: Send + Sync {
    /// Does a run; answers when it is over, whatever came of it. True: everything was read.
    fn run(&self, trigger: Trigger) -> BoxFuture<'static, bool>;
    /// Does what is due beside runs: timers, deliveries that are tried again, housekeeping.
    fn chore(&self, name: &'static str) -> BoxFuture<'static, ()>;
}

/// Something that is done again and again beside runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chore {
    /// Its name.
    pub name: &'static str,
    /// From start to start, in milliseconds.
    pub every: u64,
    /// How long after the start of the service it is done for the first time, in milliseconds.
    pub after: u64,
}

/// Runs jobs when they are due. Cheap to clone; clones are the same scheduler.
#[derive(Clone)]
pub struct Scheduler(Arc<Inner>);

struct Inner {
    queue: Mutex<Queue>,
    clock: Arc<dyn Clock>,
    work: Arc<dyn Work>,
    changed: Notify,
}

impl Scheduler {
    /// A scheduler that runs at most `most` jobs at once. `jobs` come with the start of their last run.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, work: Arc<dyn Work>, most: usize, chores: &[Chore]) -> Self {
        let queue = Mutex::new(Queue::new(most, chores, clock.now()));
        Self(Arc::new(Inner { queue, clock, work, changed: Notify::new() }))
    }

    /// The jobs that there are from now on. What runs goes on; what waits and is no longer there is forgotten.
    pub fn replace(&self, jobs: Vec<Standing>) {
        let now = self.0.clock.now();
        self.queue().replace(jobs, now);
        self.look();
    }

    /// Wakes a job: it runs as soon as its connection is free. Several calls before that are one. False: there is no such
    /// job.
    #[must_use]
    pub fn wake(&self, job: &str, full: bool, cause: Cause) -> bool {
        let known = self.queue().wake(job, full, cause);
        self.look();
        known
    }

    /// Looks at the clock now.
    pub fn look(&self) {
        self.0.changed.notify_one();
    }

    /// What runs, waits and is due.
    #[must_use]
    pub fn jobs(&self) -> Vec<Look> {
        self.queue().look()
    }

    /// Starts nothing more.
    pub fn stop(&self) {
        self.queue().stop();
        self.look();
    }

    /// Works until it is stopped and everything that runs has ended.
    pub async fn serve(&self) {
        let mut running: JoinSet<()> = JoinSet::new();
        loop {
            let now = self.0.clock.now();
            let (starts, next, stopped) = {
                let mut queue = self.queue();
                (queue.take(now), queue.next_due(), queue.is_stopped())
            };
            for start in starts {
                let scheduler = self.clone();
                running.spawn(async move { scheduler.one(start, now).await });
            }
            while running.try_join_next().is_some() {}
            if stopped && running.is_empty() {
                return;
            }
            let wait = next.map_or(LONGEST_WAIT, |due| Duration::from_millis(due.since_ms(now)).min(LONGEST_WAIT));
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep(wait), if !stopped => {}
                // One that panicked is over too: its place is given back by the guard in `one`.
                _ = running.join_next(), if !running.is_empty() => {}
            }
        }
    }

    async fn one(&self, start: queue::Start, now: Timestamp) {
        // Given back however the work ends, also by a panic.
        let mut place = Place { scheduler: self, start: start.clone(), now, read_all: false };
        match start {
            queue::Start::Run(trigger) => place.read_all = self.0.work.run(trigger).await,
            queue::Start::Chore(name) => self.0.work.chore(name).await,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scheduler")
    }
}

struct Place<'a> {
    scheduler: &'a Scheduler,
    start: queue::Start,
    now: Timestamp,
    read_all: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.scheduler.queue().ended(&self.start, self.now, self.read_all);
        self.scheduler.look();
    }
}
