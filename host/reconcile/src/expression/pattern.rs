//! Regular expressions of `matches`, compiled once for an expression and not once for a record.
//!
//! CEL compiles the pattern on each call, which costs a hundred times the match. A pattern that is written out is compiled when
//! the expression is checked, so a wrong one is an error of the configuration. One that comes from a record is kept too, a few
//! of them for each expression: attributes that hold patterns hold few different ones.

use cel::Value as Cel;
use regex::{Regex, RegexBuilder};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The name under which the compiler calls it. Not for people.
pub(super) const MATCHES: &str = "@matches";

/// Patterns from records that one expression keeps.
const KEPT: usize = 16;
/// Largest compiled pattern, in bytes.
const LARGEST: usize = 1 << 20;

/// The patterns of one expression.
#[derive(Default)]
pub(super) struct Patterns {
    written: Vec<(String, Regex)>,
    met: Mutex<VecDeque<(Arc<String>, Regex)>>,
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.written.iter().map(|(pattern, _)| pattern)).finish()
    }
}

/// Compiles a pattern. The error is the end of a sentence and does not show the pattern.
fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(LARGEST).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "is too large".to_owned(),
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default();
            format!("is not valid: {}", reason.strip_prefix("error: ").unwrap_or(reason))
        }
    })
}

impl Patterns {
    /// Keeps a pattern that is written in the expression.
    pub(super) fn write(&mut self, pattern: &str) -> Result<(), String> {
        if self.written.iter().all(|(known, _)| known != pattern) {
            self.written.push((pattern.to_owned(), compile(pattern)?));
        }
        Ok(())
    }

    /// Whether a text has a part that fits a pattern: `[text, pattern]`.
    pub(super) fn matches(&self, arguments: &[Cel]) -> Result<Cel, String> {
        let [Cel::String(text), Cel::String(pattern)] = arguments else {
            let other = arguments.iter().find(|value| !matches!(value, Cel::String(_)));
            return Err(match other {
                Some(other) => format!("takes a text and a pattern and was given a {}", other.type_of()),
                None => "takes a text and a pattern".to_owned(),
            });
        };
        if let Some((_, regex)) = self.written.iter().find(|(known, _)| known == &**pattern) {
            return Ok(Cel::Bool(regex.is_match(text)));
        }
        let regex = self.met(pattern)?;
        Ok(Cel::Bool(regex.is_match(text)))
    }

    fn met(&self, pattern: &Arc<String>) -> Result<Regex, String> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, regex)) = met.iter().find(|(known, _)| known == pattern) {
            return Ok(regex.clone());
        }
        let regex = compile(pattern).map_err(|why| format!("was given a pattern that {why}"))?;
        if met.len() == KEPT {
            met.pop_front();
        }
        met.push_back((Arc::clone(pattern), regex.clone()));
        Ok(regex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(patterns: &Patterns, text: &str, pattern: &str) -> Result<Cel, String> {
        patterns.matches(&[Cel::from(text), Cel::from(pattern)])
    }

    #[test]
    fn patterns_of_records_are_kept_and_few() {
        let patterns = Patterns::default();
        for round in 0..100 {
            assert_eq!(is_match(&patterns, "x7", &format!("^x{}$", round % 40)), Ok(Cel::Bool(round % 40 == 7)));
            assert_eq!(patterns.met.lock().unwrap().len(), KEPT.min(round + 1));
        }
        is_match(&patterns, "a", "a").unwrap();
        let before = patterns.met.lock().unwrap().len();
        is_match(&patterns, "b", "a").unwrap();
        assert_eq!(patterns.met.lock().unwrap().len(), before, "the same pattern is not kept twice");
    }

    #[test]
    fn a_written_pattern_is_never_compiled_again() {
        let mut patterns = Patterns::default();
        patterns.write("^a").unwrap();
        patterns.write("^a").unwrap();
        assert_eq!(is_match(&patterns, "abc", "^a"), Ok(Cel::Bool(true)));
        assert_eq!((patterns.written.len(), patterns.met.lock().unwrap().len()), (1, 0));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_pattern() {
        assert_eq!(Patterns::default().write("(hunter2").unwrap_err(), "is not valid: unclosed group");
        assert_eq!(Patterns::default().write("(a{1000}){1000}").unwrap_err(), "is too large");
        let error = is_match(&Patterns::default(), "x", "(hunter2").unwrap_err();
        assert_eq!(error, "was given a pattern that is not valid: unclosed group");
        assert!(Patterns::default().matches(&[Cel::Null, Cel::from("a")]).unwrap_err().contains("given a null"));
    }
}
