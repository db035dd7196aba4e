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
    assert_snapshot!(seen.hostile.said(), @"internal: hostile 1.2.3 (sha256 ...…): next page: it panicked or gave up; see its log, and report this to the author of the connector");
}

#[test]
fn endless_loop() {
    let seen = exhaust("endless-loop", "", CPU);
    assert_snapshot!(seen.hostile.said(), @r#"timeout: hostile 1.2.3 (sha256 ...…): next page: used more than 200ms of processor time in one call (limit call-cpu = "200ms", raise it in [connection.hr.limits])"#);
}

#[test]
fn endless_sleep() {
    let seen = exhaust("endless-sleep", "", WALL);
    assert_snapshot!(seen.hostile.said(), @r#"timeout: hostile 1.2.3 (sha256 ...…): next page: used more than 1s for one call (limit call-wall = "1s", raise it in [connection.hr.limits])"#);
}

#[test]
fn memory_eater() {
    // Writing to 32 MiB takes processor time, and this test is not about that.
    let seen = exhaust("memory-eater", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @r#"internal: hostile 1.2.3 (sha256 ...…): next page: used more than 32 MiB of memory (limit memory = "32 MiB", raise it in [connection.hr.limits])"#);
    assert!(seen.rise > 16 << 20, "it took only {} bytes: was it stopped by something else?", seen.rise);
}

#[test]
fn log_flood() {
    let seen = exhaust("log-flood", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"internal: hostile 1.2.3 (sha256 ...…): next page: used more than 5000 calls of the host in one call (limit host-calls = 5000, raise it in [connection.hr.limits])");
    let log = super::log::so_far();
    let lines = log.lines().filter(|line| line.contains("of a flood")).count();
    assert!((1..=100).contains(&lines), "{lines} lines of the flood are in the log");
    assert_eq!(log.matches("the rest of this call's log is dropped").count(), 1);
}

#[test]
fn call_flood() {
    let seen = exhaust("call-flood", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"internal: hostile 1.2.3 (sha256 ...…): next page: used more than 5000 calls of the host in one call (limit host-calls = 5000, raise it in [connection.hr.limits])");
}

#[test]
fn deep_recursion() {
    let seen = exhaust("deep-recursion", "call-cpu = \"1 s\"", WALL);
    assert_snapshot!(seen.hostile.said(), @"internal: hostile 1.2.3 (sha256 ...…): next page: its stack or memory was overrun, most likely by a recursion without end; report this to the author of the connector");
}

#[test]
fn panic_on_one_record() {
    let seen = exhaust("panic-on-one-record", "", AT_ONCE);
    assert_snapshot!(seen.hostile.said(), @"internal: hostile 1.2.3 (sha256 ...…): next page: it panicked or gave up; see its log, and report this to the author of the connector");
    // The trap itself says nothing; the message of the panic is in the log.
    let log = super::log::so_far();
    assert!(log.contains("person 7 has no name that this connector understands"), "{log}");
}
