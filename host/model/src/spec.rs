//! The standing configuration of flows: what an operator writes in `rosterd.toml`, as values.
//!
//! The shapes here are those of the file's tables; keys are kebab-case and unknown keys are refused.

use crate::id::{Class, ConnectionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[job.NAME]`: a job reads one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JobSpec {
    /// The connection to read.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub source: ConnectionId,
    /// How accounts are mapped and correlated.
    #[serde(default)]
    pub account: ClassSpec,
    /// How org units are.
    #[serde(default)]
    pub org_unit: ClassSpec,
    /// How groups are.
    #[serde(default)]
    pub group: ClassSpec,
    /// When absence counts as gone.
    #[serde(default)]
    pub absence: AbsenceSpec,
}

impl JobSpec {
    /// The part for a class.
    #[must_use]
    pub fn class(&self, class: Class) -> &ClassSpec {
        match class {
            Class::Account => &self.account,
            Class::OrgUnit => &self.org_unit,
            Class::Group => &self.group,
        }
    }
}

/// `[job.NAME.account]` and its siblings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClassSpec {
    /// Strong keys are compared only between connections of one key space; the connection's own name if none.
    pub key_space: Option<String>,
    /// Rules by which a new record finds its entity, in tiers.
    #[serde(default)]
    pub correlate: Vec<TierSpec>,
    /// What to do with a record that nobody matches.
    #[serde(default)]
    pub unmatched: Unmatched,
    /// Target attribute = expression over `source`.
    #[serde(default)]
    pub map: BTreeMap<String, RuleSpec>,
}

/// Reaction to a record that nobody matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Unmatched {
    /// Create an entity: the source is authoritative.
    #[default]
    Create,
    /// Report it, and create nothing.
    Report,
}

/// One rule of correlation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TierSpec {
    /// Lower tiers are tried first; rules of one tier together.
    pub tier: u8,
    /// Hub attributes that must all be equal.
    #[serde(rename = "match")]
    pub attributes: Vec<String>,
    /// Whether a person must confirm.
    #[serde(default)]
    pub mode: TierMode,
}

/// Whether a match links by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TierMode {
    /// Link.
    #[default]
    Auto,
    /// Open a quarantine case with the candidate.
    Review,
}

/// A mapping rule: an expression alone, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a CEL expression as text, or a table { from, when, strength, apply, on-null }")]
pub enum RuleSpec {
    /// The expression.
    Expression(String),
    /// The expression and how it is applied.
    Full(RuleTable),
}

/// The long form of a mapping rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleTable {
    /// The expression.
    pub from: String,
    /// The rule applies only where this expression is true.
    pub when: Option<String>,
    /// How insistent the rule is.
    #[serde(default)]
    pub strength: Strength,
    /// When it is applied.
    #[serde(default)]
    pub apply: Apply,
    /// What an empty value means.
    #[serde(default)]
    pub on_null: OnNull,
}

/// How insistent a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Only if the target has no value.
    Weak,
    /// When its sources changed.
    #[default]
    Normal,
    /// Always.
    Strong,
}

/// When a rule is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Apply {
    /// On every change.
    #[default]
    Always,
    /// When the object is created, and not again.
    OnCreate,
    /// When the record is linked, and not again.
    OnLink,
}

/// What an empty value of a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnNull {
    /// The target keeps its value.
    #[default]
    Keep,
    /// The target is cleared.
    Clear,
}

impl RuleSpec {
    /// The long form.
    #[must_use]
    pub fn table(&self) -> RuleTable {
        match self {
            Self::Full(table) => table.clone(),
            Self::Expression(from) => RuleTable {
                from: from.clone(),
                when: None,
                strength: Strength::default(),
                apply: Apply::default(),
                on_null: OnNull::default(),
            },
        }
    }
}

/// `[job.NAME.absence]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AbsenceSpec {
    /// Licensed scans of different source versions that must not show an object before it counts as gone.
    pub confirmations: u32,
    /// They must be at least so far apart: `12h`, `30m`, `0s`.
    pub min_interval: String,
    /// A scan with fewer records than this percentage of the last licensed one gets no licence.
    pub shrink_percent: f64,
}

impl Default for AbsenceSpec {
    fn default() -> Self {
        Self { confirmations: 2, min_interval: "12h".to_owned(), shrink_percent: 90.0 }
    }
}

/// `[authority]`: which connection may decide an attribute, in what order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AuthoritySpec {
    /// Attribute to connections; `default` for all that are not named, `lifecycle` for joining and leaving.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Vec<String>>"))]
    pub order: BTreeMap<String, Vec<ConnectionId>>,
}

/// `[deliver.CONNECTION]`: a delivery writes to one destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeliverySpec {
    /// An expression over `account`: who is delivered. Everybody if none.
    pub scope: Option<String>,
    /// What happens there when somebody leaves.
    #[serde(default)]
    pub on_leave: OnLeave,
    /// Whether an unattended run may make the first delivery, or a person must see its plan first.
    #[serde(default)]
    pub first_delivery: FirstDelivery,
    /// How accounts are mapped.
    #[serde(default)]
    pub account: OutboundSpec,
    /// How org units are; they are delivered only if this maps something.
    #[serde(default)]
    pub org_unit: OutboundSpec,
    /// How groups are; they are delivered only if this maps something.
    #[serde(default)]
    pub group: OutboundSpec,
}

impl DeliverySpec {
    /// The part for a class.
    #[must_use]
    pub fn class(&self, class: Class) -> &OutboundSpec {
        match class {
            Class::Account => &self.account,
            Class::OrgUnit => &self.org_unit,
            Class::Group => &self.group,
        }
    }
}

/// Who may make the first delivery to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FirstDelivery {
    /// A person, who applies its plan by the digest.
    #[default]
    Hold,
    /// Anybody: for destinations that start empty by design.
    Allow,
}

/// What happens at a destination when somebody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnLeave {
    /// The account is disabled.
    #[default]
    Disable,
    /// It is deleted.
    Delete,
    /// Nothing.
    None,
}

/// `[deliver.CONNECTION.account]` and its siblings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OutboundSpec {
    /// Attribute of the destination = expression over `account` (or `orgUnit`, `group`).
    #[serde(default)]
    pub map: BTreeMap<String, RuleSpec>,
}

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
    /// Deletes of accounts and groups.
    pub delete: Option<Threshold>,
    /// Deletes of org units.
    pub delete_org_unit: Option<Threshold>,
    /// What happens to the rest.
    pub on_trip: OnTrip,
}

/// `[protect]`: who is never disabled, renamed, moved or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ProtectSpec {
    /// User names, or expressions over `account`.
    pub accounts: Vec<String>,
}

/// Everything that decides what a run plans; its canonical text gives the configuration digest of a plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PolicySpec {
    /// Jobs by name.
    pub jobs: BTreeMap<String, JobSpec>,
    /// Deliveries by destination.
    pub deliver: BTreeMap<ConnectionId, DeliverySpec>,
    /// Authority.
    pub authority: AuthoritySpec,
    /// Guard.
    pub guard: GuardSpec,
    /// Protected accounts.
    pub protect: ProtectSpec,
}
