//! Sizes and durations as people write them: `128 MB`, `12h`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::time::Duration;

/// A number of bytes: `128 MB`, `1 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

/// A span of time: `500ms`, `30s`, `5m`, `12h`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

/// Reads a number of bytes.
///
/// # Errors
/// A sentence with examples.
pub(crate) fn parse_bytes(text: &str) -> Result<Bytes, String> {
    let factor = |unit: &str| match unit {
        "B" => Some(1),
        "kB" => Some(1000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    quantity(text, factor).map(Bytes).ok_or_else(|| {
        format!("\"{text}\" is no size; write a whole number and a unit, such as \"128 MB\" or \"64 MiB\"")
    })
}

/// Reads a span of time.
///
/// # Errors
/// A sentence with examples.
pub(crate) fn parse_span(text: &str) -> Result<Span, String> {
    let factor = |unit: &str| match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    quantity(text, factor).map(|ms| Span(Duration::from_millis(ms))).ok_or_else(|| {
        format!("\"{text}\" is no duration; write a whole number and ms, s, m, h or d, such as \"12h\" or \"0s\"")
    })
}

/// A whole number and a unit, multiplied; none if either is missing, unknown or too large.
fn quantity(text: &str, factor: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    number.checked_mul(factor(text[digits..].trim())?)
}

macro_rules! written {
    ($type:ident, $parse:ident, $name:literal, $format:literal, $doc:literal, $show:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let show: fn(&Self) -> String = $show;
                serializer.serialize_str(&show(self))
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format, "description": $doc })
            }
        }
    };
}

written!(Bytes, parse_bytes, "Bytes", "bytes", "A size: `128 MB`, `64 MiB`, `1 GiB`.", |bytes| {
    format!("{} B", bytes.0)
});
written!(Span, parse_span, "Duration", "duration", "A span of time: `500ms`, `30s`, `5m`, `12h`, `30d`.", |span| {
    format!("{}ms", span.0.as_millis())
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_read_as_people_write_them() {
        assert_eq!(parse_bytes("128 MB"), Ok(Bytes(128_000_000)));
        assert_eq!(parse_bytes("64MiB"), Ok(Bytes(64 << 20)));
        assert_eq!(parse_span("12h"), Ok(Span(Duration::from_secs(43_200))));
        assert_eq!(parse_span("0s"), Ok(Span(Duration::ZERO)));
        for wrong in ["", "h", "12", "-1h", "1.5h", "99999999999999999999d", "18446744073709551615d", "1 w"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
        assert!(parse_bytes("many MB").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = (parse_bytes(&text), parse_span(&text));
        }

        #[test]
        fn what_is_written_is_read_back(number in 0u64..1 << 40) {
            proptest::prop_assert_eq!(parse_bytes(&format!("{number} B")), Ok(Bytes(number)));
            proptest::prop_assert_eq!(parse_span(&format!("{number}ms")), Ok(Span(Duration::from_millis(number))));
        }
    }
}
