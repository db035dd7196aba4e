//! The cursor of deltas: the time from which the next one looks, with room for clocks that differ.

use rosterd_sdk::{Fault, time};

const BEGIN: &str = "since ";

/// The cursor that a reading at this time leaves.
#[must_use]
pub fn taken(now_ms: u64, overlap_seconds: u64) -> Option<String> {
    let from = i64::try_from(now_ms.saturating_sub(overlap_seconds.saturating_mul(1000))).ok()?;
    time::rfc3339(from).map(|time| format!("{BEGIN}{time}"))
}

/// The time in a cursor.
///
/// # Errors
/// `cursor-invalid`: it is none of ours.
pub fn since(cursor: &str) -> Result<String, Fault> {
    let time = cursor.strip_prefix(BEGIN).unwrap_or_default();
    let shape = "0000-00-00T00:00:00Z";
    let fits = |(letter, model): (u8, u8)| if model == b'0' { letter.is_ascii_digit() } else { letter == model };
    if time.len() == shape.len() && time.bytes().zip(shape.bytes()).all(fits) {
        return Ok(time.to_owned());
    }
    Err(Fault::cursor_invalid("the cursor holds no time; a full scan is needed"))
}
