//! Times of the hub as DingTalk counts them: the other way of `time.rs`.

/// Where a day without a time begins: midnight of the mainland, as the administration console shows hiring days.
const ZONE_MS: i64 = 8 * 3_600_000;

/// Milliseconds since 1970 of a text of RFC 3339, or of a day; none if it is neither.
#[must_use]
pub fn milliseconds(text: &str) -> Option<i64> {
    let day = text.get(..10)?;
    let mut parts = day.split('-');
    let (year, month, date) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=longest).contains(&date) {
        return None;
    }
    let begin = days(year, month, date) * 86_400_000;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(begin - ZONE_MS);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let clock = rest.get(..8)?;
    let mut parts = clock.split(':');
    let (hour, minute, second) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut zone = rest.get(8..)?;
    let mut fraction = 0;
    if let Some(behind) = zone.strip_prefix('.') {
        let count = behind.bytes().take_while(u8::is_ascii_digit).count();
        let thousandths: String = behind.get(..count)?.chars().chain("000".chars()).take(3).collect();
        if count == 0 {
            return None;
        }
        fraction = digits(&thousandths, 3)?;
        zone = behind.get(count..)?;
    }
    Some(begin + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset(zone)?)
}

fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let good = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

/// Days since 1970, by Howard Hinnant's `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::milliseconds;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(seconds in -62_167_219_200_i64..253_402_300_799) {
            let shown = rosterd_sdk::time::rfc3339(seconds * 1000).unwrap();
            prop_assert_eq!(milliseconds(&shown), Some(seconds * 1000), "{}", shown);
        }

        #[test]
        fn nothing_panics(text in "[0-9TZ:.+\\-é ]{0,32}|.{0,20}") {
            let _ = milliseconds(&text);
        }
    }

    #[test]
    fn spellings() {
        assert_eq!(milliseconds("2020-08-16T10:26:56.828Z"), Some(1_597_573_616_828));
        assert_eq!(milliseconds("2020-08-16T18:26:56+08:00"), Some(1_597_573_616_000));
        assert_eq!(milliseconds("2020-08-16"), Some(1_597_507_200_000), "midnight of the mainland");
        for text in
            ["", "2020", "2020-13-01", "2020-02-30", "2020-08-16T", "2020-08-16T25:00:00Z", "2020-08-16T10:26:56", "x"]
        {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
