//! When a job runs by itself: by the calendar, or again and again.

use super::quantity::Span;
use jiff::tz::TimeZone;
use rosterd_engine::schedule as engine;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// `schedule = { cron = "0 2 * * *", zone = "Asia/Shanghai" }` or `{ every = "5m", full = "24h" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "{ cron, zone, missed } or { every, full, jitter }")]
pub(crate) enum Schedule {
    /// By the calendar.
    Calendar(Calendar),
    /// Again and again.
    Interval(Interval),
}

impl Schedule {
    /// How often it asks for a full scan, in milliseconds, where the source knows deltas.
    pub(crate) fn full_every_ms(&self) -> Option<u64> {
        match self {
            Self::Calendar(_) => None,
            Self::Interval(interval) => u64::try_from(interval.full?.0.as_millis()).ok(),
        }
    }
}

/// By the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Calendar {
    /// Minute, hour, day of month, month, day of week.
    pub(crate) cron: Cron,
    /// Time zone of the calendar; that of the machine if none.
    pub(crate) zone: Option<Zone>,
    /// What becomes of times that passed while nobody was there: `run` makes up for them once, `skip` leaves them out.
    #[serde(default)]
    pub(crate) missed: Missed,
}

/// What becomes of times that passed while nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Missed {
    /// They are made up for, once.
    #[default]
    Run,
    /// They are left out.
    Skip,
}

/// Again and again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Interval {
    /// From start to start.
    pub(crate) every: Span,
    /// A full scan so often, where the source knows deltas.
    pub(crate) full: Option<Span>,
    /// Each start is later by up to this, so that jobs do not all start at once; a tenth of `every`, at most 30 seconds.
    pub(crate) jitter: Option<Span>,
}

impl Schedule {
    /// The schedule as the engine follows it.
    ///
    /// # Errors
    /// A sentence: the zone of the machine is not known.
    pub(crate) fn compile(&self) -> Result<engine::Schedule, String> {
        match self {
            Self::Calendar(calendar) => {
                let zone = match &calendar.zone {
                    Some(zone) => TimeZone::get(&zone.0),
                    None => TimeZone::try_system(),
                };
                let zone = zone.map_err(|error| format!("the time zone is not known: {error}; name one with zone"))?;
                let missed = match calendar.missed {
                    Missed::Run => engine::Missed::Run,
                    Missed::Skip => engine::Missed::Skip,
                };
                Ok(engine::Schedule::Calendar { cron: engine::Cron { fields: calendar.cron.fields }, zone, missed })
            }
            Self::Interval(interval) => {
                let ms = |span: Span| u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX);
                let every = ms(interval.every).max(SHORTEST_MS);
                let jitter = interval.jitter.map_or((every / 10).min(30_000), ms);
                Ok(engine::Schedule::Interval { every, full: interval.full.map(ms), jitter })
            }
        }
    }
}

/// A job that is due all the time would leave no time for anything else.
const SHORTEST_MS: u64 = 100;

/// The five fields of a cron expression; each a set of numbers as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cron {
    /// Minutes, hours, days of the month, months, days of the week (0 = Sunday).
    pub(crate) fields: [u64; 5],
}

/// Names and ranges of the fields.
const FIELDS: [(&str, u32, u32); 5] =
    [("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7)];

/// Reads a cron expression: numbers, `*`, ranges `a-b`, steps `/n` and lists with commas.
///
/// # Errors
/// A sentence that names the field.
pub(crate) fn parse_cron(text: &str) -> Result<Cron, String> {
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Err(format!(
            "\"{text}\" has {} fields, a cron expression has five: minute hour day-of-month month day-of-week",
            parts.len()
        ));
    }
    let mut fields = [0; 5];
    for (index, (part, (name, low, high))) in parts.iter().zip(FIELDS).enumerate() {
        fields[index] = parse_field(part, low, high)
            .ok_or_else(|| format!("\"{part}\" is no {name}; write *, or numbers from {low} to {high}"))?;
    }
    // Both 0 and 7 are Sunday.
    fields[4] = (fields[4] | fields[4] >> 7) & 0x7f;
    Ok(Cron { fields })
}

fn parse_field(part: &str, low: u32, high: u32) -> Option<u64> {
    let mut bits = 0;
    for item in part.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (item, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            // `5/15` counts from 5 to the end, as cron does.
            None => {
                let from = range.parse().ok()?;
                (from, if item.contains('/') { high } else { from })
            }
        };
        if from < low || to > high || from > to {
            return None;
        }
        bits |= (from..=to).step_by(step).fold(0, |bits, number| bits | 1 << number);
    }
    Some(bits)
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_cron(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
impl JsonSchema for Cron {
    fn schema_name() -> Cow<'static, str> {
        "Cron".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "cron" })
    }
}

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Zone(pub(crate) String);

/// Checks the name of a time zone.
///
/// # Errors
/// A sentence with an example.
pub(crate) fn parse_zone(text: &str) -> Result<Zone, String> {
    match jiff::tz::TimeZone::get(text) {
        Ok(_) => Ok(Zone(text.to_owned())),
        Err(_) => Err(format!("\"{text}\" is no time zone; write one of the IANA names, such as \"Asia/Shanghai\"")),
    }
}

impl TryFrom<String> for Zone {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        parse_zone(&text)
    }
}
impl JsonSchema for Zone {
    fn schema_name() -> Cow<'static, str> {
        "Zone".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "time-zone" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_expressions_become_sets() {
        let cron = parse_cron("*/15 2 1,15 * 1-5").expect("valid");
        assert_eq!(cron.fields, [1 | 1 << 15 | 1 << 30 | 1 << 45, 1 << 2, 1 << 1 | 1 << 15, 0x1ffe, 0b0011_1110]);
        assert_eq!(parse_cron("0 0 * * 7"), parse_cron("0 0 * * 0"));
        assert_eq!(parse_cron("5/20 0 * * *").map(|cron| cron.fields[0]), Ok(1 << 5 | 1 << 25 | 1 << 45));
    }

    #[test]
    fn wrong_fields_are_named() {
        assert!(parse_cron("0 2 * *").is_err_and(|text| text.contains("4 fields")));
        assert!(parse_cron("0 24 * * *").is_err_and(|text| text.contains("no hour")));
        for wrong in ["5-1 * * * *", "*/0 * * * *", "a * * * *", "0 0 0 * *", ", * * * *", "1- * * * *"] {
            assert!(parse_cron(wrong).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-0-9*/, a-z]{0,40}") {
            let _ = parse_cron(&text);
        }
    }
}
