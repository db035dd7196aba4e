//! Records and entities set aside until somebody acts.

use crate::id::{Class, ConnectionId, EntityId, ExternalId, RunId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why something was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuarantineReason {
    /// The connector could not read it.
    Rejected,
    /// The record is no valid JSON object, or an attribute of it can not be normalised.
    Invalid,
    /// A mapping rule failed on it.
    Mapping,
    /// Two records of one scan have the same external id and differ.
    Duplicate,
    /// Several entities match, and none may be guessed.
    Ambiguous,
    /// Several records of one run want the same entity or the same unique value.
    Disputed,
    /// The entity that matches is already linked to another object of this connection.
    AlreadyLinked,
    /// Exactly one entity matches by a rule that a person must confirm.
    Review,
    /// A unique value is taken by another entity.
    Collision,
    /// A reference cycle, or a parent that can not be.
    Structure,
    /// Somebody who left seems to be back, and it may be somebody else who was given his id.
    Returning,
    /// Nobody matches, and the job creates nobody.
    Unmatched,
}

impl QuarantineReason {
    /// The word for the reason.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Invalid => "invalid",
            Self::Mapping => "mapping",
            Self::Duplicate => "duplicate",
            Self::Ambiguous => "ambiguous",
            Self::Disputed => "disputed",
            Self::AlreadyLinked => "already-linked",
            Self::Review => "review",
            Self::Collision => "collision",
            Self::Structure => "structure",
            Self::Returning => "returning",
            Self::Unmatched => "unmatched",
        }
    }
}
impl fmt::Display for QuarantineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A record or entity set aside; left out of planning and of absence until released or changed at its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineCase {
    /// Number of the case, from 1; never reused.
    pub number: u64,
    /// The connection it came from.
    pub connection: ConnectionId,
    /// The kind of object, if known.
    pub class: Option<Class>,
    /// Its external id, if known.
    pub id: Option<ExternalId>,
    /// Why.
    pub reason: QuarantineReason,
    /// Where in the source: "line 17, column 3".
    pub position: String,
    /// What was wrong and what to do, as a sentence.
    pub message: String,
    /// The raw record, cut to 4 KiB.
    pub raw: String,
    /// Entities from which a person must choose.
    pub candidates: Vec<EntityId>,
    /// The run that opened it.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
}
