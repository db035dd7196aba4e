//! `[job.NAME]`: what a job reads, how its records become entities, and when absence counts.

use super::{ReactionSpec, ReturningSpec, RuleSpec, TierSpec};
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
    /// True: nothing is read from the source. Its clients say what is (the Developer API, SCIM clients), one object at a time,
    /// and nobody is missing because he was not mentioned.
    #[serde(default)]
    pub pushed: bool,
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
    /// What to do in the other situations.
    #[serde(default)]
    pub reaction: ReactionSpec,
    /// Who is let in again after he left.
    #[serde(default)]
    pub returning: ReturningSpec,
    /// Whether one person may have several records, one for each employment.
    #[serde(default)]
    pub employments: Employments,
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
    /// Set it aside, and create nothing.
    Report,
    /// Let it be, without a word.
    Ignore,
}

/// Whether a source shows one record of a person, or one for each employment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Employments {
    /// One record: a second one is a case for a person.
    #[default]
    One,
    /// One record for each employment: nobody leaves while one of them stands.
    Several,
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
