//! `FormatDate`: dates as sources write them, without guessing.

use super::functions::text_of;
use cel::Value as Cel;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use std::sync::Arc;

/// Enough for any date that people write.
const LONGEST: usize = 128;

/// `FormatDate(value, from, to)`: patterns are `yyyy-MM-dd HH:mm:ss` or `%Y-%m-%d`; `from` may also be `iso`, `epoch`
/// (seconds), `epoch-ms`, `excel` (a day number of a spreadsheet). Null stays null; times are not shifted between zones.
pub(super) fn format_date(args: &[Cel]) -> Result<Cel, String> {
    let (Some(from), Some(to)) = (text_of(args.get(1))?, text_of(args.get(2))?) else {
        return Err("needs two patterns".to_owned());
    };
    let Some(value) = text_of(args.first())? else { return Ok(Cel::Null) };
    let value = value.trim();
    if value.is_empty() {
        return Ok(Cel::Null);
    }
    if value.len() > LONGEST || from.len() > LONGEST || to.len() > LONGEST {
        return Err("was given a text that is too long for a date".to_owned());
    }
    let time = read(value, &from).ok_or_else(|| format!("could not read the value as a date in the form {from:?}"))?;
    let pattern = if to.as_str() == "iso" { "%Y-%m-%dT%H:%M:%S".to_owned() } else { pattern(&to)? };
    let text = strtime::format(&pattern, time).map_err(|_| format!("can not write a date in the form {to:?}"))?;
    Ok(Cel::String(Arc::new(text)))
}

fn read(value: &str, from: &str) -> Option<DateTime> {
    let utc = |timestamp: Timestamp| jiff::tz::TimeZone::UTC.to_datetime(timestamp);
    match from {
        "iso" => value.parse::<DateTime>().ok().or_else(|| value.parse::<Timestamp>().ok().map(utc)),
        "epoch" => Timestamp::from_second(value.parse().ok()?).ok().map(utc),
        "epoch-ms" => Timestamp::from_millisecond(value.parse().ok()?).ok().map(utc),
        "excel" => {
            // Day 1 is 1900-01-01 and spreadsheets count a 29th of February 1900 that never was.
            let days: i64 = value.split('.').next()?.parse().ok()?;
            let start = jiff::civil::date(1899, 12, 30);
            let span = jiff::Span::new().try_days(days).ok()?;
            (days > 60).then_some(())?;
            Some(start.checked_add(span).ok()?.at(0, 0, 0, 0))
        }
        _ => {
            let parsed = strtime::parse(pattern(from).ok()?, value).ok()?;
            parsed.to_datetime().ok().or_else(|| parsed.to_date().ok().map(|date| date.at(0, 0, 0, 0)))
        }
    }
}

/// The pattern as `strftime` has it. One with a percent sign is that already.
fn pattern(text: &str) -> Result<String, String> {
    if text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = rest.chars().take_while(|c| *c == first).count();
        let (letters, after) = rest.split_at(run * first.len_utf8());
        rest = after;
        result.push_str(match letters {
            "yyyy" => "%Y",
            "yy" => "%y",
            "MMMM" => "%B",
            "MMM" => "%b",
            "MM" => "%m",
            "M" => "%-m",
            "dd" => "%d",
            "d" => "%-d",
            "HH" => "%H",
            "H" => "%-H",
            "hh" => "%I",
            "mm" => "%M",
            "ss" => "%S",
            "tt" | "a" => "%p",
            "T" => "T",
            _ if first.is_ascii_alphabetic() => {
                return Err(format!("does not know {letters:?} in a pattern; use yyyy MM dd HH mm ss"));
            }
            plain => plain,
        });
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_spreadsheets_directories_and_offices() {
        for (value, from, to, expected) in [
            ("20240229", "yyyyMMdd", "yyyy-MM-dd", "2024-02-29"),
            ("2024年3月1日", "yyyy年M月d日", "yyyy-MM-dd", "2024-03-01"),
            ("45352", "excel", "yyyy/MM/dd", "2024/03/01"),
            ("0", "epoch", "iso", "1970-01-01T00:00:00"),
            ("1709251200000", "epoch-ms", "yyyy-MM-dd HH:mm", "2024-03-01 00:00"),
            ("2024-03-01T08:00:00", "iso", "%d.%m.%Y", "01.03.2024"),
            ("01/02/24", "%d/%m/%y", "yyyy-MM-dd", "2024-02-01"),
        ] {
            let made = format_date(&[Cel::from(value), Cel::from(from), Cel::from(to)]);
            assert_eq!(made, Ok(Cel::from(expected)), "{value} as {from}");
        }
        assert_eq!(format_date(&[Cel::Null, Cel::from("iso"), Cel::from("iso")]), Ok(Cel::Null));
        for (value, from) in [("20230229", "yyyyMMdd"), ("x", "iso"), ("1", "qq"), ("60", "excel"), ("9e9", "epoch")] {
            assert!(format_date(&[Cel::from(value), Cel::from(from), Cel::from("iso")]).is_err(), "{value}");
        }
    }

    #[test]
    fn each_letter_of_a_pattern_has_its_meaning() {
        let write = |to: &str| format_date(&[Cel::from("2024-03-05T17:08:09"), Cel::from("iso"), Cel::from(to)]);
        for (to, expected) in [
            ("yyyy", "2024"),
            ("yy", "24"),
            ("MMMM", "March"),
            ("MMM", "Mar"),
            ("MM", "03"),
            ("M", "3"),
            ("dd", "05"),
            ("d", "5"),
            ("HH", "17"),
            ("H", "17"),
            ("hh", "05"),
            ("mm", "08"),
            ("ss", "09"),
            ("tt", "PM"),
            ("a", "PM"),
            ("yyyyMMddTHHmmss", "20240305T170809"),
            ("yyyy年M月d日", "2024年3月5日"),
            ("iso", "2024-03-05T17:08:09"),
        ] {
            assert_eq!(write(to), Ok(Cel::from(expected)), "{to}");
        }
        assert!(write("yyyyy").expect_err("unknown").contains("\"yyyyy\""));
        let early = format_date(&[Cel::from("2024-03-05T07:08:09Z"), Cel::from("iso"), Cel::from("H hh a")]);
        assert_eq!(early, Ok(Cel::from("7 07 AM")));
    }

    #[test]
    fn a_date_has_128_bytes_at_most_and_so_have_its_patterns() {
        let date = |value: usize, from: usize, to: usize| {
            let fill = |start: &str, length: usize| Cel::from(format!("{start}{}", "-".repeat(length - start.len())));
            format_date(&[fill("20240229", value), fill("yyyyMMdd", from), fill("yyyy", to)])
        };
        assert!(date(128, 128, 128).is_ok());
        for (value, from, to) in [(129, 128, 128), (128, 129, 128), (8, 8, 129), (300, 8, 8), (8, 300, 8), (8, 8, 300)]
        {
            assert!(date(value, from, to).expect_err("too long").contains("too long"), "{value} {from} {to}");
        }
    }

    #[test]
    fn a_day_number_of_a_spreadsheet_is_one_after_its_leap_day_that_never_was() {
        let excel = |value: &str| format_date(&[Cel::from(value), Cel::from("excel"), Cel::from("yyyy-MM-dd")]);
        assert_eq!(excel("61"), Ok(Cel::from("1900-03-01")));
        assert_eq!(excel("45352.75"), Ok(Cel::from("2024-03-01")));
        assert!(excel("60").is_err() && excel("1").is_err() && excel("-1").is_err());
        assert_eq!(excel("  "), Ok(Cel::Null));
    }
}
