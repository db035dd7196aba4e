//! `[deliver.CONNECTION]`: what destinations are told.

use super::RuleSpec;
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
    /// Whether an unattended run may make the first delivery, or a person must see its plan first.
    #[serde(default)]
    pub first_delivery: FirstDelivery,
    /// What happens when an object that is to be changed is no longer there.
    #[serde(default)]
    pub on_missing: OnMissing,
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

/// `[deliver.CONNECTION.account]` and its siblings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OutboundSpec {
    /// Attribute of the destination = expression over `account` (or `orgUnit`, `group`).
    #[serde(default)]
    pub map: BTreeMap<String, RuleSpec>,
    /// Attributes that identify an object there and that no two share, best first; each must be mapped.
    #[serde(default, rename = "match")]
    pub matching: Vec<String>,
}
