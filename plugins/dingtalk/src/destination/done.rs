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
    /// What was refused while the rest was done.
    pub problems: Vec<Fault>,
}

/// The answer to one operation.
pub type Outcome = Result<Done, Trouble>;

impl Done {
    /// Something was sent and done.
    #[must_use]
    pub fn changed(id: impl Into<String>) -> Self {
        Self { id: id.into(), changed: true, problems: Vec::new() }
    }

    /// It was so already.
    #[must_use]
    pub fn unchanged(id: impl Into<String>) -> Self {
        Self { changed: false, ..Self::changed(id) }
    }

    /// The same, with what was refused.
    #[must_use]
    pub fn with(mut self, problems: Vec<Fault>) -> Self {
        self.problems.extend(problems);
        self
    }
}

/// The receipt; `observed` is how the object is shown now.
#[must_use]
pub fn receipt(outcome: Outcome, observed: Option<String>) -> Receipt {
    match outcome {
        Err(trouble) => trouble.receipt(),
        Ok(Done { id, changed, problems }) => {
            let applied = Applied { observed, problems, ..Applied::id(id) };
            if changed { Receipt::Applied(applied) } else { Receipt::Unchanged(applied) }
        }
    }
}
