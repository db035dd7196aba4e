//! What people decided: how a case is to be resolved, which value an operator sets, which names stay with the gone.
//!
//! A decision changes nothing by itself. The next plan of the job uses it, so that everything still goes through a plan,
//! its digest and the guard.

use crate::id::EntityId;
use crate::time::Timestamp;
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// How an operator resolved a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The record is about this entity.
    Link(EntityId),
    /// It is about somebody whom the hub does not know yet.
    Create,
    /// It is left alone until its source says something else of it.
    Ignore {
        /// Sequence of the shadow that is left alone.
        seq: u64,
    },
}

/// The decision of an operator about one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What is to be done.
    pub choice: Choice,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A value that an operator set, which stands before all sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// The value; `Null` asserts that there is none.
    pub value: Value,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// From when on it counts no more; none: until it is removed.
    pub until: Option<Timestamp>,
}

impl Override {
    /// True while it counts.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A user name or mail address that stays with one entity, and is given to nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Whose it is or was.
    pub entity: EntityId,
    /// Until when; none: as long as the entity is there.
    pub until: Option<Timestamp>,
}

impl Reservation {
    /// True if the value may not be given to `other` now.
    #[must_use]
    pub fn keeps_from(&self, other: Option<EntityId>, now: Timestamp) -> bool {
        other != Some(self.entity) && self.until.is_none_or(|until| now < until)
    }
}
