//! Doors for `tests/fuzz/targets`: texts that the engine keeps in the store and reads back. In no release build.

use crate::push::place_again;
use crate::scan::{parse_rejections, write_rejections};

/// The rule of an attribute in the canonical text of a mapping.
#[must_use]
pub fn rule(text: &str, attribute: &str) -> Option<String> {
    crate::lineage::rule(text, attribute)
}

/// Where a page of an answer to clients begins, read and written again.
#[must_use]
pub fn place(text: &str) -> Option<String> {
    place_again(text)
}

/// Counts of rejections beside a resume point, read and written again.
#[must_use]
pub fn rejections(text: &str) -> String {
    let (nameless, named) = parse_rejections(text);
    write_rejections(&nameless, &named)
}
