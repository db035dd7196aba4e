//! What an operation came to.

use super::trouble::Trouble;
use rosterd_sdk::{Applied, Fault, Receipt};

/// An operation that was done, or was so already.
#[derive(Debug, Clone)]
pub struct Done {
    /// The object's id.
    pub id: String,
    /// True: something was sent.
    pub changed: bool,
    /// How the object is shown now, a JSON object.
    pub observed: Option<String>,
    /// What was refused while the rest was done.
    pub problems: Vec<Fault>,
}

/// The answer to one operation.
pub type Outcome = Result<Done, Trouble>;

impl Done {
    /// Something was sent and done.
    #[must_use]
    pub fn changed(id: impl Into<String>) -> Self {
        Self { id: id.into(), changed: true, observed: None, problems: Vec::new() }
    }

    /// It was so already.
    #[must_use]
    pub fn unchanged(id: impl Into<String>) -> Self {
        Self { changed: false, ..Self::changed(id) }
    }
}

/// The receipt.
#[must_use]
pub fn receipt(outcome: Outcome) -> Receipt {
    match outcome {
        Err(trouble) => trouble.receipt(),
        Ok(Done { id, changed, observed, problems }) => {
            let applied = Applied { observed, problems, ..Applied::id(id) };
            if changed { Receipt::Applied(applied) } else { Receipt::Unchanged(applied) }
        }
    }
}
