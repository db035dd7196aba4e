//! First and last days: a date without a time means the day at the person's workplace, from its midnight to its midnight.

use jiff::Timestamp as Instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use rosterd_model::{Rule, Timestamp, Value};
use std::sync::LazyLock;

/// The zones of the program itself: the same day ends at the same time on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Personnel systems write a year of this kind where there is no end.
const NEVER: i16 = 2900;

/// Milliseconds of seconds that no clock has reached: what is larger was counted in milliseconds.
const SECONDS: i64 = 100_000_000_000;

/// The zone of a name as the IANA lists it.
///
/// # Errors
/// The end of a sentence.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    ZONES.get(name.trim()).map_err(|_| {
        format!("{name:?} is no time zone; write its name as the IANA lists it, such as \"Asia/Shanghai\"")
    })
}

/// Which end of a day a date without a time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The first moment of the day.
    Begin,
    /// The first moment of the day after.
    End,
}

/// The moment that a value names; none if it is empty or names a day that never comes.
///
/// Understood are `2026-12-31`, `2026/12/31`, `20261231`, `2026年12月31日`, the same with a time behind it (of the zone
/// unless it says its own), and seconds or milliseconds since 1970.
///
/// # Errors
/// The end of a sentence that shows no value.
pub fn moment(
    value: &Value,
    edge: Edge,
    zone: &dyn Fn() -> Result<TimeZone, String>,
) -> Result<Option<Timestamp>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Integer(number) => return Ok(counted(*number)),
        Value::Text(text) => text.trim(),
        _ => return Err("must be a date, such as 2026-12-31, and is of another type".to_owned()),
    };
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(instant) = text.parse::<Instant>() {
        return Ok(reached(instant));
    }
    if text.len() > 8
        && let Ok(number) = text.parse::<i64>()
    {
        return Ok(counted(number));
    }
    let (date, time) = read(text).ok_or("can not be read as a date; write it as 2026-12-31")?;
    if date.year() >= NEVER {
        return Ok(None);
    }
    let local = match (time, edge) {
        (Some(time), _) => time,
        (None, Edge::Begin) => date.at(0, 0, 0, 0),
        (None, Edge::End) => date.tomorrow().map_err(|_| "names a day that no calendar has".to_owned())?.at(0, 0, 0, 0),
    };
    let zone = if Rule::LocalEndOfDay.on() { zone()? } else { TimeZone::UTC };
    // A midnight that a change of the clock leaves out is the moment at which the day begins.
    let zoned = local.to_zoned_datetime(zone).map_err(|_| "names a day that no calendar has".to_owned())?;
    Ok(reached(zoned.timestamp()))
}

fn counted(number: i64) -> Option<Timestamp> {
    let ms = if number.abs() < SECONDS { number.saturating_mul(1_000) } else { number };
    Instant::from_millisecond(ms).ok().and_then(reached)
}

/// What lies before 1970 was long ago.
fn reached(instant: Instant) -> Option<Timestamp> {
    if TimeZone::UTC.to_datetime(instant).year() >= NEVER {
        return None;
    }
    Some(Timestamp(u64::try_from(instant.as_millisecond()).unwrap_or(0)))
}

fn read(text: &str) -> Option<(Date, Option<DateTime>)> {
    let plain: String = text
        .chars()
        .filter(|c| *c != '日')
        .map(|c| if matches!(c, '年' | '月' | '/' | '.') && !text.contains(':') { '-' } else { c })
        .collect();
    if let Some(date) = day(&plain) {
        return Some((date, None));
    }
    let (date, time) = text.split_once(['T', ' '])?;
    let date = day(&date.replace(['/', '.', '年', '月'], "-").replace('日', ""))?;
    // The last second of all calendars, in whatever zone, is no moment that a clock could show.
    if date.year() >= NEVER {
        return Some((date, None));
    }
    let time = time.trim().parse::<jiff::civil::Time>().ok()?;
    Some((date, Some(date.to_datetime(time))))
}

fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else {
        text.split('-').collect()
    };
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, edge: Edge, name: &str) -> Result<Option<String>, String> {
        let found = moment(&Value::from(text), edge, &|| zone(name))?;
        Ok(found.map(|at| Instant::from_millisecond(i64::try_from(at.0).expect("near")).expect("near").to_string()))
    }

    #[test]
    fn a_day_is_that_of_the_workplace() {
        let shanghai = "Asia/Shanghai";
        for text in ["2026-12-31", "2026/12/31", "20261231", "2026年12月31日", "2026.12.31", " 2026-12-31 "] {
            assert_eq!(at(text, Edge::End, shanghai), Ok(Some("2026-12-31T16:00:00Z".into())), "{text}");
            assert_eq!(at(text, Edge::Begin, shanghai), Ok(Some("2026-12-30T16:00:00Z".into())), "{text}");
        }
        assert_eq!(at("2026-12-31", Edge::End, "America/Los_Angeles"), Ok(Some("2027-01-01T08:00:00Z".into())));
        // The midnight that summer time leaves out: the day begins when the clock has moved.
        assert_eq!(at("2018-11-03", Edge::End, "America/Sao_Paulo"), Ok(Some("2018-11-04T03:00:00Z".into())));
    }

    #[test]
    fn a_time_is_taken_as_it_is() {
        for (text, expected) in [
            ("2026-12-31T17:00", "2026-12-31T09:00:00Z"),
            ("2026-12-31 17:00:30", "2026-12-31T09:00:30Z"),
            ("2026/12/31 17:00", "2026-12-31T09:00:00Z"),
            ("2026-12-31T17:00:00Z", "2026-12-31T17:00:00Z"),
            ("2026-12-31T17:00:00+01:00", "2026-12-31T16:00:00Z"),
            ("1798736400", "2026-12-31T17:00:00Z"),
            ("1798736400000", "2026-12-31T17:00:00Z"),
        ] {
            assert_eq!(at(text, Edge::End, "Asia/Shanghai"), Ok(Some(expected.into())), "{text}");
        }
    }

    #[test]
    fn no_end_and_nonsense() {
        for none in ["", "  ", "9999-12-31", "2999/01/01"] {
            assert_eq!(at(none, Edge::End, "UTC"), Ok(None), "{none}");
        }
        for bad in ["soon", "2026-13-01", "31.12.2026", "26-1-31", "2026-02-30"] {
            let error = at(bad, Edge::End, "UTC").expect_err(bad);
            assert!(!error.contains(bad), "{error}");
        }
        assert!(at("2026-12-31", Edge::End, "Mars/Olympus").expect_err("no zone").contains("Mars/Olympus"));
        assert_eq!(at("1960-01-01", Edge::Begin, "UTC"), Ok(Some("1970-01-01T00:00:00Z".into())));
    }

    #[test]
    fn parts_of_a_date_have_their_lengths() {
        for short in ["2026-1-1", "2026-01-1", "2026/1/01", "2026年1月1日"] {
            assert_eq!(at(short, Edge::Begin, "UTC"), Ok(Some("2026-01-01T00:00:00Z".into())), "{short}");
        }
        for bad in ["2026-012-01", "2026-01-001", "02026-01-01", "2026-01", "2026-01-01-01", "2026+1-1"] {
            assert!(at(bad, Edge::Begin, "UTC").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_counts_seconds_until_it_can_only_be_milliseconds() {
        let read = |number| moment(&Value::Integer(number), Edge::End, &|| zone("UTC")).expect("a moment");
        assert_eq!(read(10_000_000_000), Some(Timestamp(10_000_000_000_000)));
        assert_eq!(read(99_999_999_999), None, "a year in which nobody leaves");
        assert_eq!(read(100_000_000_000), Some(Timestamp(100_000_000_000)));
        assert_eq!(read(-5), Some(Timestamp(0)), "long ago");
        for never in
            ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999+08:00", "9999-12-31 23:59:59", "2999-01-01T00:00:00Z"]
        {
            assert_eq!(at(never, Edge::End, "Asia/Shanghai"), Ok(None), "{never}");
        }
        assert!(moment(&Value::Bool(true), Edge::End, &|| zone("UTC")).is_err());
        assert_eq!(moment(&Value::Null, Edge::End, &|| zone("UTC")), Ok(None));
    }
}
