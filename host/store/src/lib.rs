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
pub mod draft;
pub mod erase;
pub mod error;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod gather;
pub mod holder;
mod kept;
pub mod key;
pub mod kv;
mod lag;
pub mod line;
pub mod migrate;
mod narrow;
mod on_disk;
pub mod open;
pub mod schema;
pub mod snapshot;
pub mod stats;
pub mod tables;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verify;
mod waiting;
pub mod walk;
mod wire;
pub mod writer;

#[cfg(test)]
mod tests;

pub use counters::Counters;
pub use draft::Draft;
pub use error::StoreError;
pub use key::ConnectionNumber;
pub use line::Line;
pub use open::{OpenOptions, Store};
pub use schema::{SCHEMA_VERSION, Table};
pub use snapshot::Snapshot;
pub use tables::accepted::{Accepted, AppliedRole};
pub use tables::audit::{AuditChain, AuditProblem, AuditRow};
pub use tables::budget::Spending;
pub use tables::circuits::InFlight;
pub use tables::clients::{ClientRow, FormerSecret, SecretHash};
pub use tables::entities::EntityKey;
pub use tables::full_scans::FullScan;
pub use tables::group_rules::FollowedRule;
pub use tables::hints::StoredHint;
pub use tables::links::LinkOf;
pub use tables::meta::Counter;
pub use tables::orders::Order;
pub use tables::passwords::SealedPassword;
pub use tables::pending_refs::MissingReference;
pub use tables::runs::first_run_since;
pub use tables::scans::{LastScan, ScanProgress};
pub use tables::shadows::StoredShadow;
pub use tables::steps::StepRow;
pub use tables::timers::Timer;
pub use walk::Walks;
pub use writer::Writer;

/// All traits of the store: `use rosterd_store::prelude::*` brings every method of [`Snapshot`] and [`Writer`] in scope.
pub mod prelude {
    pub use crate::kv::{Read, Write};
    pub use crate::tables::{
        ReadAccepted, ReadAudit, ReadBitmaps, ReadBudget, ReadCircuits, ReadClaims, ReadConnections, ReadEntities,
        ReadErased, ReadHistory, ReadLinks, ReadMeta, ReadMissing, ReadOrders, ReadOutbox, ReadOverrides, ReadOwed,
        ReadPendingRefs, ReadPlans, ReadProjections, ReadQuarantine, ReadReservations, ReadResolutions, ReadRuns,
        ReadScans, ReadScratch, ReadShadows, ReadSteps, ReadTimers, ReadTotals, ReadUnsettled, WriteAccepted,
        WriteAudit, WriteBitmaps, WriteBudget, WriteCircuits, WriteClaims, WriteConnections, WriteEntities,
        WriteErased, WriteHistory, WriteLinks, WriteMeta, WriteMissing, WriteOrders, WriteOutbox, WriteOverrides,
        WriteOwed, WritePendingRefs, WritePlans, WriteProjections, WriteQuarantine, WriteReservations,
        WriteResolutions, WriteRuns, WriteScans, WriteScratch, WriteShadows, WriteSteps, WriteTimers, WriteTotals,
        WriteUnsettled,
    };
    pub use crate::tables::{ReadClients, WriteClients};
    pub use crate::tables::{ReadFullScans, ReadGroupRules, ReadHints, ReadPasswords, ReadShadowKeys};
    pub use crate::tables::{WriteFullScans, WriteGroupRules, WriteHints, WritePasswords, WriteShadowKeys};
}
