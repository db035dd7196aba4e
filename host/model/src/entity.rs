//! The durable objects of the hub's own directory.

use crate::id::{Class, EntityId, RunId};
use crate::time::Timestamp;
use crate::value::Attributes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why the hub disabled an entity. A re-enable clears only reasons that the hub set itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisabledReason {
    /// The person left.
    Leaver,
    /// It left the scope of its source, by the operator's policy.
    OutOfScope,
    /// An operator disabled it.
    Manual,
    /// A guard did.
    Guard,
}

/// Where an entity stands between joining and leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// Known, not yet started.
    Pending {
        /// Start of the first day.
        start_at: Timestamp,
    },
    /// Works here.
    Active,
    /// On leave, or disabled at the source: not a leaver.
    Suspended,
    /// Will leave.
    Leaving {
        /// End of the last day.
        effective_at: Timestamp,
    },
    /// No longer allowed in.
    Disabled {
        /// Why.
        reason: DisabledReason,
        /// Since when.
        at: Timestamp,
    },
    /// Deleted; the id and its names stay reserved.
    Deleted {
        /// Since when.
        at: Timestamp,
    },
}

impl Lifecycle {
    /// The word for this state, without its times.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Leaving { .. } => "leaving",
            Self::Disabled { .. } => "disabled",
            Self::Deleted { .. } => "deleted",
        }
    }

    /// True unless it has left for good: what the guard counts as living.
    #[must_use]
    pub const fn is_living(&self) -> bool {
        !matches!(self, Self::Deleted { .. } | Self::Disabled { reason: DisabledReason::Leaver, .. })
    }

    /// True while the account should be usable: active and leaving.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active | Self::Leaving { .. })
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An account, org unit or group of the hub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Its id.
    pub id: EntityId,
    /// Its kind.
    pub class: Class,
    /// Effective attributes: for each the claim that won by authority.
    pub attributes: Attributes,
    /// Where it stands between joining and leaving.
    pub lifecycle: Lifecycle,
    /// Counts changes, from 1.
    pub revision: u64,
    /// The run that created it.
    pub created: RunId,
    /// The run that changed it last.
    pub changed: RunId,
}

impl Entity {
    /// The same object with other attributes and in another state.
    #[must_use]
    pub const fn with(&self, attributes: Attributes, lifecycle: Lifecycle) -> Self {
        let Self { id, class, revision, created, changed, .. } = *self;
        Self { id, class, attributes, lifecycle, revision, created, changed }
    }
}
