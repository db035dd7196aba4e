//! Is what a page says older than what is known already?
//!
//! A scan reads for minutes, and events go on meanwhile. What an event changed or removed after the scan began has a
//! greater sequence than the scan's beginning; a page that was read before must neither overwrite nor resurrect it. Only
//! the source's own version can show that the page is newer all the same.

use rosterd_model::Rule;

/// What the versions of a source are, as its connector describes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// Comparable for equality only, or absent.
    #[default]
    Opaque,
    /// Growing decimal numbers.
    Number,
    /// Texts that sort by bytes.
    Text,
}

impl Versions {
    /// Reads the word of a connector's description.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "number" => Self::Number,
            "text" => Self::Text,
            _ => Self::Opaque,
        }
    }

    /// True if `said` is certainly later than `known`.
    #[must_use]
    pub fn later(self, said: Option<&str>, known: Option<&str>) -> bool {
        let (Some(said), Some(known)) = (said, known) else { return false };
        match self {
            Self::Opaque => false,
            Self::Number => match (number(said), number(known)) {
                (Some(said), Some(known)) => (said.len(), said) > (known.len(), known),
                _ => false,
            },
            Self::Text => said > known,
        }
    }
}

/// The digits of a decimal number without leading zeros, however many there are.
fn number(text: &str) -> Option<&str> {
    let digits = text.trim();
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.trim_start_matches('0'))
}

/// True if a scan that began at `started` must not believe what its page says of a shadow that changed at `changed`:
/// somebody else changed it while the scan ran. `later` tells whether the source's versions show that the page is newer.
#[must_use]
pub fn is_stale(changed: u64, started: u64, later: bool) -> bool {
    Rule::StaleNeverResurrects.on() && changed > started && !later
}

/// True if a scan that began at `started` may miss a shadow that changed at `changed`. What was made or changed while the
/// scan ran is not missing from it.
#[must_use]
pub fn may_be_missing(changed: u64, started: u64) -> bool {
    !Rule::CreatedDuringScan.on() || changed <= started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_after_the_scan_began_is_not_overwritten() {
        assert!(!is_stale(7, 7, false), "known when the scan began");
        assert!(is_stale(8, 7, false));
        assert!(!is_stale(8, 7, true), "the source says itself that the page is newer");
    }

    #[test]
    fn what_was_made_while_the_scan_ran_is_not_missing() {
        assert!(may_be_missing(7, 7));
        assert!(!may_be_missing(8, 7));
    }

    #[test]
    fn versions_compare_only_where_the_connector_says_how() {
        let later = |kind: Versions, a, b| kind.later(Some(a), Some(b));
        assert!(later(Versions::Number, "10", "9") && !later(Versions::Number, "9", "10"));
        assert!(later(Versions::Number, "100000000000000000000000", "99999999999999999999999"));
        assert!(!later(Versions::Number, "007", "7") && !later(Versions::Number, "v9", "8"));
        assert!(later(Versions::Text, "2026-02", "2026-01") && !later(Versions::Text, "10", "9"));
        assert!(
            !later(Versions::Text, "a", "a") && !later(Versions::Number, "1", "") && !later(Versions::Number, "", "")
        );
        assert!(!later(Versions::Opaque, "b", "a"));
        assert!(!Versions::Number.later(Some("1"), None) && !Versions::Number.later(None, Some("1")));
        let words = ["number", "text", "opaque", "none"].map(Versions::of);
        assert_eq!(words, [Versions::Number, Versions::Text, Versions::Opaque, Versions::Opaque]);
    }
}
