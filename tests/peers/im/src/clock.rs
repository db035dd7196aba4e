//! The simulator's clock. Tokens, rate windows, retries and the retention of lists go by it and by nothing else, so that a
//! test advances two hours instead of waiting for them.

use jiff::Timestamp;

/// Milliseconds since 1970 in UTC, as the vendors count.
pub type Millis = i64;

/// A second, a minute and so on, in the clock's unit.
pub const SECOND: Millis = 1_000;
/// Sixty seconds.
pub const MINUTE: Millis = 60 * SECOND;
/// Sixty minutes.
pub const HOUR: Millis = 60 * MINUTE;
/// Twenty-four hours.
pub const DAY: Millis = 24 * HOUR;

/// A clock that runs from the machine's time, or stands still until it is advanced.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    stands_at: Option<Millis>,
    ahead: Millis,
}

impl Clock {
    /// A clock that stands at `at`, or that runs if there is none.
    #[must_use]
    pub fn new(at: Option<Millis>) -> Self {
        Self { stands_at: at, ahead: 0 }
    }

    /// The simulator's time.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.stands_at.unwrap_or_else(|| Timestamp::now().as_millisecond()).saturating_add(self.ahead)
    }

    /// Moves the time. It may go backwards too: clocks do.
    pub fn advance(&mut self, by: Millis) {
        self.ahead = self.ahead.saturating_add(by);
    }

    /// Lets the clock stand still from now on (`true`), or run again from where it stands.
    pub fn stand(&mut self, still: bool) {
        let now = self.now();
        self.stands_at = still.then_some(now);
        self.ahead = if still { 0 } else { now.saturating_sub(Timestamp::now().as_millisecond()) };
    }
}

/// `2026-10-06T11:47:37Z` for a time of the clock.
#[must_use]
pub fn iso(at: Millis) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The time that an ISO 8601 text with a zone names.
#[must_use]
pub fn from_iso(text: &str) -> Option<Millis> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_by_hand() {
        let mut clock = Clock::new(Some(1_767_225_600_000));
        clock.advance(HOUR);
        assert_eq!(clock.now(), 1_767_229_200_000);
        assert_eq!(iso(clock.now()), "2026-01-01T01:00:00Z");
        assert_eq!(from_iso("2026-01-01T01:00:00Z"), Some(clock.now()));
        clock.stand(false);
        assert!(clock.now() >= 1_767_229_200_000);
    }
}
