//! Rules of correlation.

use serde::{Deserialize, Serialize};

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
