//! One execution of a job, and what came of it.

use crate::id::{ConnectionId, JobId, RunId};
use crate::plan::{LicenceNote, PlanDigest};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a run stands. `ok` is impossible while records are set aside or parked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Pages are being read.
    Reading,
    /// The scan is over, the plan is being made.
    Planning,
    /// A plan waits to be applied (a dry run ends here).
    Planned,
    /// The plan waits for a person.
    Held,
    /// Steps are being applied.
    Applying,
    /// Operations are being delivered.
    Delivering,
    /// Done, and nothing left over.
    Ok,
    /// Done, but so many records or operations were set aside.
    Partial {
        /// How many.
        left: u64,
    },
    /// The scan did not reach its end; nothing was called absent.
    Incomplete {
        /// Why.
        because: String,
    },
    /// It failed.
    Failed {
        /// Why.
        because: String,
    },
}

impl RunState {
    /// The word for the state.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Planning => "planning",
            Self::Planned => "planned",
            Self::Held => "held",
            Self::Applying => "applying",
            Self::Delivering => "delivering",
            Self::Ok => "ok",
            Self::Partial { .. } => "partial",
            Self::Incomplete { .. } => "incomplete",
            Self::Failed { .. } => "failed",
        }
    }
}

/// What a scan read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScanCounts {
    /// Pages.
    pub pages: u64,
    /// Records shown.
    pub records: u64,
    /// Shown for the first time.
    pub new: u64,
    /// Shown with a change.
    pub changed: u64,
    /// Shown as before.
    pub unchanged: u64,
    /// Said to be gone.
    pub gone: u64,
    /// Could not be read.
    pub rejected: u64,
}

/// What one run delivered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeliveryCounts {
    /// Done.
    pub applied: u64,
    /// Was so already.
    pub unchanged: u64,
    /// Certainly not done.
    pub failed: u64,
    /// No answer.
    pub unknown: u64,
    /// Not attempted.
    pub not_attempted: u64,
    /// Waits for the next plan, because the entity changed since.
    pub stale: u64,
    /// Objects that were read back.
    pub verified: u64,
    /// Those of them that show something else than was sent.
    pub differing: u64,
}

/// One execution of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The job; `import` and `export` for the commands of these names.
    pub job: JobId,
    /// The source.
    pub connection: ConnectionId,
    /// Where it stands.
    pub state: RunState,
    /// Who started it.
    pub by: String,
    /// When.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Digest of the connector.
    pub connector: String,
    /// What was read.
    pub scan: ScanCounts,
    /// Verdicts on the scan.
    pub licences: Vec<LicenceNote>,
    /// The plan that it made, if it made one.
    pub plan: Option<PlanDigest>,
    /// What was delivered.
    pub delivery: DeliveryCounts,
    /// Remarks of the connector and of the engine.
    pub notes: Vec<String>,
}
