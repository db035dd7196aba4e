//! Identifiers. Each is a type of its own, so that the compiler keeps them apart.

use crate::value::Text;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The kind of object: account, org unit, group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A person's account.
    Account,
    /// A unit of the organisation's tree.
    OrgUnit,
    /// A set of accounts or groups.
    Group,
}

impl Class {
    /// All classes, in the order in which their objects must exist: units, then groups, then accounts.
    pub const ALL: [Self; 3] = [Self::OrgUnit, Self::Group, Self::Account];

    /// The number that stands for the class in keys of the store. Never changes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Account => 1,
            Self::OrgUnit => 2,
            Self::Group => 3,
        }
    }

    /// The class of a code, if there is one.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Account),
            2 => Some(Self::OrgUnit),
            3 => Some(Self::Group),
            _ => None,
        }
    }

    /// The word of the contract and of configuration files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::OrgUnit => "org-unit",
            Self::Group => "group",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Class {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| InvalidId(format!("\"{text}\" is no class; write account, org-unit or group")))
    }
}

/// A text that is no valid identifier, with the reason as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId(pub String);

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for InvalidId {}

/// Names that people write in the configuration: lower-case letters, digits and hyphens, at most 63 bytes, first a letter or a digit.
fn check_name(what: &str, text: &str) -> Result<(), InvalidId> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.len() <= 63 && text.chars().all(plain) && !text.starts_with('-') {
        return Ok(());
    }
    Err(InvalidId(format!(
        "\"{text}\" is no {what} name; use 1 to 63 lower-case letters, digits and hyphens, not starting with a hyphen"
    )))
}

macro_rules! name {
    ($type:ident, $what:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Text", into = "Text")]
        pub struct $type(Text);

        impl $type {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl FromStr for $type {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check_name($what, text)?;
                Ok(Self(text.into()))
            }
        }
        impl TryFrom<String> for $type {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
        impl TryFrom<Text> for $type {
            type Error = InvalidId;
            fn try_from(text: Text) -> Result<Self, InvalidId> {
                check_name($what, &text)?;
                Ok(Self(text))
            }
        }
        impl From<$type> for Text {
            fn from(name: $type) -> Self {
                name.0
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.to_string()
            }
        }
    };
}

name!(
    ConnectionId,
    "connection",
    "A configured, named instance of a connector. `corp-ad` is a connection, `ldap` is a connector."
);
name!(JobId, "job", "The name of a job: the standing configuration of a flow.");

impl ConnectionId {
    /// The hub itself, as the origin of plans that no scan caused. No connection of the configuration has this name.
    #[must_use]
    pub fn hub() -> Self {
        Self(Text::const_new("hub"))
    }

    /// True for the hub itself.
    #[must_use]
    pub fn is_hub(&self) -> bool {
        self.as_str() == "hub"
    }
}

impl JobId {
    /// The name under which the hub does something that no job of the configuration asked for: `leavers`, `accounts`.
    /// Such a name is a word of ours; what follows a hyphen in it is the name of a connection (`adopt-corp-ad`) and is
    /// cut where both are too long.
    #[must_use]
    pub fn of_hub(word: &str, connection: Option<&ConnectionId>) -> Self {
        let mut name = Text::from(word);
        if let Some(connection) = connection {
            name.push('-');
            name.push_str(connection.as_str());
            name.truncate(63);
        }
        Self(name)
    }

    /// True for a name that the hub keeps for what it does itself; no job of the configuration may have it.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        const WORDS: [&str; 4] = ["leavers", "accounts", "import", "export"];
        const FIRST_WORDS: [&str; 4] = ["adopt-", "repair-", "recorrelate-", "hub-"];
        let name = self.as_str();
        WORDS.contains(&name) || FIRST_WORDS.iter().any(|word| name.starts_with(word))
    }
}

/// Number of a run; runs of one store are numbered from 1 without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl FromStr for RunId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self).map_err(|_| InvalidId(format!("\"{text}\" is no run number")))
    }
}

/// The id of an entity: a UUIDv7 that never changes and is never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityId(pub Uuid);

impl EntityId {
    /// The sixteen bytes that stand for the id in keys of the store; their order is the order of creation,
    /// but that ids which a plan named before they were made stand behind those with a time.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id of sixteen bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}
impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl FromStr for EntityId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::parse_str(text).map(Self).map_err(|_| InvalidId(format!("\"{text}\" is no entity id (a UUID)")))
    }
}

/// The remote system's own reference to an object, opaque to us. Not a login name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(pub Text);

impl ExternalId {
    /// The longest id that is accepted, in bytes: it is part of keys in the store.
    pub const MAX_BYTES: usize = 1024;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
impl From<&str> for ExternalId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}
impl From<Text> for ExternalId {
    fn from(text: Text) -> Self {
        Self(text)
    }
}
impl From<String> for ExternalId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
