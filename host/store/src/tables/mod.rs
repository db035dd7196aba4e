//! Typed access to the tables: one file per area, each with one trait for reading and one for writing.
//!
//! The traits are implemented for everything that can be read or written through [`crate::kv`], so the same methods
//! serve a [`crate::Snapshot`] and, inside of a transaction, a [`crate::Writer`]. Import all of them with
//! `use rosterd_store::prelude::*`.

pub mod accepted;
pub mod audit;
pub mod bitmaps;
pub mod budget;
pub mod circuits;
pub mod claims;
pub mod clients;
pub mod connections;
pub mod entities;
pub mod erased;
pub mod full_scans;
pub mod hints;
pub mod history;
pub mod links;
pub mod meta;
pub mod missing;
pub mod orders;
pub mod outbox;
pub mod overrides;
pub mod owed;
pub mod passwords;
pub mod pending_refs;
pub mod plans;
pub mod projections;
pub mod quarantine;
pub mod reservations;
pub mod resolutions;
pub mod runs;
pub mod scans;
pub mod scratch;
pub mod shadow_keys;
pub mod shadows;
pub mod steps;
pub mod timers;
pub mod totals;
pub mod unsettled;

pub use accepted::{ReadAccepted, WriteAccepted};
pub use audit::{ReadAudit, WriteAudit};
pub use bitmaps::{ReadBitmaps, WriteBitmaps};
pub use budget::{ReadBudget, WriteBudget};
pub use circuits::{ReadCircuits, WriteCircuits};
pub use claims::{ReadClaims, WriteClaims};
pub use clients::{ReadClients, WriteClients};
pub use connections::{ReadConnections, WriteConnections};
pub use entities::{ReadEntities, WriteEntities};
pub use erased::{ReadErased, WriteErased};
pub use full_scans::{ReadFullScans, WriteFullScans};
pub use hints::{ReadHints, WriteHints};
pub use history::{ReadHistory, WriteHistory};
pub use links::{ReadLinks, WriteLinks};
pub use meta::{ReadMeta, WriteMeta};
pub use missing::{ReadMissing, WriteMissing};
pub use orders::{ReadOrders, WriteOrders};
pub use outbox::{ReadOutbox, WriteOutbox};
pub use overrides::{ReadOverrides, WriteOverrides};
pub use owed::{ReadOwed, WriteOwed};
pub use passwords::{ReadPasswords, WritePasswords};
pub use pending_refs::{ReadPendingRefs, WritePendingRefs};
pub use plans::{ReadPlans, WritePlans};
pub use projections::{ReadProjections, WriteProjections};
pub use quarantine::{ReadQuarantine, WriteQuarantine};
pub use reservations::{ReadReservations, WriteReservations};
pub use resolutions::{ReadResolutions, WriteResolutions};
pub use runs::{ReadRuns, WriteRuns};
pub use scans::{ReadScans, WriteScans};
pub use scratch::{ReadScratch, WriteScratch};
pub use shadow_keys::{ReadShadowKeys, WriteShadowKeys};
pub use shadows::{ReadShadows, WriteShadows};
pub use steps::{ReadSteps, WriteSteps};
pub use timers::{ReadTimers, WriteTimers};
pub use totals::{ReadTotals, WriteTotals};
pub use unsettled::{ReadUnsettled, WriteUnsettled};
