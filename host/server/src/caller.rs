//! Who calls: a client of a connection, once it has shown who it is.
//!
//! The router makes one from the token of a request; everything behind it asks this value and nothing else what the client may do.

use rosterd_model::directory::Directory;
use rosterd_model::{Class, ConnectionId, ExternalId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What a client may do with one class, or with what the hub knows: `accounts:read`, `groups:write`, `hub:read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// To see what clients of its connection pushed.
    Read(Class),
    /// To push.
    Write(Class),
    /// To fetch accounts, org units and groups as the hub has them, whoever they came from.
    Hub,
}

impl Scope {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Read(Class::Account),
        Self::Write(Class::Account),
        Self::Read(Class::OrgUnit),
        Self::Write(Class::OrgUnit),
        Self::Read(Class::Group),
        Self::Write(Class::Group),
        Self::Hub,
    ];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read(Class::Account) => "accounts:read",
            Self::Write(Class::Account) => "accounts:write",
            Self::Read(Class::OrgUnit) => "org-units:read",
            Self::Write(Class::OrgUnit) => "org-units:write",
            Self::Read(Class::Group) => "groups:read",
            Self::Write(Class::Group) => "groups:write",
            Self::Hub => "hub:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|scope| scope.as_str()).collect();
            format!("\"{text}\" is no scope; there are {}", all.join(", "))
        })
    }
}

impl TryFrom<String> for Scope {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

/// A client that has shown who it is.
#[derive(Clone)]
pub struct Caller {
    /// Name of the client, as `rosterd client list` shows it.
    pub client: String,
    /// The connection in whose name it acts.
    pub connection: ConnectionId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// It sees and changes only what lies in these org units (ids of its connection) or below; empty: everywhere.
    pub org_units: Vec<ExternalId>,
    /// What clients of its connection pushed, within its org units.
    pub directory: Arc<dyn Directory>,
}

impl Caller {
    /// True if it has this scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, connection, scopes, org_units, directory: _ } = self;
        f.debug_struct("Caller")
            .field("client", client)
            .field("connection", connection)
            .field("scopes", scopes)
            .field("org_units", org_units)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_read_as_it_is_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse::<Scope>(), Ok(scope));
        }
        assert!("accounts:delete".parse::<Scope>().is_err_and(|why| why.contains("accounts:write")));
    }
}
