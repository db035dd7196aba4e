//! Reactions to what correlation finds, by situation.

use serde::{Deserialize, Serialize};

/// `[job.NAME.CLASS.reaction]`: what happens to a record in each situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ReactionSpec {
    /// One entity matches.
    pub matched: MatchReaction,
    /// Several entities match.
    pub ambiguous: CaseReaction,
    /// The entity that matches is linked to another object.
    pub already_linked: CaseReaction,
    /// Several records of one run want the same.
    pub disputed: CaseReaction,
    /// The object left what the connection may see.
    pub left_scope: ScopeReaction,
}

/// Reaction to a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MatchReaction {
    /// Link the record.
    #[default]
    Link,
    /// Set it aside: a person links it.
    Quarantine,
    /// Let it be.
    Ignore,
}

/// Reaction to what no rule can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CaseReaction {
    /// Set the record aside: a person decides.
    #[default]
    Quarantine,
    /// Let it be until it changes.
    Ignore,
}

/// Reaction to an object that left what the connection may see. It is never taken for a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ScopeReaction {
    /// Set it aside: a person decides.
    #[default]
    Quarantine,
    /// Untie it: the connection says nothing more about the entity.
    Unlink,
    /// Let it be: its last words count.
    Ignore,
}

/// `[job.NAME.CLASS.returning]`: who is let in again after he left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ReturningSpec {
    /// What happens when an id or a strong key is that of somebody who left.
    pub reaction: ReturnReaction,
    /// Whoever left longer ago is for a person to judge.
    pub reuse_guard: String,
    /// Attributes of the hub that tell people apart: if one differs, the id was given to somebody else.
    pub identity: Vec<String>,
}

impl Default for ReturningSpec {
    fn default() -> Self {
        let identity = ["name.familyName", "name.givenName", "displayName", "startDate"];
        Self {
            reaction: ReturnReaction::default(),
            reuse_guard: "90d".to_owned(),
            identity: identity.map(str::to_owned).to_vec(),
        }
    }
}

/// Reaction to somebody who is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReturnReaction {
    /// The same accounts become active again.
    #[default]
    Reactivate,
    /// A person decides.
    Review,
}
