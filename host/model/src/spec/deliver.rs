//! `[deliver.CONNECTION]`: what destinations are told.

use super::{RuleSpec, TierSpec};
use crate::id::Class;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Where those who left are moved to with `on-leave = "move"`: the id of a unit there.
    pub leave_unit: Option<String>,
    /// How long after somebody left the account there is kept: `30d`.
    #[serde(default = "grace")]
    pub grace: String,
    /// What happens to it then.
    #[serde(default)]
    pub on_grace_end: OnGraceEnd,
    /// Whether a person must approve deletes that are due.
    #[serde(default)]
    pub delete_requires: DeleteRequires,
    /// What happens there while somebody is suspended.
    #[serde(default)]
    pub on_suspend: OnSuspend,
    /// How long before the first day the account is made there, disabled: `7d`. As soon as the person is known if none.
    pub prepare: Option<String>,
    /// Whether an unattended run may make the first delivery, or a person must see its plan first.
    #[serde(default)]
    pub first_delivery: FirstDelivery,
    /// What happens when an object that is to be changed is no longer there.
    #[serde(default)]
    pub on_missing: OnMissing,
    /// What happens about what was changed there by hand.
    #[serde(default)]
    pub drift: OnDrift,
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

fn grace() -> String {
    "30d".to_owned()
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
    /// It is disabled, and taken out of all groups there.
    StripGroups,
    /// It is disabled, and moved to the `leave-unit`.
    Move,
    /// Nothing.
    None,
}

/// What happens at a destination when the grace of somebody who left is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnGraceEnd {
    /// The account is deleted.
    Delete,
    /// It stays as it is.
    #[default]
    Keep,
}

/// Who lets deletes through that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeleteRequires {
    /// Nobody, unless the guard holds them.
    Auto,
    /// A person.
    #[default]
    Approval,
}

/// What happens at a destination while somebody is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnSuspend {
    /// The account is disabled.
    #[default]
    Disable,
    /// Nothing.
    None,
}

/// What happens when an object that is to be changed is no longer at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnMissing {
    /// It waits for a person.
    #[default]
    Hold,
    /// It is looked for, and made again if it is not found.
    Create,
}

/// What happens about what was changed at a destination by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnDrift {
    /// It is reported.
    #[default]
    Report,
    /// It is reported, and put right by a plan under the guard.
    Repair,
}

/// `[deliver.CONNECTION.account]` and its siblings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OutboundSpec {
    /// Attribute of the destination = expression over `account` (or `orgUnit`, `group`).
    #[serde(default)]
    pub map: BTreeMap<String, RuleSpec>,
    /// Rules over attributes of the destination by which an object that is there already finds its entity, in tiers.
    #[serde(default)]
    pub correlate: Vec<TierSpec>,
    /// Attributes that identify an object there and that no two share, best first; each must be mapped.
    #[serde(default, rename = "match")]
    pub matching: Vec<String>,
}
