//! Tests that need more than one module of this crate.

mod bitmaps;
mod commit;
mod copies;
mod crash;
mod full;
mod kept;
mod late;
mod late_keys;
mod late_values;
mod line;
mod lookups;
mod opening;
mod rules;
mod walk;

use crate::prelude::*;
use crate::testing::Recorder;
use crate::{ConnectionNumber, Store, StoreError, Writer};
use rosterd_model::plan::{ApplyCounts, NOTHING, Operation, PlanDigest, PlanHeader, PlanState};
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::{Class, ConnectionId, EntityId, ExternalId, RunId, Timestamp};

/// A new store in memory.
fn memory() -> Store {
    Recorder::new().open().unwrap()
}

/// A commit of which nothing is expected but that it works.
fn commit<T>(store: &Store, work: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>) -> T {
    store.commit("test", work).unwrap()
}

/// Interns `hr` and returns its number.
fn hr(store: &Store) -> ConnectionNumber {
    commit(store, |writer| writer.intern_connection(&name("hr")))
}

fn name(text: &str) -> ConnectionId {
    text.parse().unwrap()
}

fn entity_id(number: u8) -> EntityId {
    EntityId::from_bytes([number; 16])
}

fn plan(number: u64, job: &str, digest: [u8; 32]) -> PlanHeader {
    PlanHeader {
        number,
        digest: PlanDigest(digest),
        job: job.parse().unwrap(),
        connection: name("hr"),
        run: RunId(1),
        by: "test".to_owned(),
        at: Timestamp(0),
        state: PlanState::Ready,
        configuration: String::new(),
        connector: String::new(),
        counts: Vec::new(),
        holds: Vec::new(),
        free: Vec::new(),
        licences: Vec::new(),
        waiting: 0,
        quarantined: 0,
        steps: 0,
        done: 0,
        outcome: ApplyCounts::default(),
    }
}

fn case(id: Option<&str>) -> QuarantineCase {
    QuarantineCase {
        number: 0,
        connection: name("hr"),
        class: Some(Class::Account),
        id: id.map(ExternalId::from),
        reason: QuarantineReason::Invalid,
        position: "line 1".to_owned(),
        message: String::new(),
        raw: String::new(),
        candidates: Vec::new(),
        run: RunId(1),
        at: Timestamp(0),
    }
}

fn outbox_entry(entity: EntityId, order: u64) -> rosterd_model::outbox::OutboxEntry {
    let key = (Class::Account, entity);
    rosterd_model::outbox::OutboxEntry::new(name("hr"), key, Operation::Update, NOTHING, order, 1)
}
