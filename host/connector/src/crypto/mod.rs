//! What the host does with secrets so that connectors need not see them. Algorithms are named by text; an unknown one is
//! an answer, not a trap.

pub(crate) mod cipher;
pub(crate) mod digest;
pub(crate) mod jwe;
pub(crate) mod key;
pub(crate) mod scram;
pub(crate) mod sign;
pub(crate) mod words;

use rosterd_model::fault::{Fault, FaultKind};

/// Something that was handed over does not fit.
pub(crate) fn invalid(text: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Invalid, text)
}

/// Equal, in a time that tells nothing but the lengths.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0_u8, |sum, (x, y)| std::hint::black_box(sum | (x ^ y)));
    a.len() == b.len() && difference == 0
}
