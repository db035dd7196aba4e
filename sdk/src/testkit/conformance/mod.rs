//! The conformance suite: what the contract asks of every connector, run natively in one line.
//!
//! ```no_run
//! # use rosterd_sdk::{*, testkit::{World, conformance}};
//! # struct Hr;
//! # impl Connector for Hr {
//! #     type Settings = serde_json::Value;
//! #     fn describe() -> Describe { Describe::new("hr", "0.1.0", "HR").source(true) }
//! #     fn open(_: serde_json::Value) -> Result<Self, Fault> { Ok(Hr) }
//! #     fn check(&mut self) -> Result<Vec<Probe>, Fault> { Ok(Vec::new()) }
//! # }
//! # struct Pull;
//! # impl Reader for Pull { fn next(&mut self, _: u32) -> Result<Page, Fault> { Ok(Page::end(vec![], ScanEnd::partial())) } }
//! # impl Source for Hr {
//! #     type Reader = Pull;
//! #     fn scan(&mut self, _: &[Class], _: Option<String>) -> Result<Pull, Fault> { Ok(Pull) }
//! # }
//! conformance::source::<Hr>(|| World::new().file("people.txt", "Li;li@example.com\n"));
//! ```
//!
//! A failure is a panic whose text names the rule that was broken.

mod describe;
mod destination;
mod source;

pub use describe::connector;
pub use destination::destination;
pub use source::source;

use crate::{Connector, Fault};

/// Fails the test with the rule that was broken.
#[track_caller]
fn check(holds: bool, rule: &str, seen: impl FnOnce() -> String) {
    assert!(holds, "conformance: {rule}; seen: {}", seen());
}

/// The value, or the failure of the test.
#[track_caller]
#[expect(clippy::panic, reason = "a suite fails by panicking")]
fn must<T>(result: Result<T, Fault>, what: &str) -> T {
    result
        .unwrap_or_else(|fault| panic!("conformance: {what} must succeed; seen: {} ({:?})", fault.message, fault.kind))
}

fn open<T: Connector>() -> T {
    must(super::open(), "opening the connector with the settings of the world")
}

fn json_object(text: &str, what: &str) -> serde_json::Map<String, serde_json::Value> {
    let value: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
    check(value.is_ok(), &format!("{what} is a JSON object"), || text.chars().take(500).collect());
    value.unwrap_or_default()
}
