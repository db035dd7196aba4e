//! The only way in which the engine talks while it works: typed events, from which logs and progress bars derive.

use rosterd_model::plan::{Hold, PlanDigest};
use rosterd_model::run::Run;
use rosterd_model::{Class, ConnectionId, EntityId, JobId, RunId, Text};
use std::sync::Arc;

/// Something that happened in a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RunEvent {
    /// A run started, or went on where an earlier process left it.
    Started {
        /// The run.
        run: RunId,
        /// The source.
        connection: ConnectionId,
        /// True: it goes on from a stored resume point.
        resumed: bool,
    },
    /// Records were observed.
    Observed {
        /// Records so far.
        records: u64,
    },
    /// Shadows were decided upon.
    Decided {
        /// Shadows so far.
        shadows: u64,
    },
    /// The plan is ready.
    Planned {
        /// Its digest.
        digest: PlanDigest,
        /// Its steps.
        steps: u64,
    },
    /// A bucket waits for a person: [`Hold::release`] is the command that lets it through.
    Held {
        /// Its plan.
        digest: PlanDigest,
        /// What waits: how many of how many, why, and some names.
        hold: Hold,
    },
    /// A plan does not wait any more: what held it is gone.
    Cleared {
        /// The plan.
        digest: PlanDigest,
    },
    /// Steps were applied.
    Applied {
        /// Rows done so far.
        done: u64,
        /// Rows in all.
        of: u64,
    },
    /// Operations were delivered.
    Delivered {
        /// The destination.
        destination: ConnectionId,
        /// Operations answered so far.
        done: u64,
    },
    /// The breaker of a connection opened: somebody must look.
    BreakerOpened {
        /// The connection.
        connection: ConnectionId,
        /// Why, as a sentence.
        because: String,
        /// True: it is not even probed any more.
        given_up: bool,
    },
    /// A connection works again.
    BreakerClosed {
        /// The connection.
        connection: ConnectionId,
    },
    /// The host does not let a scan conclude that those whom it did not show are gone.
    LicenceRefused {
        /// The run.
        run: RunId,
        /// The source.
        connection: ConnectionId,
        /// The class.
        class: Class,
        /// Why, as a sentence.
        because: String,
    },
    /// More records of a connection are set aside than after its last run.
    QuarantineGrew {
        /// The connection.
        connection: ConnectionId,
        /// How many were.
        before: u64,
        /// How many are.
        now: u64,
    },
    /// A job went well whose last run did not.
    Recovered {
        /// The job.
        job: JobId,
        /// The run that went well.
        run: RunId,
        /// How the one before it ended, as a word.
        after: &'static str,
    },
    /// A value went back and forth at a destination and is left alone there: somebody must find who else writes it.
    Frozen {
        /// The destination.
        destination: ConnectionId,
        /// The kind of object.
        class: Class,
        /// The entity.
        entity: EntityId,
        /// The attribute there.
        attribute: Text,
    },
    /// A verification found what deltas and events missed, before anything of it was planned.
    Missed {
        /// The run.
        run: RunId,
        /// The source.
        connection: ConnectionId,
        /// Objects that nobody told of.
        new: u64,
        /// Objects that changed.
        changed: u64,
        /// Objects that the source calls deleted.
        deleted: u64,
        /// Objects that it does not show any more.
        missing: u64,
        /// All of it as a sentence, with some of their ids.
        sentence: String,
    },
    /// A run is over, whatever came of it.
    Ended(Box<Run>),
    /// A remark for the operator.
    Note(String),
}

/// Who listens.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(&RunEvent) + Send + Sync>);

impl Events {
    /// Events go to `listener`, on the thread where they happen.
    pub fn new(listener: impl Fn(&RunEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Nobody listens but the log.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// Events go to all of `listeners`, in their order.
    #[must_use]
    pub fn all(listeners: Vec<Self>) -> Self {
        Self::new(move |event| listeners.iter().for_each(|listener| (listener.0)(event)))
    }

    /// Tells an event to whoever listens.
    pub fn tell(&self, event: &RunEvent) {
        (self.0)(event);
    }

    pub(crate) fn emit(&self, event: &RunEvent) {
        tracing::debug!(?event, "run event");
        (self.0)(event);
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}
