//! What happened how often.

use std::collections::BTreeMap;

/// Kinds of which no word may be rare.
const COMMON: [&str; 4] = ["event", "situation", "crash at", "outcome"];

/// Counts, by kind and word.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts(BTreeMap<(&'static str, String), u64>);

impl Counts {
    pub(crate) fn add(&mut self, kind: &'static str, word: &str) {
        *self.0.entry((kind, word.to_owned())).or_default() += 1;
    }

    pub(crate) fn event(&mut self, word: &str) {
        self.add("event", word);
    }

    pub(crate) fn crash(&mut self, effect: &str) {
        self.add("crash at", effect);
    }

    pub(crate) fn outcome(&mut self, word: &str) {
        self.add("outcome", word);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(key.clone()).or_default() += count;
        }
    }

    /// A table with shares of each kind, and the words below one percent.
    pub(crate) fn table(&self) -> (String, Vec<String>) {
        let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
        for ((kind, _), count) in &self.0 {
            *totals.entry(kind).or_default() += count;
        }
        let (mut text, mut rare) = (String::new(), Vec::new());
        for ((kind, word), count) in &self.0 {
            let tenths = count * 1000 / totals[kind].max(1);
            text += &format!("{kind:<10} {word:<28} {count:>8}  {:>3}.{} %\n", tenths / 10, tenths % 10);
            if tenths < 10 && COMMON.contains(kind) {
                rare.push(format!("{kind} {word}"));
            }
        }
        (text, rare)
    }
}
