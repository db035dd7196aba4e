//! The clock of the machine.

use rosterd_model::Timestamp;
use rosterd_model::port::Clock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock of the machine; for tests, the instant in `ROSTERD_NOW_MS`.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        if let Some(fixed) = std::env::var("ROSTERD_NOW_MS").ok().and_then(|text| text.parse().ok()) {
            return Timestamp(fixed);
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
