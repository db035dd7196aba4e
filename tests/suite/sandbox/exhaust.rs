//! Using up what is limited: time, memory, stack, log, calls.

use super::desk::{Beside, Desk, beside, limits};
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

/// A hostile scan, which must end within `limit` and a second.
fn exhaust(behaviour: &str, changed_limits: &str, limit: Duration) -> Beside {
    super::log::keep();
    let desk = Desk::new();
    let mut config = desk.config("hr", &json!({ "behaviour": behaviour }));
    config.limits = limits(changed_limits);
    let seen = beside(&desk, config);
    let most = limit + Duration::from_secs(1);
    assert!(seen.hostile.took < most, "{behaviour} took {:?}, and {most:?} would be right", seen.hostile.took);
    seen
}

const AT_ONCE: Duration = Duration::ZERO;
const CPU: Duration = Duration::from_millis(200);
const WALL: Duration = Duration::from_secs(1);

#[test]
fn trap() {
    let seen = exhaust("trap", "", AT_ONCE);
    assert_snapshot!(seen.hostile.said(), @"");
}

#[test]
fn endless_loop() {
    let seen = exhaust("endless-loop", "", CPU);
    assert_snapshot!(seen.hostile.said(), @"");
}

#[test]
fn endless_sleep() {
    let seen = exhaust("endless-sleep", "", WALL);
    assert_snapshot!(seen.hostile.said(), @"");
}

#[test]
fn memory_eater() {
    // Writing to 32 MiB takes processor time, and this test is not about that.
    let seen = exhaust("memory-eater", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"");
    assert!(seen.rise > 16 << 20, "it took only {} bytes: was it stopped by something else?", seen.rise);
}

#[test]
fn log_flood() {
    let seen = exhaust("log-flood", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"");
    let log = super::log::so_far();
    let lines = log.lines().filter(|line| line.contains("of a flood")).count();
    assert!((1..=100).contains(&lines), "{lines} lines of the flood are in the log");
    assert_eq!(log.matches("the rest of this call's log is dropped").count(), 1);
}

#[test]
fn call_flood() {
    let seen = exhaust("call-flood", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"");
}

#[test]
fn deep_recursion() {
    let seen = exhaust("deep-recursion", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"");
}

#[test]
fn panic_on_one_record() {
    let seen = exhaust("panic-on-one-record", "", AT_ONCE);
    assert_snapshot!(seen.hostile.said(), @"");
    // The trap itself says nothing; the message of the panic is in the log.
    let log = super::log::so_far();
    assert!(log.contains("person 7 has no name that this connector understands"), "{log}");
}
