//! `[lifecycle]`: joining and leaving, as far as it is the same for all destinations.

use serde::{Deserialize, Serialize};

/// `[lifecycle]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LifecycleSpec {
    /// The time zone of first and last days of people who have no `timezone`: `Asia/Shanghai`.
    pub zone: String,
    /// Where people go whose org unit is deleted: the id of a unit at its source.
    pub holding_unit: Option<String>,
}

impl Default for LifecycleSpec {
    fn default() -> Self {
        Self { zone: "UTC".to_owned(), holding_unit: None }
    }
}
