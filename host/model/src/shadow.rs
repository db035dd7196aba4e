//! The last known view of one remote object on one connection.

use crate::id::{Class, ExternalId, RunId};
use crate::record::DepartureCause;
use crate::time::Timestamp;
use crate::value::Attributes;
use serde::{Deserialize, Serialize};

/// Hash of a record as the source said it; equal hashes mean that nothing was said anew.
pub type RecordHash = [u8; 16];

/// The part of a shadow that observing needs, in a row of its own: small, so that a million of them fit in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowHead {
    /// Dense number of the shadow within its connection and class, from 0. Never reused.
    pub ordinal: u32,
    /// Hash of the last record.
    pub hash: RecordHash,
    /// Sequence of the last change of the shadow.
    pub seq: u64,
    /// False: a tombstone.
    pub live: bool,
}

/// What we know of an object that the source no longer shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShadowState {
    /// The source shows it.
    Live,
    /// The source does not, or said that it is gone.
    Tombstone {
        /// What the source said; absence confirmed by licensed scans is `Unknown`.
        cause: DepartureCause,
        /// True: concluded by the host from licensed scans; false: the source said so.
        absent: bool,
        /// When.
        at: Timestamp,
        /// In which run.
        run: RunId,
    },
}

/// The last known view of one remote object: normalised attributes, hash, version, sequence, live or tombstone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    /// The kind of object.
    pub class: Class,
    /// Its id in the remote system.
    pub id: ExternalId,
    /// Version of the source, if it has one.
    pub version: Option<String>,
    /// Hash of the last record.
    pub hash: RecordHash,
    /// Sequence of the last change.
    pub seq: u64,
    /// True: attributes not present are unknown, not empty.
    pub partial: bool,
    /// Normalised attributes.
    pub attributes: Attributes,
    /// Live, or a tombstone.
    pub state: ShadowState,
}

/// A shadow that licensed scans did not show: counted until it counts as gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Distinct versions of the source that did not show it.
    pub confirmations: u32,
    /// Digest of the source version that was counted last.
    pub source_version: String,
    /// When it was counted last.
    pub at: Timestamp,
    /// When it was first found missing.
    pub first: Timestamp,
}
