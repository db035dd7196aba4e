//! What clients submit, read before its turn comes: a little at once, much on a thread of its own while others have the turn.

use crate::aside::FEW;
use crate::scan::Said;
use rosterd_model::directory::Submission;
use tokio::task::{JoinHandle, spawn_blocking};

/// Submissions that are being read, or were.
pub(super) enum Reading {
    Done(Vec<Said>),
    Aside(JoinHandle<Vec<Said>>),
}

impl Reading {
    /// Begins to read.
    pub(super) fn begin(submissions: Vec<Submission>) -> Self {
        let read = |all: Vec<Submission>| all.into_iter().map(Said::read).collect();
        if submissions.len() <= FEW {
            return Self::Done(read(submissions));
        }
        Self::Aside(spawn_blocking(move || read(submissions)))
    }

    /// What was read, in the same order; none: the process ends, or it panicked.
    pub(super) async fn end(self) -> Option<Vec<Said>> {
        match self {
            Self::Done(read) => Some(read),
            Self::Aside(under_way) => under_way.await.ok(),
        }
    }
}
