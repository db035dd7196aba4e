//! How texts have to look: one expression each, which the document shows and the server checks.

use regex::Regex;
use std::sync::LazyLock;

/// An id that a client gives, or refers to.
pub(super) const ID: &str = r"^[A-Za-z0-9][A-Za-z0-9._~@:+=,\-]{0,255}$";
/// A name by which somebody logs in: no space, no control character.
pub(super) const NAME: &str =
    r"^[^\u0000-\u0020\u007f-\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]{1,256}$";
/// Text of one line.
pub(super) const TEXT: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// Text of one line in which there is something to see.
pub(super) const WORDS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[!-~\u00a1-\u00ac\u00ae-\u167f\u1681-\u180d\u180f-\u1fff\u2070-\u2fff\u3001-\ud7ff][^\u0000-\u001f\u007f-\u009f]*$";
/// An address of e-mail.
pub(super) const EMAIL: &str = r"^[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(\.[A-Za-z0-9\-]{1,63}){1,4}$";
/// A telephone number with its country, as E.164 writes it.
pub(super) const PHONE: &str = r"^\+[1-9][0-9]{5,20}$";
/// A name of an attribute of the company's own.
pub(super) const OWN: &str = r"^[A-Za-z][A-Za-z0-9_\-]{0,63}$";
/// Where a page begins.
pub(super) const CURSOR: &str = r"^[A-Za-z0-9_\-]{1,2048}$";

macro_rules! compiled {
    ($($pattern:ident),*) => {
        /// True if a text looks as one of the patterns of this module says.
        pub(super) fn fits(pattern: &str, text: &str) -> bool {
            $(if pattern == $pattern {
                static COMPILED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());
                return COMPILED.as_ref().is_some_and(|one| one.is_match(text));
            })*
            false
        }

        #[cfg(test)]
        const ALL: &[&str] = &[$($pattern),*];
    };
}
compiled!(ID, NAME, TEXT, WORDS, EMAIL, PHONE, OWN, CURSOR);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_compiled() {
        for pattern in ALL {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn texts_are_told_apart() {
        assert!(fits(ID, "u-1") && fits(ID, "a@b.example") && !fits(ID, "../x") && !fits(ID, "") && !fits(ID, "a/b"));
        assert!(fits(NAME, "ann.lee") && fits(NAME, "\u{738b}") && !fits(NAME, "a b") && !fits(NAME, "\u{200b}"));
        assert!(fits(WORDS, " a ") && !fits(WORDS, "  ") && !fits(WORDS, "a\u{7}") && fits(TEXT, ""));
        assert!(
            fits(EMAIL, "a@b.example") && !fits(EMAIL, "a@b") && fits(PHONE, "+8613800000000") && !fits(PHONE, "138")
        );
        assert!(!fits(TEXT, "a\nb") && !fits(ID, "a\n"));
    }
}
