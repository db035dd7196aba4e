//! Filters (RFC 7644, section 3.4.2.2): what is asked for, and nothing that a value could turn it into.

use crate::place::Place;
use serde_json::Value;

/// A text as a literal: as JSON writes it, so that no quote ends it early.
#[must_use]
pub fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

/// "This attribute has this value." Of several values any may have it, since few service providers filter by type: what
/// comes back is compared again.
#[must_use]
pub fn equal(place: &Place<'_>, value: &str) -> String {
    let whole = Place { kind: None, ..*place };
    format!("{} eq {}", whole.path(), literal(value))
}

/// "It changed after this time."
#[must_use]
pub fn changed_after(time: &str) -> String {
    format!("meta.lastModified gt {}", literal(time))
}
