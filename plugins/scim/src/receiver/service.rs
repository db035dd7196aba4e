//! What a call has at hand: the settings, where we are, and the directory by the words of SCIM.

use super::refusal::Refusal;
use super::schema::Kind;
use super::stored;
use super::view::Found;
use crate::settings::Settings;
use rosterd_sdk::{Class, clock, directory, random};
use serde_json::{Value, json};

/// At hand in a call.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// Of the connection.
    pub settings: &'a Settings,
    /// Where the connection is.
    pub base: &'a str,
}

impl Service<'_> {
    /// A resource.
    ///
    /// # Errors
    /// It is not there.
    pub fn fetch(&self, kind: Kind, id: &str) -> Result<Found, Refusal> {
        let object = if id.is_empty() || id.len() > 1024 { None } else { directory::get(kind.class(), id)? };
        let object = object.ok_or_else(|| absent(kind, id))?;
        Ok(Found::of(kind, object)?)
    }

    /// A resource without its members, if it is a group: they may be many.
    ///
    /// # Errors
    /// It is not there.
    pub fn fetch_short(&self, kind: Kind, id: &str) -> Result<Found, Refusal> {
        if kind != Kind::Group || id.is_empty() || id.len() > 1024 {
            return self.fetch(kind, id);
        }
        let filter = json!({ "attribute": "id", "is": "eq", "value": id });
        let query = json!({ "filter": filter, "max": 2, "attributes": stored::SHORT });
        let listing = directory::query(kind.class(), &query.to_string())?;
        let object = listing.objects.into_iter().find(|object| object.id == id).ok_or_else(|| absent(kind, id))?;
        let found = Found::of(kind, object)?;
        if found.kept.contains_key(stored::MORE) { self.fetch(kind, id) } else { Ok(found) }
    }

    /// How many objects fit a query.
    ///
    /// # Errors
    /// What the directory says.
    pub fn count(&self, kind: Kind, filter: &Value) -> Result<u64, Refusal> {
        let query = json!({ "filter": filter, "max": 1, "attributes": [stored::CREATED] });
        let listing = directory::query(kind.class(), &query.to_string())?;
        Ok(listing.total.unwrap_or(listing.objects.len() as u64))
    }

    /// What a member is that does not say it itself.
    #[must_use]
    pub fn class_of(&self, id: &str) -> Class {
        let is_group = |id: &str| {
            matches!(directory::get(Class::Account, id), Ok(None))
                && matches!(directory::get(Class::Group, id), Ok(Some(_)))
        };
        if is_group(id) { Class::Group } else { Class::Account }
    }

    /// Nobody else has this user name, in which case does not count.
    ///
    /// # Errors
    /// `uniqueness`.
    pub fn unique(&self, kind: Kind, name: Option<&Value>, own: Option<&str>) -> Result<(), Refusal> {
        let Some(name) = name.filter(|_| kind == Kind::User) else { return Ok(()) };
        // Of one name everything but the name is known beforehand.
        let query = format!(
            r#"{{"filter":{{"attribute":"userName","is":"eq","value":{name}}},"max":2,"attributes":["userName"]}}"#
        );
        let listing = directory::query(kind.class(), &query)?;
        if listing.objects.iter().any(|object| Some(object.id.as_str()) != own) {
            return Err(Refusal::uniqueness("another user has this userName"));
        }
        Ok(())
    }

    /// Extensions that are known of a kind.
    #[must_use]
    pub fn extensions(&self, kind: Kind) -> Vec<String> {
        kind.extensions(self.settings)
    }
}

fn absent(kind: Kind, id: &str) -> Refusal {
    Refusal::not_found(format!("there is no {} with the id \"{}\"", kind.name(), super::accept::cut(id)))
}

/// The time now, as `meta` has it.
#[must_use]
pub fn now() -> Value {
    super::time::shown(clock::now_ms()).into()
}

/// A new id: a UUID of version 7, so that those that were made together lie together.
#[must_use]
pub fn new_id() -> String {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&clock::now_ms().to_be_bytes()[2..]);
    for (slot, byte) in bytes[6..].iter_mut().zip(random::bytes(10)) {
        *slot = byte;
    }
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let _ = write!(id, "{byte:02x}");
    }
    id
}
