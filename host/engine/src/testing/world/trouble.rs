//! What goes wrong at a system, for which operations, how often.

use rosterd_model::outbox::{Receipt, Request};
use rosterd_model::{Class, Fault};

/// How a system answers an operation that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Refused: certainly not done.
    Refused,
    /// Not done, and the answer is lost.
    Lost,
    /// Done, and the answer is lost.
    DoneAndLost,
    /// The batch stopped before it.
    NotAttempted,
}

/// A fault that waits for operations.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// For objects of this class alone.
    pub class: Option<Class>,
    /// For actions of this word alone: `create`, `update`, `disable` ...
    pub action: Option<String>,
    /// For the object of this name alone.
    pub name: Option<String>,
    /// How it answers.
    pub answer: Answer,
    /// With what fault.
    pub fault: Fault,
    /// So many operations; the next one goes well.
    pub times: u64,
}

impl Trouble {
    /// True if it waits for this operation.
    pub(super) fn fits(&self, request: &Request, action: &str, name: &str) -> bool {
        self.times > 0
            && self.class.is_none_or(|class| class == request.class)
            && self.action.as_deref().is_none_or(|word| word == action)
            && self.name.as_deref().is_none_or(|word| word == name)
    }

    /// The receipt that it gives.
    pub(super) fn receipt(&self) -> Receipt {
        let fault = self.fault.clone();
        match self.answer {
            Answer::Refused => Receipt::Failed(fault),
            Answer::Lost | Answer::DoneAndLost => Receipt::Unknown(fault),
            Answer::NotAttempted => Receipt::NotAttempted(fault),
        }
    }
}
