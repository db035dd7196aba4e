//! Why an operation was not done, and whether it certainly was not.

use super::pool::Lost;
use rosterd_sdk::{Fault, FaultKind, Receipt};

/// An operation that did not come to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// What crosses the boundary.
    pub fault: Box<Fault>,
    /// The server's result; 0: it gave none.
    pub code: i64,
    /// It may have been carried out all the same.
    pub unknown: bool,
}

impl Trouble {
    /// Certainly not done.
    #[must_use]
    pub fn not_done(fault: Fault) -> Self {
        Self { fault: Box::new(passing(fault)), code: 0, unknown: false }
    }

    /// A value does not fit; nothing was sent.
    #[must_use]
    pub fn invalid(attribute: &str, sentence: impl Into<String>) -> Self {
        Self::not_done(Fault::invalid(sentence).about(attribute))
    }

    /// No answer to a look: whatever it would have been, nothing was changed.
    #[must_use]
    pub fn looking(lost: Lost) -> Self {
        Self::not_done(lost.fault)
    }

    /// No answer to a change.
    #[must_use]
    pub fn writing(lost: Lost) -> Self {
        Self { unknown: lost.sent, ..Self::not_done(lost.fault) }
    }

    /// True for what would meet the other operations, too: they are not attempted.
    #[must_use]
    pub fn stops(&self) -> bool {
        use FaultKind as Kind;
        matches!(
            self.fault.kind,
            Kind::Unauthorized | Kind::Forbidden | Kind::Denied | Kind::Settings | Kind::RateLimited | Kind::Cancelled
        ) || (self.code == 0 && matches!(self.fault.kind, Kind::Transient | Kind::Timeout))
    }

    /// The receipt.
    #[must_use]
    pub fn receipt(self) -> Receipt {
        if self.unknown { Receipt::Unknown(*self.fault) } else { Receipt::Failed(*self.fault) }
    }
}

/// Half an answer is a passing failure of a destination, and no defect of this connector.
fn passing(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::Incomplete => Fault { kind: FaultKind::Transient, ..fault },
        _ => fault,
    }
}

/// The refusal of a value.
#[must_use]
pub fn wrong(name: &str, what: &str) -> Trouble {
    let who = "whoever maintains the source or the mapping of this destination changes it; nothing was sent";
    Trouble::invalid(name, format!("{name} {what}; {who}"))
}
