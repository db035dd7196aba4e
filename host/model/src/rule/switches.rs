//! Rules that are switched off, for scenarios that must fail without them. One process, one set: tests that switch share a
//! lock.

use super::Rule;
use std::sync::atomic::{AtomicU64, Ordering};

const WORDS: usize = 8;
static OFF: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

fn place(rule: Rule) -> (&'static AtomicU64, u64) {
    let index = rule as usize;
    (&OFF[(index / 64) % WORDS], 1 << (index % 64))
}

pub(super) fn on(rule: Rule) -> bool {
    let (word, bit) = place(rule);
    word.load(Ordering::Relaxed) & bit == 0
}

/// Keeps a rule off until it is dropped.
#[derive(Debug)]
pub struct Off(Rule);

impl Off {
    /// Switches a rule off.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        let (word, bit) = place(rule);
        word.fetch_or(bit, Ordering::SeqCst);
        Self(rule)
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        let (word, bit) = place(self.0);
        word.fetch_and(!bit, Ordering::SeqCst);
    }
}
