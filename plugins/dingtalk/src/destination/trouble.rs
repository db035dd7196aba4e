//! Why an operation was not done, and whether it certainly was not.

use super::codes;
use crate::reply::{NETWORK, Refused};
use rosterd_sdk::{Class, Fault, FaultKind, Receipt};

/// An operation that did not come to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// What crosses the boundary.
    pub fault: Fault,
    /// DingTalk's code, if it gave one.
    pub code: Box<str>,
    /// It may have been carried out all the same.
    pub unknown: bool,
}

impl Trouble {
    /// Certainly not done: nothing was sent.
    #[must_use]
    pub fn not_done(fault: Fault) -> Self {
        Self { fault: passing(fault), code: Box::default(), unknown: false }
    }

    /// A value does not fit; nothing was sent.
    #[must_use]
    pub fn invalid(attribute: &str, sentence: impl Into<String>) -> Self {
        Self::not_done(Fault::invalid(sentence).about(attribute))
    }

    /// A look that failed: whatever its answer would have been, nothing was changed.
    #[must_use]
    pub fn looking(refused: Refused, of: Class) -> Self {
        let Refused { code, fault } = refused;
        Self { fault: passing(narrowed(fault, &code, of)), code: code.into(), unknown: false }
    }

    /// A change that failed: a code that says no is a no; everything else may have been carried out.
    #[must_use]
    pub fn writing(refused: Refused, of: Class) -> Self {
        let Refused { code, fault } = refused;
        let silent = matches!(fault.kind, FaultKind::Transient | FaultKind::Timeout | FaultKind::Incomplete);
        let unknown = silent && !(code == NETWORK && fault.certainly_not_sent());
        Self { fault: passing(narrowed(fault, &code, of)), code: code.into(), unknown }
    }

    /// An answer that says yes and lacks what it must have: it was probably done.
    #[must_use]
    pub fn doubtful(fault: Fault) -> Self {
        Self { fault: passing(fault), code: Box::default(), unknown: true }
    }

    /// True for what would meet the other operations, too: they are not attempted.
    #[must_use]
    pub fn stops(&self) -> bool {
        use FaultKind as Kind;
        matches!(
            self.fault.kind,
            Kind::Unauthorized | Kind::Forbidden | Kind::Denied | Kind::Settings | Kind::RateLimited | Kind::Cancelled
        ) || (self.fault.kind == Kind::Transient && self.code.is_empty() && self.fault.retry_after_ms.is_some())
    }

    /// The receipt.
    #[must_use]
    pub fn receipt(self) -> Receipt {
        if self.unknown { Receipt::Unknown(self.fault) } else { Receipt::Failed(self.fault) }
    }
}

/// Half an answer is a passing failure of a destination, and no defect of this connector.
fn passing(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::Incomplete => Fault { kind: FaultKind::Transient, ..fault },
        _ => fault,
    }
}

/// What a code means for one operation. Who is not to be seen, and what is referred to and not there, concern this object
/// only: neither must the connection be taken for broken, nor the object for gone.
fn narrowed(fault: Fault, code: &str, of: Class) -> Fault {
    let about = |attribute: &str| Fault { kind: FaultKind::Invalid, ..fault.clone() }.about(attribute);
    match (code, of) {
        ("50002", _) => about("userid"),
        ("50004", Class::Account) => about("departments"),
        ("50004", _) => about("parent"),
        ("60003" | "60004" | "40009", Class::Account) => about("departments"),
        ("60121" | "33012" | "60111" | "40003", Class::OrgUnit) => about("managers"),
        _ => match codes::attribute(code) {
            Some(attribute) => fault.about(attribute),
            None => fault,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, kind: FaultKind) -> Refused {
        Refused { code: code.to_owned(), fault: Fault::new(kind, "no") }
    }

    #[test]
    fn only_a_no_is_a_no() {
        let unknown = |code: &str, kind| Trouble::writing(refused(code, kind), Class::Account).unknown;
        assert!(!unknown("60102", FaultKind::AlreadyExists) && !unknown("90018", FaultKind::RateLimited));
        assert!(!unknown(NETWORK, FaultKind::Denied) && !unknown(NETWORK, FaultKind::Unauthorized));
        for (code, kind) in [("-1", FaultKind::Transient), ("half", FaultKind::Transient), ("", FaultKind::Transient)] {
            assert!(unknown(code, kind), "{code}");
        }
        assert!(unknown(NETWORK, FaultKind::Timeout) && unknown(NETWORK, FaultKind::Transient));
        let unsent = Fault::transient("no").detail(&serde_json::json!({ "sent": false }));
        assert!(!Trouble::writing(Refused { code: NETWORK.to_owned(), fault: unsent }, Class::Account).unknown);
    }

    #[test]
    fn one_object_that_is_out_of_sight_does_not_break_the_connection() {
        for code in ["50002", "50004", "60003"] {
            let trouble = Trouble::writing(refused(code, FaultKind::Forbidden), Class::Account);
            assert_eq!((trouble.fault.kind, trouble.stops()), (FaultKind::Invalid, false), "{code}");
        }
        assert!(Trouble::writing(refused("60011", FaultKind::Forbidden), Class::Account).stops());
    }
}
