//! The durable store of rosterd, on redb.
//!
//! Everything that the hub knows lies in one file: what sources said (shadows), the directory that it keeps (entities,
//! claims, links), what it is about to do (plans, outbox) and what it did (runs, history, audit). The tables and the
//! layout of their keys stand in [`schema`].
//!
//! Reading order: [`schema`], [`key`] and [`codec`] say how rows look; [`kv`] is the seam to the engine; [`tables`] gives
//! typed access; [`open`] and [`commit`] make, open and change a store; [`verify`], [`backup`], [`stats`] and [`digest`]
//! look at all of it.
//!
//! What may be relied upon:
//! - A call of [`Store::commit`] is stored as a whole, durably, or not at all, whenever the process or the machine dies.
//! - A [`Snapshot`] is one consistent view; it never changes.
//! - One process at a time writes, and while it does nobody else has the file open.
//! - A store of a later version is refused, one of an earlier version is upgraded with a backup beside it.
#![warn(missing_docs)]

pub mod backup;
pub mod codec;
pub mod commit;
pub mod counters;
pub mod digest;
pub mod error;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod gather;
pub mod key;
pub mod kv;
pub mod migrate;
pub mod open;
pub mod schema;
pub mod snapshot;
pub mod stats;
pub mod tables;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verify;

#[cfg(test)]
mod tests;

pub use commit::Writer;
pub use counters::Counters;
pub use error::StoreError;
pub use key::ConnectionNumber;
pub use open::{OpenOptions, Store};
pub use schema::{SCHEMA_VERSION, Table};
pub use snapshot::Snapshot;
pub use tables::audit::AuditRow;
pub use tables::circuits::InFlight;
pub use tables::entities::EntityKey;
pub use tables::links::LinkOf;
pub use tables::meta::Counter;
pub use tables::pending_refs::MissingReference;
pub use tables::scans::{LastScan, ScanProgress};
pub use tables::steps::StepRow;

/// All traits of the store: `use rosterd_store::prelude::*` brings every method of [`Snapshot`] and [`Writer`] in scope.
pub mod prelude {
    pub use crate::kv::{Read, Write};
    pub use crate::tables::{
        ReadAudit, ReadBitmaps, ReadCircuits, ReadClaims, ReadConnections, ReadEntities, ReadHistory, ReadLinks, ReadMeta,
        ReadMissing, ReadOutbox, ReadPendingRefs, ReadPlans, ReadProjections, ReadQuarantine, ReadRuns, ReadScans, ReadScratch,
        ReadShadows, ReadSteps, ReadTotals, ReadUnsettled, WriteAudit, WriteBitmaps, WriteCircuits, WriteClaims, WriteConnections,
        WriteEntities, WriteHistory, WriteLinks, WriteMeta, WriteMissing, WriteOutbox, WritePendingRefs, WritePlans, WriteProjections,
        WriteQuarantine, WriteRuns, WriteScans, WriteScratch, WriteShadows, WriteSteps, WriteTotals, WriteUnsettled,
    };
}
