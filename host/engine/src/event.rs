//! The only way in which the engine talks while it works: typed events, from which logs and progress bars derive.

use rosterd_model::plan::{Hold, PlanDigest};
use rosterd_model::{ConnectionId, RunId};
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
    /// A bucket waits for a person.
    Held(Hold),
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
