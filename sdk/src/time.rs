//! Times as texts: remote systems count seconds or milliseconds, records hold texts of RFC 3339.

/// The last year that a text of RFC 3339 can hold, in milliseconds.
const LAST: i64 = 253_402_300_799_999;

/// Milliseconds since 1970 as RFC 3339 in UTC, to the second; none outside of the years 0 to 9999.
#[must_use]
pub fn rfc3339(milliseconds: i64) -> Option<String> {
    if !(-62_167_219_200_000..=LAST).contains(&milliseconds) {
        return None;
    }
    let seconds = milliseconds.div_euclid(1000);
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's civil_from_days: years begin in March, eras have 400 of them.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn known_moments() {
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(rfc3339(1_597_573_616_828).as_deref(), Some("2020-08-16T10:26:56Z"));
        assert_eq!(rfc3339(951_782_400_000).as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(rfc3339(-1).as_deref(), Some("1969-12-31T23:59:59Z"));
        assert_eq!(rfc3339(super::LAST).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!((rfc3339(super::LAST + 1), rfc3339(i64::MIN)), (None, None));
    }
}
