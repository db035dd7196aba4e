//! Delivery: the outbox of each destination, drained in order of lanes, several destinations side by side.
//!
//! An entry is sent only if the entity's present state, rendered for the destination, has the hash that an applied plan
//! fixed; otherwise it waits for the next plan.
//!
//! ```text
//! batch     the next entries, lane after lane        request, stage, reference, hand_over, occupied, ring
//! worker    one destination, until nothing is due    traits
//! pass      computes, sends and settles              send, pace, ahead
//! look      looks before it makes again, and after something was not as expected
//! turn      one transaction: answers in, what goes out next      settle, failure
//! verify    reads some of it back
//! operate   what people do: list, retry, drop, pause, resume
//! repeat    what was told in a time is told again
//! ```

mod ahead;
mod batch;
mod failure;
mod hand_over;
mod look;
mod occupied;
pub(crate) mod operate;
mod pace;
mod pass;
mod reference;
pub(crate) mod repeat;
mod request;
mod ring;
mod send;
mod settle;
mod stage;
mod traits;
mod turn;
mod verify;
mod worker;

use crate::engine::Engine;
use crate::error::EngineError;
use batch::Key;
use look::Answered;
use rosterd_model::ConnectionId;
use rosterd_model::outbox::{DeliveryState, Receipt};
use rosterd_model::run::{Counted, DeliveryCounts};
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Sentences about single entries that one delivery keeps.
const MOST_SENTENCES: usize = 1_000;

/// Which destinations are written to right now: one task each, in the whole process.
#[derive(Debug, Clone, Default)]
pub struct Delivering {
    locks: Arc<Mutex<Locks>>,
    overlap: Overlap,
}

/// Which effect comes first where the answers to one batch are stored while the next is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// Whichever is quicker.
    #[default]
    Both,
    /// The transaction. With an order, what a test saw can be seen again.
    AnswersFirst,
    /// The batch.
    SendFirst,
}

type Locks = BTreeMap<ConnectionId, Arc<tokio::sync::Mutex<()>>>;

impl Delivering {
    /// The same, in a fixed order of effects.
    #[must_use]
    pub fn in_order(self, overlap: Overlap) -> Self {
        Self { overlap, ..self }
    }

    pub(crate) const fn overlap(&self) -> Overlap {
        self.overlap
    }

    /// The lock of a destination.
    pub(crate) fn lock_of(&self, destination: &ConnectionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(destination.clone()).or_default())
    }
}

/// What came of a delivery.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) counts: DeliveryCounts,
    /// Why a destination was left alone, and what failed.
    pub(crate) faults: Vec<String>,
    /// What reading back showed.
    pub(crate) notes: Vec<String>,
    /// What had to wait for something else when it was looked at.
    waiting: BTreeSet<Key>,
}

impl Delivered {
    fn tell(&mut self, sentences: impl IntoIterator<Item = String>) {
        let room = MOST_SENTENCES.saturating_sub(self.faults.len());
        self.faults.extend(sentences.into_iter().take(room));
    }

    fn wait(&mut self, keys: &[Key]) {
        let room = MOST_SENTENCES.saturating_sub(self.waiting.len());
        self.waiting.extend(keys.iter().take(room));
    }

    /// Tells what still waits at the end: that a first delivery makes parents before children is nothing to act on.
    fn tell_waiting(&mut self, view: &impl Read, number: ConnectionNumber) -> Result<(), EngineError> {
        let mut told = Vec::new();
        for (class, entity) in std::mem::take(&mut self.waiting) {
            let Some(entry) = view.outbox_entry(number, class, entity)? else { continue };
            if let (DeliveryState::Blocked { .. }, Some(because)) = (&entry.state, &entry.last_fault) {
                told.push(format!("{class} {entity} waits: {because}"));
            }
        }
        self.tell(told);
        Ok(())
    }

    fn note(&mut self, sentence: String) {
        if self.notes.len() < MOST_SENTENCES {
            self.notes.push(sentence);
        }
    }

    fn add(&mut self, more: &DeliveryCounts) {
        let counts = &mut self.counts;
        counts.applied += more.applied;
        counts.unchanged += more.unchanged;
        counts.failed += more.failed;
        counts.unknown += more.unknown;
        counts.not_attempted += more.not_attempted;
        counts.stale += more.stale;
        counts.verified += more.verified;
        counts.differing += more.differing;
        for (class, counted) in &more.by_class {
            match counts.by_class.iter_mut().find(|(known, _)| known == class) {
                Some((_, known)) => *known += *counted,
                None => counts.by_class.push((*class, *counted)),
            }
        }
    }
}

/// Drains the outbox of every destination that the configuration names, side by side: one that fails or is slow keeps
/// no other waiting.
pub(crate) async fn deliver(engine: &Engine) -> Result<Delivered, EngineError> {
    let mut tasks = JoinSet::new();
    {
        let view = engine.store.snapshot()?;
        for (index, delivery) in engine.policy.deliveries.iter().enumerate() {
            let number = view.connection_number(&delivery.destination)?;
            let waits = number.map_or(Ok(false), |number| view.has_outbox(number))?;
            if waits {
                tasks.spawn(worker::drain(engine.clone(), index));
            }
        }
    }
    let mut all = Delivered::default();
    let mut failed = None;
    while let Some(one) = tasks.join_next().await {
        match one.map_err(|error| EngineError::Internal(error.to_string())).and_then(|one| one) {
            Ok(delivered) => {
                all.add(&delivered.counts);
                all.faults.extend(delivered.faults);
                all.notes.extend(delivered.notes);
            }
            // The others end first.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(all), Err)
}

trait CountReceipts {
    fn count(&mut self, answers: &[Answered]);
}

impl CountReceipts for DeliveryCounts {
    fn count(&mut self, answers: &[Answered]) {
        for answered in answers {
            let left = answered.receipts.iter().any(|receipt| matches!(receipt, Receipt::NotAttempted(_)));
            let done = answered.failed.is_none();
            let counted = Counted {
                total: 1,
                success: u64::from(done),
                failed: u64::from(!done && !left),
                skipped: u64::from(!done && left),
            };
            match self.by_class.iter_mut().find(|(class, _)| *class == answered.prepared.entry.class) {
                Some((_, known)) => *known += counted,
                None => self.by_class.push((answered.prepared.entry.class, counted)),
            }
        }
        for receipt in answers.iter().flat_map(|answered| &answered.receipts) {
            match receipt {
                Receipt::Applied(_) => self.applied += 1,
                Receipt::Unchanged(_) => self.unchanged += 1,
                Receipt::Failed(_) => self.failed += 1,
                Receipt::Unknown(_) => self.unknown += 1,
                Receipt::NotAttempted(_) => self.not_attempted += 1,
            }
        }
    }
}
