//! Whether a connection may be written to: its breaker, and the pauses that people order.

use crate::fault::Fault;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What the breaker of a connection remembers. While it is open, what is to be sent waits and is merged; nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Circuit {
    /// Open, closed or given up.
    pub state: CircuitState,
    /// What came of recent operations.
    pub window: CircuitWindow,
    /// Calls in a row that ended the connector's instance.
    pub traps: u32,
    /// Nothing is sent before: the remote system asked for a rest.
    pub rest_until: Option<Timestamp>,
    /// Why it is open, or rests.
    pub because: Option<Fault>,
}

/// Where a breaker stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CircuitState {
    /// Everything is sent.
    #[default]
    Closed,
    /// Nothing is sent but one operation at a time, as a probe.
    Open {
        /// Since when.
        since: Timestamp,
        /// Probes that failed so far.
        probes: u32,
        /// When the next probe may go out.
        probe_at: Timestamp,
    },
    /// Probes failed for so long that a person must resume the connection.
    Disabled {
        /// Since when.
        since: Timestamp,
    },
}

/// Counts of the operations that a breaker judges by, from the time on when the first of them was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CircuitWindow {
    /// When it began.
    pub since: Timestamp,
    /// Operations answered.
    pub answered: u32,
    /// Those that failed.
    pub failed: u32,
}

/// An order of a person to write nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who ordered it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in his words.
    pub reason: String,
}
