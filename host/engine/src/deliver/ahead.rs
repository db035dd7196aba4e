//! The batches behind the one that goes out: computed before it is answered, over a view in which nothing that is under way
//! is done.

use super::batch::{self, Batch, Cursor, Flying};
use super::worker::Route;
use crate::error::EngineError;
use rosterd_store::{InFlight, Snapshot};
use std::collections::VecDeque;

/// What was computed ahead, in the order in which it goes out, and where the lanes go on behind it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    batches: VecDeque<Batch>,
    cursor: Cursor,
}

impl Ahead {
    /// Computes further batches until `depth` are there. What waits for another object is left for [`Ahead::now`]: what it
    /// waits for may be under way.
    pub(super) fn fill(
        &mut self,
        route: &Route,
        view: &Snapshot,
        under_way: Flying,
        (most, depth): (usize, usize),
    ) -> Result<(), EngineError> {
        let mut flying = self.batches.iter().fold(under_way, |flying, batch| flying.and(&batch.ready));
        while self.batches.len() < depth {
            let mut cursor = self.cursor;
            let batch = batch::next(route, view, &mut cursor, &flying, most)?;
            if batch.is_empty() || batch.waits() {
                break;
            }
            flying = flying.and(&batch.ready);
            self.cursor = cursor;
            self.batches.push_back(batch);
        }
        Ok(())
    }

    /// The next batch over a view with every answer but those of `under_way`, whatever in it waits.
    pub(super) fn now(
        &mut self,
        route: &Route,
        view: &Snapshot,
        under_way: &Flying,
        most: usize,
    ) -> Result<Batch, EngineError> {
        batch::next(route, view, &mut self.cursor, under_way, most)
    }

    pub(super) fn pop(&mut self) -> Option<Batch> {
        self.batches.pop_front()
    }

    /// What the next batch will send, if it is known.
    pub(super) fn flight(&self) -> Option<InFlight> {
        self.batches.front().and_then(Batch::flight)
    }
}
