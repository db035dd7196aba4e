//! Why a step is in a plan.

use super::Operation;
use crate::id::Class;
use crate::value::Text;
use serde::{Deserialize, Serialize};

/// Why a step is in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The source shows a new record and nobody matches it.
    New,
    /// The source shows a new record, and a rule of this tier matched it.
    Matched {
        /// Number of the tier.
        tier: u8,
    },
    /// The object was made anew at its source: the old one is gone, and a strong key of this tier says who it is.
    Recreated {
        /// Number of the tier.
        tier: u8,
    },
    /// The source shows one more employment of somebody, found by a rule of this tier.
    Employment {
        /// Number of the tier.
        tier: u8,
    },
    /// The employment that spoke for somebody ended, and another one of the same source stands.
    Promoted,
    /// An operator said whom the record is about.
    Resolved {
        /// Who.
        by: String,
    },
    /// The source changed a linked record.
    Changed,
    /// The source said that the object is deleted.
    Deleted,
    /// The source said that the object left what it may see, or does not know why it is gone.
    LeftScope,
    /// So many licensed scans of different source versions did not show it, or a person must decide.
    Missing {
        /// Distinct source versions that did not show it, this one included.
        confirmations: u32,
    },
    /// It came back.
    Returned,
    /// The configuration changed, not the record.
    Configuration,
    /// The destination does not have the entity yet.
    Undelivered,
    /// The destination had it before the hub knew of it, and a person said whose it is.
    Adopted {
        /// False: it is disabled there.
        active: bool,
    },
    /// A date came: a first or last day, or the end of the grace.
    Due(Due),
    /// A person ordered that the account be disabled.
    Ordered {
        /// Who.
        by: Text,
        /// Why, in the words of that person.
        text: Text,
        /// True: ahead of every hold and lane.
        urgent: bool,
    },
    /// A person took such an order back.
    Allowed {
        /// Who.
        by: Text,
        /// Why, in the words of that person.
        text: Text,
    },
    /// The org unit goes, and who is in it moves to the holding unit.
    UnitGone,
    /// The hub made the object itself, and reads it now.
    Made,
    /// The last day is over, and was known a day before it came or longer.
    Announced,
    /// Somebody who is in the group left or is back, and the delivery takes leavers out of groups.
    Membership,
    /// Somebody changed it at the destination by hand, and the delivery repairs that.
    Drifted,
    /// The group follows a rule, and who is in it changes.
    Rule(Box<Followed>),
}

/// Who joins and who leaves a group that follows a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Followed {
    /// Name of the rule: `[group.NAME]`.
    pub rule: Text,
    /// How many join.
    pub joined: u64,
    /// How many leave.
    pub left: u64,
    /// Names of some who join, at most [`Followed::SAMPLES`].
    pub joins: Vec<Text>,
    /// Names of some who leave.
    pub leaves: Vec<Text>,
    /// What the same plan does to those accounts in the hub, or to their org units, and whether that was announced: the group
    /// waits with it.
    pub with: Vec<(Class, Operation, bool)>,
}

impl Followed {
    /// So many names say who is meant.
    pub const SAMPLES: usize = 20;
}

impl Reason {
    /// True for leavers whose last day was known a day before it came.
    #[must_use]
    pub const fn announced(&self) -> bool {
        matches!(self, Self::Announced)
    }

    /// True if the step ties its record to an entity that exists.
    #[must_use]
    pub const fn links(&self) -> bool {
        matches!(
            self,
            Self::Matched { .. } | Self::Recreated { .. } | Self::Resolved { .. } | Self::Promoted | Self::Made
        )
    }

    /// True for what goes ahead of every hold and lane.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        matches!(self, Self::Ordered { urgent: true, .. })
    }
}

/// What is due at a date that the hub waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// The account is made ready before the first day.
    Prepare,
    /// The first day begins.
    Start,
    /// The last day is over.
    Leave,
    /// The grace at a destination is over.
    Grace,
    /// The remainder of somebody deleted is not needed any more.
    Purge,
}

impl Due {
    /// All kinds, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Prepare, Self::Start, Self::Leave, Self::Grace, Self::Purge];

    /// The number that stands for the kind in keys of the store. Never changes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Prepare => 1,
            Self::Start => 2,
            Self::Leave => 3,
            Self::Grace => 4,
            Self::Purge => 5,
        }
    }

    /// The kind of a code, if there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|due| due.code() == code)
    }

    /// What it is, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "starts soon",
            Self::Start => "the first day came",
            Self::Leave => "the last day is over",
            Self::Grace => "the grace is over",
            Self::Purge => "the retention is over",
        }
    }
}
