//! Sizes and durations as people write them: `256 MiB`, `30s`.
//!
//! A bare number is refused except for zero, because nobody remembers whether it meant bytes or megabytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes, written with a unit: `B`, `KiB`, `MiB`, `GiB`, or `kB`, `MB`, `GB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A duration in milliseconds, written with a unit: `ms`, `s`, `m`, `h`, `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u64);

const KIB: u64 = 1024;
const SIZE_UNITS: [(&str, u64); 7] = [
    ("GiB", KIB * KIB * KIB),
    ("MiB", KIB * KIB),
    ("KiB", KIB),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];
const SPAN_UNITS: [(&str, u64); 5] = [("ms", 1), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];

/// Splits `12 MiB` into its number and the value of its unit. The first unit that fits counts, so longer ones come first.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    if text == "0" {
        return Some(0);
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim_start();
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    number.checked_mul(factor)
}

/// Writes with the largest unit that leaves no rest.
fn show(value: u64, units: &[(&str, u64)], gap: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut sorted = units.to_vec();
    sorted.sort_by_key(|(_, factor)| std::cmp::Reverse(*factor));
    let unit = sorted.iter().find(|(_, factor)| value != 0 && value.is_multiple_of(*factor));
    let (name, factor) = unit.or(sorted.last()).copied().unwrap_or(("", 1));
    f.pad(&format!("{}{gap}{name}", value / factor))
}

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &SIZE_UNITS).map(Self).ok_or_else(|| {
            format!("\"{text}\" is no size; write a whole number and a unit, like \"64 MiB\" or \"500 kB\"")
        })
    }
}
impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &SPAN_UNITS).map(Self).ok_or_else(|| {
            format!("\"{text}\" is no duration; write a whole number and a unit, like \"500 ms\", \"30s\" or \"5m\"")
        })
    }
}
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, &SIZE_UNITS[..3].iter().chain(&SIZE_UNITS[6..]).copied().collect::<Vec<_>>(), " ", f)
    }
}
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, &SPAN_UNITS, "", f)
    }
}
impl Span {
    /// The same as the standard library's type.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

macro_rules! as_text {
    ($type:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(Size);
as_text!(Span);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_and_durations_are_read_with_units() {
        assert_eq!("64 MiB".parse(), Ok(Size(64 << 20)));
        assert_eq!("500kB".parse(), Ok(Size(500_000)));
        assert_eq!("0".parse(), Ok(Size(0)));
        assert_eq!("10 ms".parse(), Ok(Span(10)));
        assert_eq!("2h".parse(), Ok(Span(7_200_000)));
        for bad in ["", "64", "MiB", "-1 B", "1.5 MiB", "99999999999 GiB", "1 parsec"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        assert_eq!("64".parse::<Size>().unwrap_err().matches("\"64\"").count(), 1);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any::<u32>()) {
            let (size, span) = (Size(u64::from(value)), Span(u64::from(value)));
            prop_assert_eq!(size.to_string().parse(), Ok(size));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC*") {
            let _ = text.parse::<Size>();
            let _ = text.parse::<Span>();
        }
    }
}
