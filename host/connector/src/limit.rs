//! What one connector may use. One table, with the defaults of the whole project in one place.
//!
//! A limit that is passed ends the call, and with it the instance; the error names the limit, its value and the table
//! in which the operator can raise it.

use crate::units::{Size, Span};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $field:ident / $key:literal: $type:ty = $default:expr;)+) => {
        /// `[connection.NAME.limits]`: every key has a default.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }
        impl Default for Limits {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }
        impl Limits {
            /// The value of a limit as it is written, by its key.
            #[must_use]
            pub fn text(&self, key: &str) -> String {
                match key {
                    $($key => toml_text(&self.$field),)+
                    _ => String::new(),
                }
            }
            /// All keys.
            pub const KEYS: &'static [&'static str] = &[$($key),+];
        }
    };
}

limits! {
    /// Linear memory of one instance.
    memory / "memory": Size = Size(256 << 20);
    /// Entries of all its tables.
    table_entries / "table-entries": u64 = 100_000;
    /// Processor time of guest code in one call, counted in steps of 10 ms.
    call_cpu / "call-cpu": Span = Span(30_000);
    /// Time that one call may take, waiting included.
    call_wall / "call-wall": Span = Span(120_000);
    /// Changes in one page.
    page_changes / "page-changes": u64 = 10_000;
    /// Bytes of one page, or of any other answer of the connector.
    page_bytes / "page-bytes": Size = Size(32 << 20);
    /// Pages in a row that hold nothing and are not the last.
    empty_pages / "empty-pages": u64 = 1000;
    /// Time from the beginning of a scan to its last page.
    scan_wall / "scan-wall": Span = Span(6 * 3_600_000);
    /// Bytes that one instance may receive from network and files.
    bytes_in / "bytes-in": Size = Size(16 << 30);
    /// Bytes that one instance may send to network and files.
    bytes_out / "bytes-out": Size = Size(4 << 30);
    /// Calls of the host in one call of the connector.
    host_calls / "host-calls": u64 = 1_000_000;
    /// Events in the log in one call.
    log_lines / "log-lines": u64 = 1000;
    /// Bytes in the log in one call.
    log_bytes / "log-bytes": Size = Size(1 << 20);
    /// HTTP requests of one instance.
    http_requests / "http-requests": u64 = 1_000_000;
    /// HTTP requests at the same time.
    http_parallel / "http-parallel": u64 = 8;
    /// Bytes of one HTTP request.
    request_bytes / "request-bytes": Size = Size(16 << 20);
    /// Bytes of one HTTP response.
    response_bytes / "response-bytes": Size = Size(32 << 20);
    /// The whole exchange of one HTTP request.
    http_timeout / "http-timeout": Span = Span(30_000);
    /// Byte streams open at the same time.
    streams / "streams": u64 = 16;
    /// Files open at the same time.
    files / "files": u64 = 16;
    /// Bytes of one value in scratch.
    scratch_value / "scratch-value": Size = Size(64 << 10);
    /// Objects that go to or come from the directory in one call.
    directory_rows / "directory-rows": u64 = 1000;
    /// Hints that one answer of a receiver or listener may give.
    hints / "hints": u64 = 1000;
}

/// As written in the file, with quotes where it is text.
fn toml_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A limit was passed: travels as the error of a trap, from the place that counted to the one that makes the fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimitPassed {
    /// Key in the table of limits.
    pub(crate) key: &'static str,
    /// What was used, completing "used ...": "more than 64 MiB of memory".
    pub(crate) used: String,
}

impl LimitPassed {
    pub(crate) fn new(key: &'static str, used: impl Into<String>) -> Self {
        Self { key, used: used.into() }
    }

    /// The whole sentence, without the connector's name.
    pub(crate) fn sentence(&self, limits: &Limits, connection: &str) -> String {
        let Self { key, used } = self;
        let value = limits.text(key);
        format!("used {used} (limit {key} = {value}, raise it in [connection.{connection}.limits])")
    }
}
impl fmt::Display for LimitPassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "used {} (limit {})", self.used, self.key)
    }
}
impl std::error::Error for LimitPassed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_what_it_changes_and_keeps_the_rest() {
        let limits: Limits = toml::from_str("memory = \"64 MiB\"\ncall-cpu = \"500 ms\"\nlog-lines = 5").unwrap();
        assert_eq!((limits.memory, limits.call_cpu, limits.log_lines), (Size(64 << 20), Span(500), 5));
        assert_eq!(limits.streams, Limits::default().streams);
    }

    #[test]
    fn unknown_keys_and_values_without_unit_are_refused_by_name() {
        let unknown = toml::from_str::<Limits>("memori = \"1 MiB\"").unwrap_err().to_string();
        assert!(unknown.contains("memori") && unknown.contains("memory"), "{unknown}");
        let unit = toml::from_str::<Limits>("memory = \"64\"").unwrap_err().to_string();
        assert!(unit.contains("write a whole number and a unit"), "{unit}");
    }

    #[test]
    fn the_sentence_names_the_line_to_change() {
        let passed = LimitPassed::new("memory", "more than 64 MiB of memory");
        let limits = Limits { memory: Size(64 << 20), ..Limits::default() };
        assert_eq!(
            passed.sentence(&limits, "hr"),
            "used more than 64 MiB of memory (limit memory = \"64 MiB\", raise it in [connection.hr.limits])"
        );
    }

    #[test]
    fn every_key_is_a_key_of_the_table() {
        let json = serde_json::to_value(Limits::default()).unwrap();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, Limits::KEYS);
        assert!(Limits::KEYS.iter().all(|key| !Limits::default().text(key).is_empty()));
    }
}
