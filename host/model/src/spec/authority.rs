//! `[authority]`: which connection may decide an attribute, in what order.

use crate::id::ConnectionId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[authority]`: which connection may decide an attribute, in what order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AuthoritySpec {
    /// Attribute to connections; `default` for all that are not named, `lifecycle` for joining and leaving.
    pub order: BTreeMap<String, Vec<AuthorityEntry>>,
}

/// A place in an order: a connection, or a table that says under which conditions it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "the name of a connection, or a table { connection, max-age, when }")]
pub enum AuthorityEntry {
    /// The connection.
    Connection(#[cfg_attr(feature = "schema", schemars(with = "String"))] ConnectionId),
    /// The connection under conditions.
    Full(AuthorityRule),
}

/// A place in an order, under conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuthorityRule {
    /// The connection.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub connection: ConnectionId,
    /// It counts only if it was read to its end so recently: `7d`.
    #[serde(default)]
    pub max_age: Option<String>,
    /// It counts only where this expression over `account` (or `orgUnit`, `group`) is true.
    #[serde(default)]
    pub when: Option<String>,
}

impl AuthorityEntry {
    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        match self {
            Self::Connection(connection) | Self::Full(AuthorityRule { connection, .. }) => connection,
        }
    }
}

impl From<ConnectionId> for AuthorityEntry {
    fn from(connection: ConnectionId) -> Self {
        Self::Connection(connection)
    }
}
