//! `[group.NAME]`: a group that the hub makes and keeps itself, by a rule.

use serde::{Deserialize, Serialize};

/// `[group.NAME]`: a group whose members are the accounts for which an expression is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupSpec {
    /// What people call the group, and destinations; the name of the table if nothing is said.
    #[serde(default)]
    pub display_name: Option<String>,
    /// An expression over `account`: who is in it.
    pub members: String,
}
