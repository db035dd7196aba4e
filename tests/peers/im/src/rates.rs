//! Rate windows, by the simulator's clock.

use crate::clock::Millis;
use std::collections::{HashMap, VecDeque};

/// Sliding windows, each with a name.
#[derive(Debug, Default)]
pub struct Windows {
    calls: HashMap<String, VecDeque<Millis>>,
}

impl Windows {
    /// Counts a call, unless the window of `span` already holds `limit` of them. A call that is refused does not count.
    pub fn admit(&mut self, name: &str, now: Millis, span: Millis, limit: u64) -> bool {
        let calls = self.calls.entry(name.to_owned()).or_default();
        // A clock that was set back must not leave calls of the future behind.
        while calls.back().is_some_and(|at| *at > now) {
            calls.pop_back();
        }
        while calls.front().is_some_and(|at| *at <= now - span) {
            calls.pop_front();
        }
        let admitted = (calls.len() as u64) < limit;
        if admitted {
            calls.push_back(now);
        }
        admitted
    }

    /// Forgets all calls.
    pub fn clear(&mut self) {
        self.calls.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let mut windows = Windows::default();
        assert!((0..20).all(|n| windows.admit("a", n, 1000, 20)));
        assert!(!windows.admit("a", 999, 1000, 20));
        assert!(windows.admit("b", 999, 1000, 20));
        assert!(windows.admit("a", 1000, 1000, 20));
        assert!(!windows.admit("a", 1000, 1000, 20));
    }
}
