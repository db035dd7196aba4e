//! `[guard]` and `[protect]`.

use serde::{Deserialize, Serialize};

/// A threshold of the guard: it trips when more than `max(floor, percent of the live objects)` or more than `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Threshold {
    /// So many are never too many.
    pub floor: u64,
    /// Share of the live objects, in percent.
    pub percent: f64,
    /// More are always too many; none: no cap.
    pub cap: Option<u64>,
}

/// What happens to the rest of a plan when a bucket trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnTrip {
    /// What tripped and what depends on it waits; the rest goes on.
    #[default]
    ApplySafe,
    /// Everything waits.
    HoldAll,
}

/// `[guard]`: thresholds by operation; those not named have the documented defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct GuardSpec {
    /// Creates at a destination, and in the hub once it has people.
    pub create: Option<Threshold>,
    /// Updates.
    pub update: Option<Threshold>,
    /// Renames.
    pub rename: Option<Threshold>,
    /// Moves.
    #[serde(rename = "move")]
    pub move_: Option<Threshold>,
    /// Attributes emptied.
    pub clear: Option<Threshold>,
    /// Disables.
    pub disable: Option<Threshold>,
    /// Disables and deletes of leavers who were announced a day ahead, which count apart.
    pub announced: Option<Threshold>,
    /// Members removed from one group; the percentage is of its members.
    pub remove_member: Option<Threshold>,
    /// Deletes of accounts and groups.
    pub delete: Option<Threshold>,
    /// Deletes of org units.
    pub delete_org_unit: Option<Threshold>,
    /// What happens to the rest.
    pub on_trip: OnTrip,
    /// So many times the threshold of one run may be done within 24 hours, all runs together.
    pub rolling: Rolling,
}

/// A factor from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Rolling(pub f64);

impl Default for Rolling {
    fn default() -> Self {
        Self(2.0)
    }
}

/// `[approval]`: who may release what a guard holds, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ApprovalSpec {
    /// True: whoever made a plan may not approve it.
    pub four_eyes: bool,
    /// How long an approval is good for: `24h`, `30m`.
    pub expires: String,
}

impl Default for ApprovalSpec {
    fn default() -> Self {
        Self { four_eyes: false, expires: "24h".to_owned() }
    }
}

/// `[protect]`: who is never disabled, renamed, moved or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ProtectSpec {
    /// User names, or expressions over `account`.
    pub accounts: Vec<String>,
}
