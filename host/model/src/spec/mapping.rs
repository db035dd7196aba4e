//! Mapping rules.

use serde::{Deserialize, Serialize};

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
    /// The value is the beginning of a name that nobody else may have, made once: `{}{n}@example.com`, where `{}` is the
    /// value and `{n}` a number that tells people of one name apart.
    #[serde(default)]
    pub unique: Option<String>,
    /// What becomes of several values when several connections have some.
    #[serde(default)]
    pub multi: Multi,
}

/// What becomes of several values when several connections have some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Multi {
    /// Those of the connection that decides.
    #[default]
    Replace,
    /// Those of all connections together: each takes back only what it gave.
    Provenance,
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
                unique: None,
                multi: Multi::default(),
            },
        }
    }
}
