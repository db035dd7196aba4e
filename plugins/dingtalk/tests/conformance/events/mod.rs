//! Events: as callbacks, and over a socket.
#![allow(clippy::needless_pass_by_value, reason = "events are written where they are given")]

mod again;
mod callbacks;
mod envelope;
mod kinds;
mod server;
mod shaking;
mod streams;

use rosterd_sdk::Hint;

/// Where the clock stands.
const NOW: u64 = 1_767_225_600_000;

/// A hint as a line: class, id, event, time, whether it was deleted.
fn shown(hint: &Hint) -> String {
    let detail: serde_json::Value = serde_json::from_str(&hint.detail).unwrap();
    assert!(detail["event"].is_string());
    let event = hint.event_id.as_deref().unwrap_or("-");
    let time = hint.occurred_at_ms.map_or_else(|| "-".to_owned(), |time| time.to_string());
    let class = hint.class.map_or("any", |class| class.as_str());
    let deleted = if detail["deleted"] == true { " deleted" } else { "" };
    format!("{class} {} {event} @{time}{deleted}", hint.id.as_deref().unwrap_or("*"))
}
