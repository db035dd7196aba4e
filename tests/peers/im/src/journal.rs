//! What was called: every request with its outcome, and counts per call.

use crate::clock::Millis;
use crate::exchange::{Reply, Request};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Requests that are kept; older ones are only counted.
const KEPT: usize = 10_000;
/// Letters of a body that are kept.
const BODY: usize = 4_096;

/// The requests so far.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Value>,
    counts: BTreeMap<String, u64>,
    next: u64,
}

impl Journal {
    /// Writes down a request and its answer. `who` is the application, where the vendor knows it.
    pub fn note(&mut self, at: Millis, who: Option<&str>, request: &Request, reply: &Reply) {
        *self.counts.entry(format!("{} {}", request.method, request.path)).or_default() += 1;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(BODY).collect::<String>();
        self.entries.push_back(json!({
            "number": self.next, "at": at, "app": who, "method": request.method, "path": request.path,
            "query": request.query, "content_type": request.header("content-type"), "body": text(&request.body),
            "status": reply.status, "reply": text(&reply.body),
        }));
        self.next += 1;
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// The entries from number `since` on.
    #[must_use]
    pub fn since(&self, since: u64) -> Value {
        let wanted = self.entries.iter().filter(|entry| entry["number"].as_u64().is_some_and(|number| number >= since));
        wanted.cloned().collect()
    }

    /// How often each call was made.
    #[must_use]
    pub fn counts(&self) -> Value {
        json!({ "total": self.counts.values().sum::<u64>(), "calls": self.counts })
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
