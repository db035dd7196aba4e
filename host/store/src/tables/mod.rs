//! Typed access to the tables: one file per area, each with one trait for reading and one for writing.
//!
//! The traits are implemented for everything that can be read or written through [`crate::kv`], so the same methods
//! serve a [`crate::Snapshot`] and, inside of a transaction, a [`crate::Writer`]. Import all of them with
//! `use rosterd_store::prelude::*`.

pub mod audit;
pub mod bitmaps;
pub mod circuits;
pub mod claims;
pub mod connections;
pub mod entities;
pub mod history;
pub mod links;
pub mod meta;
pub mod missing;
pub mod outbox;
pub mod pending_refs;
pub mod plans;
pub mod projections;
pub mod quarantine;
pub mod runs;
pub mod scans;
pub mod scratch;
pub mod shadows;
pub mod steps;
pub mod totals;
pub mod unsettled;

pub use audit::{ReadAudit, WriteAudit};
pub use bitmaps::{ReadBitmaps, WriteBitmaps};
pub use circuits::{ReadCircuits, WriteCircuits};
pub use claims::{ReadClaims, WriteClaims};
pub use connections::{ReadConnections, WriteConnections};
pub use entities::{ReadEntities, WriteEntities};
pub use history::{ReadHistory, WriteHistory};
pub use links::{ReadLinks, WriteLinks};
pub use meta::{ReadMeta, WriteMeta};
pub use missing::{ReadMissing, WriteMissing};
pub use outbox::{ReadOutbox, WriteOutbox};
pub use pending_refs::{ReadPendingRefs, WritePendingRefs};
pub use plans::{ReadPlans, WritePlans};
pub use projections::{ReadProjections, WriteProjections};
pub use quarantine::{ReadQuarantine, WriteQuarantine};
pub use runs::{ReadRuns, WriteRuns};
pub use scans::{ReadScans, WriteScans};
pub use scratch::{ReadScratch, WriteScratch};
pub use shadows::{ReadShadows, WriteShadows};
pub use steps::{ReadSteps, WriteSteps};
pub use totals::{ReadTotals, WriteTotals};
pub use unsettled::{ReadUnsettled, WriteUnsettled};
