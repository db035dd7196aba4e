//! The next entries of a destination: lane after lane, each from where the last batch ended, so that no entry is looked
//! at twice in one pass. What is queued anew comes behind, and an urgent one is found before the next batch.

use super::request::{Prepared, Preparer, Verdict};
use super::worker::Route;
use crate::error::EngineError;
use rosterd_model::outbox::{DeliveryState, Lane, OutboxEntry};
use rosterd_model::{Class, EntityId, Fault, Rule, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, InFlight, Snapshot};
use std::collections::HashSet;

/// Entries that are set aside in one batch, at most.
const MOST_ASIDE: usize = 2_000;

pub(super) type Key = (Class, EntityId);

/// Where each lane goes on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor([u64; Lane::ALL.len()]);

/// What is under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Flying {
    lane: Option<Lane>,
    keys: HashSet<Key>,
    /// Answers count only at the end of the pass: objects that were sent are left alone until then.
    late: bool,
}

impl Flying {
    /// More that is under way, or was answered and is not stored yet.
    pub(super) fn and<'a>(mut self, more: impl IntoIterator<Item = &'a Prepared>) -> Self {
        for one in more {
            let lane = one.entry.lane;
            self.lane = Some(self.lane.map_or(lane, |first| first.min(lane)));
            self.keys.insert((one.entry.class, one.entry.entity));
        }
        self
    }

    /// A further batch goes out, to a destination whose answers count only at the end.
    pub(super) fn add_late(&mut self, ready: &[Prepared]) {
        self.late = true;
        self.keys.extend(ready.iter().map(|ready| (ready.entry.class, ready.entry.entity)));
    }
}

/// What a view of the store gave to send, and what it showed besides.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// To be sent, all of one lane.
    pub(super) ready: Vec<Prepared>,
    /// The destination shows it already.
    pub(super) done: Vec<OutboxEntry>,
    /// Waits for other objects.
    pub(super) blocked: Vec<(OutboxEntry, Vec<Key>, Fault)>,
    /// Waits for a person.
    pub(super) parked: Vec<(OutboxEntry, Fault)>,
    /// No longer what a plan fixed.
    pub(super) stale: u64,
    /// Of those, who is not known to be owed anything: the next plan says what becomes of them.
    pub(super) owed: Vec<Key>,
    /// What is sent, as a range.
    pub(super) flight: Option<InFlight>,
}

impl Batch {
    /// True if it says nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.aside() == 0
    }

    /// True if something in it waits for another object or for a person: only a view with every answer can tell.
    pub(super) fn waits(&self) -> bool {
        !(self.blocked.is_empty() && self.parked.is_empty())
    }

    /// What it will send.
    pub(super) fn flight(&self) -> Option<InFlight> {
        self.flight.filter(|_| !self.ready.is_empty())
    }

    fn aside(&self) -> usize {
        self.done.len() + self.blocked.len() + self.parked.len() + self.owed.len()
    }
}

/// Takes the next `most` entries. None of a later lane while some of a lane are under way: what they free comes first.
pub(super) fn next(
    route: &Route,
    view: &Snapshot,
    cursor: &mut Cursor,
    flying: &Flying,
    most: usize,
) -> Result<Batch, EngineError> {
    let now = view.policy_now(route.engine.clock.now())?;
    let mut preparer = Preparer::new(route, view, now);
    let mut batch = Batch::default();
    let mut lanes = Lane::ALL;
    if !Rule::LanesInOrder.on() {
        lanes.reverse();
    }
    for lane in lanes {
        if flying.lane.is_some_and(|flying| lane > flying) && Rule::LanesInOrder.on() {
            return Ok(batch);
        }
        let after = &mut cursor.0[lane as usize];
        for entry in view.outbox_lane(route.number, lane, *after)? {
            let entry = entry?;
            // A connector sends meanwhile, and its thread must not wait until this is done.
            std::thread::yield_now();
            if flying.keys.contains(&(entry.class, entry.entity)) {
                if flying.late {
                    *after = entry.order;
                    continue;
                }
                // Its older wish is under way: it is looked at once that one is answered.
                return Ok(batch);
            }
            *after = entry.order;
            if !due(&entry, now, &route.traits.digest) {
                continue;
            }
            let (order, key) = (entry.order, (entry.class, entry.entity));
            match preparer.prepare(entry)? {
                Verdict::Send(ready) => {
                    let flight = batch.flight.get_or_insert(InFlight { lane, from: order, to: order });
                    flight.to = order;
                    batch.ready.push(*ready);
                }
                Verdict::Stale => {
                    batch.stale += 1;
                    if Rule::HeldIsOwed.on() && !view.is_owed(route.number, key.0, key.1)? {
                        batch.owed.push(key);
                    }
                }
                Verdict::Done(entry) => batch.done.push(entry),
                Verdict::Block(entry, on, because) => batch.blocked.push((entry, on, because)),
                Verdict::Park(entry, because) => batch.parked.push((entry, because)),
            }
            if batch.ready.len() >= most || batch.aside() >= MOST_ASIDE {
                return Ok(batch);
            }
        }
        if !batch.ready.is_empty() {
            break;
        }
    }
    Ok(batch)
}

/// True if an entry may be sent now: else the destination is not even opened. Without the digest of its connector nobody
/// knows whether what is parked waits for this one or for another.
pub(super) fn anything_due(
    view: &Snapshot,
    number: ConnectionNumber,
    now: Timestamp,
    digest: Option<&str>,
) -> Result<bool, EngineError> {
    for entry in view.outbox(number)? {
        let entry = entry?;
        let is_due = match (&entry.state, digest) {
            (DeliveryState::Parked { .. }, None) => true,
            (_, digest) => due(&entry, now, digest.unwrap_or_default()),
        };
        if is_due {
            return Ok(true);
        }
    }
    Ok(false)
}

/// True if the entry may be sent now. What was parked is tried again with another connector.
fn due(entry: &OutboxEntry, now: Timestamp, digest: &str) -> bool {
    match &entry.state {
        DeliveryState::Waiting => true,
        DeliveryState::Retry { at } => *at <= now,
        DeliveryState::Blocked { .. } => false,
        DeliveryState::Parked { connector, .. } => connector != digest,
    }
}
