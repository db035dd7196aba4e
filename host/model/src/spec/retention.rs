//! `[retention]`: how long what is over is kept.

use serde::{Deserialize, Serialize};

/// `[retention]`: each class of what is over has a time of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RetentionSpec {
    /// Replaced values of accounts, org units and groups.
    pub history: String,
    /// Records of runs, and heads of plans that are over.
    pub runs: String,
    /// Steps of plans that are over; their heads and digests stay as long as runs do.
    pub plans: String,
    /// What is known of objects that are gone. At least 30 days.
    pub tombstones: String,
}

impl Default for RetentionSpec {
    fn default() -> Self {
        let days = |days: u32| format!("{days}d");
        Self { history: days(730), runs: days(400), plans: days(30), tombstones: days(180) }
    }
}
