//! Doors for `tests/fuzz/targets`. In no release build.

use crate::http::{Asked, parse_head};

/// The head of a request; the path, if it asks for one that may be answered.
#[must_use]
pub fn request(head: &[u8]) -> Option<String> {
    match parse_head(head) {
        Asked::Get(path) | Asked::Head(path) => Some(path),
        Asked::Other | Asked::Unreadable => None,
    }
}
