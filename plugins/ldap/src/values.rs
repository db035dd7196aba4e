//! Values that are not text as they come: ids of 16 bytes, times of Active Directory.

/// The value is no number that makes sense there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoNumber;

/// A GUID as Active Directory keeps it, as text: the first three parts have their bytes reversed.
#[must_use]
pub fn guid(bytes: &[u8]) -> Option<String> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text = String::with_capacity(36);
    for (at, from) in order.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for half in [bytes[from] >> 4, bytes[from] & 15] {
            text.push(char::from_digit(half.into(), 16).unwrap_or('0'));
        }
    }
    Some(text)
}

/// The bytes of a GUID as Active Directory keeps it.
#[must_use]
pub fn guid_bytes(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let half = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = [0; 16];
    for (at, two) in digits.chunks(2).enumerate() {
        let [high, low] = two else { return None };
        *bytes.get_mut(at)? = half(*high)? << 4 | half(*low)?;
    }
    // Only one text is the GUID's, so that it is found again under the id that it was told with.
    let mixed = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(|from| bytes[from]);
    (guid(&mixed).as_deref() == Some(text)).then_some(mixed)
}

/// A UUID as text, its bytes in their order.
#[must_use]
pub fn uuid(bytes: [u8; 16]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

/// A time of the server (`YYYYMMDDHHMMSS`, with a fraction or not, `Z`) some seconds earlier; none if it is none.
#[must_use]
pub fn earlier(text: &str, seconds: i64) -> Option<String> {
    let digits = text.strip_suffix('Z')?.split(['.', ',']).next()?;
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits[range].parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let second = part(8..10)? * 3600 + part(10..12)? * 60 + part(12..14)?;
    // Days since 1970-03-01, by a calendar whose year begins with March.
    let shifted = if month > 2 { year } else { year - 1 };
    let days =
        365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let total = days * 86_400 + second - seconds;
    let (days, second) = (total.div_euclid(86_400), total.rem_euclid(86_400));
    let mut year = days * 400 / 146_097;
    let before = |year: i64| 365 * year + year / 4 - year / 100 + year / 400;
    while before(year + 1) <= days {
        year += 1;
    }
    while before(year) > days {
        year -= 1;
    }
    let rest = days - before(year);
    let shifted = (5 * rest + 2) / 153;
    let (month, day) = ((shifted + 2) % 12 + 1, rest - (153 * shifted + 2) / 5 + 1);
    let year = if month <= 2 { year + 1 } else { year };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    (1..=9999).contains(&year).then(|| format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z"))
}

/// The second at which an account ends (RFC 3339), from hundreds of nanoseconds since 1601; `Ok(None)`: never.
///
/// # Errors
/// It is no such number.
pub fn expires(text: &str) -> Result<Option<String>, NoNumber> {
    let ticks: i64 = text.parse().map_err(|_| NoNumber)?;
    if ticks == 0 || ticks == i64::MAX {
        return Ok(None);
    }
    if ticks < 0 {
        return Err(NoNumber);
    }
    let seconds = ticks / 10_000_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days since 1601-01-01, the first day of a cycle of 400 years.
    let (cycles, day) = (days / 146_097, days % 146_097);
    let (mut year, mut left) = (1601 + 400 * cycles, day);
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let mut month = 1;
    for length in [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    if year > 9999 {
        // No calendar goes so far; directories mean never.
        return Ok(None);
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Ok(Some(format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", left + 1)))
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The security id of what has this number in the domain of an account.
#[must_use]
pub fn in_domain(account: &[u8], number: &str) -> Option<Vec<u8>> {
    let domain = account.len().checked_sub(4).filter(|length| *length >= 8)?;
    let number: u32 = number.parse().ok()?;
    Some([&account[..domain], &number.to_le_bytes()].concat())
}

/// The number of a security id in its domain.
#[must_use]
pub fn number(sid: &[u8]) -> Option<u32> {
    sid.last_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Whether bit 2 of a mask says that the account is disabled.
///
/// # Errors
/// It is no number.
pub fn disabled(text: &str) -> Result<bool, NoNumber> {
    text.parse::<i64>().map(|mask| mask & 2 != 0).map_err(|_| NoNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_mixed() {
        let bytes = [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
        assert_eq!(guid(&bytes).as_deref(), Some("00112233-4455-6677-8899-aabbccddeeff"));
        assert_eq!(guid(&bytes[1..]), None);
    }

    #[test]
    fn ids_are_written_and_read() {
        let bytes = [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
        assert_eq!(guid_bytes("00112233-4455-6677-8899-aabbccddeeff"), Some(bytes));
        for none in [
            "",
            "00112233",
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            "00112233445566778899aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeeff00",
            "00112233-4455-6677-8899-aabbccddeefg",
        ] {
            assert_eq!(guid_bytes(none), None, "{none}");
        }
        assert_eq!(uuid(bytes), "33221100-5544-7766-8899-aabbccddeeff");
    }

    #[test]
    fn a_time_is_set_back() {
        for (text, seconds, before) in [
            ("20260101000005Z", 60, Some("20251231235905Z")),
            ("20240301000000Z", 1, Some("20240229235959Z")),
            ("20250301000000.5Z", 1, Some("20250228235959Z")),
            ("20001231235959Z", 0, Some("20001231235959Z")),
            ("19700101000000Z", 86_400, Some("19691231000000Z")),
            ("20260101000005", 60, None),
            ("2026010100000Z", 60, None),
            ("20261301000000Z", 60, None),
        ] {
            assert_eq!(earlier(text, seconds).as_deref(), before, "{text}");
        }
        // Each day of four centuries comes back to itself.
        let mut day = "24000101120000Z".to_owned();
        for _ in 0..146_097 {
            assert_eq!(earlier(&day, 0).as_deref(), Some(day.as_str()));
            day = earlier(&day, 86_400).unwrap();
        }
        assert_eq!(day, "20000101120000Z");
    }

    #[test]
    fn times_of_active_directory() {
        assert_eq!(expires("0"), Ok(None));
        assert_eq!(expires("9223372036854775807"), Ok(None));
        // 2024-02-29T12:34:56Z is 1709210096 seconds after 1970.
        let ticks = (1_709_210_096_i64 + 11_644_473_600) * 10_000_000;
        assert_eq!(expires(&ticks.to_string()), Ok(Some("2024-02-29T12:34:56Z".to_owned())));
        assert_eq!(expires("1"), Ok(Some("1601-01-01T00:00:00Z".to_owned())));
        assert_eq!(
            expires(&((1_735_689_600_i64 - 1 + 11_644_473_600) * 10_000_000).to_string()),
            Ok(Some("2024-12-31T23:59:59Z".to_owned()))
        );
        assert_eq!(expires("9223372036854775806"), Ok(None));
        assert!(expires("-1").is_err() && expires("").is_err() && expires("never").is_err());
    }

    #[test]
    fn one_bit_disables() {
        assert_eq!((disabled("514"), disabled("512"), disabled("66050")), (Ok(true), Ok(false), Ok(true)));
        assert!(disabled("x").is_err());
    }
}
