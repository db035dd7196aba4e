//! Time, as the run sees it: recorded, and replayed from the record.

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::clock as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::clock as host;

/// Milliseconds since 1970 UTC.
#[must_use]
pub fn now_ms() -> u64 {
    host::now_ms()
}

/// Nanoseconds from some beginning, never going back; for measuring.
#[must_use]
pub fn monotonic_ns() -> u64 {
    host::monotonic_ns()
}

/// Waits so many milliseconds, or less if the run is being stopped.
pub fn sleep_ms(duration: u32) {
    host::sleep_ms(duration);
}
