//! Protection from spreadsheet formulas (CWE-1236): a text that a spreadsheet would run gets an apostrophe in front,
//! and loses exactly one when it is read back.
//!
//! Telephone numbers (`+86...`) and notes (`- x`) are hit too, so both ways together must lose nothing. For that the
//! rule covers texts that begin with apostrophes before such a character as well.

use std::borrow::Cow;

/// True if a spreadsheet might run the text, or if [`strip`] would take its apostrophe for ours.
fn is_protected(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    // Most texts begin with a letter or a digit.
    if first.is_ascii_alphanumeric() {
        return false;
    }
    matches!(
        text.trim_start_matches('\'').chars().next(),
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
    )
}

/// The text as it may stand in a cell.
#[must_use]
pub fn protect(text: &str) -> Cow<'_, str> {
    if is_protected(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that a cell stands for.
#[must_use]
pub fn strip(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_protected(rest) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_protected_and_names_are_not() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+8613800000000", "'+8613800000000"),
            ("- x", "'- x"),
            ("＝cmd", "'＝cmd"),
            ("\tx", "'\tx"),
            ("'=x", "''=x"),
            ("O'Neil", "O'Neil"),
            ("'quoted'", "'quoted'"),
            ("李雷", "李雷"),
            ("", ""),
        ] {
            assert_eq!(protect(text), cell);
            assert_eq!(strip(cell), text);
        }
    }

    #[test]
    fn an_apostrophe_of_the_author_stays() {
        assert_eq!(strip("'tis"), "'tis");
        assert_eq!(strip("'"), "'");
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "['=+@＝－\\t\\r\\na-]{0,6}") {
            let cell = protect(&text);
            prop_assert_eq!(strip(&cell), text.as_str());
            prop_assert!(!matches!(cell.chars().next(), Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '－')));
        }
    }
}
