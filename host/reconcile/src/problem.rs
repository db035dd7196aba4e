//! What is wrong with one record: data for the quarantine, never the failure of a run.

use rosterd_model::quarantine::QuarantineReason;
use std::fmt;

/// Why one record (or one entity on its way out) is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of case that it opens.
    pub reason: QuarantineReason,
    /// A sentence that names the attribute and what to do. It never contains a value, only its type.
    pub message: String,
}

impl Problem {
    /// A record that can not be made valid.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { reason: QuarantineReason::Invalid, message: message.into() }
    }

    /// A rule that failed on a record.
    pub(crate) fn mapping(message: impl Into<String>) -> Self {
        Self { reason: QuarantineReason::Mapping, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for Problem {}
