//! The times of a cron expression in a time zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp as Instant, ToSpan as _};
use rosterd_model::Timestamp;

/// The five fields of a cron expression, each a set of numbers as bits: minutes, hours, days of the month, months, days of
/// the week (0 is Sunday).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    /// The sets.
    pub fields: [u64; 5],
}

const EVERY_HOUR: u64 = (1 << 24) - 1;
const EVERY_DAY: u64 = ((1 << 31) - 1) << 1;
const EVERY_WEEKDAY: u64 = (1 << 7) - 1;

/// Days that are looked at: a 29 February comes at the latest after eight years.
const MOST_DAYS: usize = 9 * 366;

impl Cron {
    /// Every day at a time.
    #[must_use]
    pub const fn at(minute: u32, hour: u32) -> Self {
        Self { fields: [1 << minute, 1 << hour, EVERY_DAY, ((1 << 12) - 1) << 1, EVERY_WEEKDAY] }
    }

    /// The first due time after `after`; none: no day of the next years has one (30 February).
    #[must_use]
    pub fn next(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        let after = Instant::from_millisecond(i64::try_from(after.0).ok()?).ok()?;
        // A day earlier: where a clock is set back over midnight, the day before has an hour more.
        let mut day = zone.to_datetime(after).date().yesterday().ok()?;
        let mut found: Option<Instant> = None;
        for _ in 0..MOST_DAYS {
            if found.is_some_and(|found| zone.to_datetime(found).date() < day) {
                break;
            }
            if self.has_day(day) {
                let times = self.times(zone, day).filter(|at| *at > after);
                found = found.into_iter().chain(times).min();
            }
            day = day.tomorrow().ok()?;
        }
        u64::try_from(found?.as_millisecond()).ok().map(Timestamp)
    }

    /// True if there is a time at all: `0 0 30 2 *` has none.
    #[must_use]
    pub fn ever(&self) -> bool {
        // From a leap day on, so that the next one is the farthest that there is.
        self.next(&TimeZone::UTC, Timestamp(951_868_800_000)).is_some()
    }

    /// As cron does: if both the day of the month and the day of the week are restricted, either is enough.
    fn has_day(&self, day: Date) -> bool {
        let [_, _, days, months, weekdays] = self.fields;
        let has = |set: u64, number: i8| u8::try_from(number).is_ok_and(|number| set >> number & 1 == 1);
        let by_month = has(days, day.day());
        let by_week = has(weekdays, day.weekday().to_sunday_zero_offset());
        let either = days & EVERY_DAY != EVERY_DAY && weekdays & EVERY_WEEKDAY != EVERY_WEEKDAY;
        has(months, day.month()) && if either { by_month || by_week } else { by_month && by_week }
    }

    /// The instants of a day, in any order.
    fn times<'a>(&'a self, zone: &'a TimeZone, day: Date) -> impl Iterator<Item = Instant> + 'a {
        let [minutes, hours, ..] = self.fields;
        let set = |bits: u64, end: i8| (0..end).filter(move |number| bits >> number & 1 == 1);
        let times = set(hours, 24).flat_map(move |hour| set(minutes, 60).map(move |minute| (hour, minute)));
        let hourly = hours & EVERY_HOUR == EVERY_HOUR;
        times.flat_map(move |(hour, minute)| {
            let time = Time::new(hour, minute, 0, 0).map(|time| DateTime::from_parts(day, time));
            time.map(|time| instants(zone, time, hourly)).unwrap_or_default().into_iter().flatten()
        })
    }
}

/// The instants of a time of a clock on a wall: one, two where the clock is set back, and none where it is set forward,
/// which then stand for the instant of the change.
fn instants(zone: &TimeZone, time: DateTime, hourly: bool) -> [Option<Instant>; 2] {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => [offset.to_timestamp(time).ok(), None],
        // Who runs every hour has run, and runs again in the next one.
        AmbiguousOffset::Gap { .. } if hourly => [None, None],
        AmbiguousOffset::Gap { before, .. } => [before.to_timestamp(time).ok().and_then(|at| change(zone, at)), None],
        AmbiguousOffset::Fold { before, after } => {
            let second = after.to_timestamp(time).ok().filter(|_| hourly);
            [before.to_timestamp(time).ok(), second]
        }
    }
}

/// The instant at which the clock was last set before or at `at`.
fn change(zone: &TimeZone, at: Instant) -> Option<Instant> {
    let just_after = at.checked_add(1.second()).ok()?;
    zone.preceding(just_after).next().map(|transition| transition.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = u64::MAX;

    fn cron(minutes: u64, hours: u64, days: u64, months: u64, weekdays: u64) -> Cron {
        Cron { fields: [minutes, hours, days, months, weekdays] }
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    fn at(text: &str) -> Timestamp {
        let instant: Instant = text.parse().expect("an instant");
        Timestamp(u64::try_from(instant.as_millisecond()).expect("after 1970"))
    }

    /// The next `count` due times, as text in UTC.
    fn after(cron: Cron, zone: &TimeZone, start: &str, count: usize) -> Vec<String> {
        let mut now = at(start);
        let mut found = Vec::new();
        for _ in 0..count {
            now = cron.next(zone, now).expect("a time");
            let instant = Instant::from_millisecond(i64::try_from(now.0).expect("small")).expect("an instant");
            found.push(instant.to_string());
        }
        found
    }

    #[test]
    fn a_time_of_day_is_read_in_its_zone() {
        let night = Cron::at(0, 2);
        let found = after(night, &zone("Asia/Shanghai"), "2026-05-01T00:00:00Z", 2);
        assert_eq!(found, ["2026-05-01T18:00:00Z", "2026-05-02T18:00:00Z"]);
    }

    #[test]
    fn the_next_time_is_after_the_instant_and_never_at_it() {
        let found = after(Cron::at(0, 2), &TimeZone::UTC, "2026-05-01T02:00:00Z", 1);
        assert_eq!(found, ["2026-05-02T02:00:00Z"]);
    }

    #[test]
    fn a_time_that_the_clock_skips_is_due_once_at_the_change() {
        // In Berlin, 02:00 to 03:00 of 29 March 2026 does not exist; the change is at 01:00 UTC.
        let night = cron(1 << 30, 1 << 2, ALL, ALL, ALL);
        let found = after(night, &zone("Europe/Berlin"), "2026-03-28T00:00:00Z", 3);
        assert_eq!(found, ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let often = cron(1 | 1 << 30, 1 << 2, ALL, ALL, ALL);
        let found = after(often, &zone("Europe/Berlin"), "2026-03-29T00:00:00Z", 2);
        assert_eq!(found, ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"], "both skipped times are one");
    }

    #[test]
    fn a_time_that_comes_twice_is_due_the_first_time() {
        // 02:00 to 03:00 of 25 October 2026 comes twice: at 00:00 and at 01:00 UTC.
        let night = cron(1 << 30, 1 << 2, ALL, ALL, ALL);
        let found = after(night, &zone("Europe/Berlin"), "2026-10-24T12:00:00Z", 2);
        assert_eq!(found, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn who_runs_every_hour_runs_in_both_hours_and_not_in_the_skipped_one() {
        let hourly = cron(1 << 30, ALL, ALL, ALL, ALL);
        let found = after(hourly, &zone("Europe/Berlin"), "2026-10-24T23:40:00Z", 3);
        assert_eq!(found, ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]);
        let found = after(hourly, &zone("Europe/Berlin"), "2026-03-28T23:40:00Z", 3);
        assert_eq!(found, ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"]);
    }

    #[test]
    fn a_clock_that_is_set_back_over_midnight_loses_no_hour() {
        // In Havana the clock goes from 01:00 back to 00:00, and forward from 00:00 to 01:00.
        let midnight = Cron::at(0, 0);
        let found = after(midnight, &zone("America/Havana"), "2025-11-01T12:00:00Z", 2);
        assert_eq!(found, ["2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"]);
        let found = after(midnight, &zone("America/Havana"), "2026-03-07T12:00:00Z", 2);
        assert_eq!(found, ["2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"]);
    }

    #[test]
    fn day_of_month_and_day_of_week_are_either_or_if_both_are_given() {
        let first_or_monday = cron(1, 1, 1 << 1, ALL, 1 << 1);
        let found = after(first_or_monday, &TimeZone::UTC, "2026-08-30T12:00:00Z", 3);
        assert_eq!(found, ["2026-08-31T00:00:00Z", "2026-09-01T00:00:00Z", "2026-09-07T00:00:00Z"]);
        let weekdays = cron(1, 1, ALL, ALL, 0b011_1110);
        let found = after(weekdays, &TimeZone::UTC, "2026-08-28T12:00:00Z", 1);
        assert_eq!(found, ["2026-08-31T00:00:00Z"]);
    }

    #[test]
    fn a_leap_day_is_found_and_a_day_that_never_comes_is_none() {
        let leap = cron(1, 1, 1 << 29, 1 << 2, ALL);
        assert_eq!(after(leap, &TimeZone::UTC, "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00:00Z"]);
        let never = cron(1, 1, 1 << 30, 1 << 2, ALL);
        assert_eq!(never.next(&TimeZone::UTC, at("2026-01-01T00:00:00Z")), None);
        assert!(leap.ever() && !never.ever());
    }
}
