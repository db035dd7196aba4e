//! Answers in SCIM's own media type.

use rosterd_sdk::Answer;
use serde_json::{Map, Value};

/// An answer with a message or a resource in it.
#[must_use]
pub fn json(status: u16, body: &Map<String, Value>) -> Answer {
    let text = serde_json::to_vec(body).unwrap_or_default();
    Answer::status(status, text).header("content-type", "application/scim+json")
}

/// An answer without a body.
#[must_use]
pub fn empty(status: u16) -> Answer {
    Answer::status(status, Vec::new())
}

/// A weak ETag, as `meta.version` and the header have it.
#[must_use]
pub fn etag(version: &str) -> String {
    // What could not stand in a header is written otherwise; it is compared in this form only.
    let plain: String = version.chars().map(|c| if c.is_ascii_graphic() && c != '"' { c } else { '_' }).collect();
    format!("W/\"{plain}\"")
}

/// Whether one of the ETags of `If-Match` or `If-None-Match` is this version.
#[must_use]
pub fn names_version(header: &str, version: &str) -> bool {
    let own = etag(version);
    let own = own.trim_start_matches("W/");
    header.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == own)
}
