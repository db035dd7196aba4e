//! How many rows were touched: what a benchmark reports beside the time.

use std::sync::atomic::{AtomicU64, Ordering};

/// Rows read and written since the store was opened. Written rows count when they are put, committed or not.
#[derive(Debug, Default)]
pub struct Counters {
    read: AtomicU64,
    written: AtomicU64,
}

impl Counters {
    /// Rows looked up or passed by an iteration.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Rows put or removed.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn add_read(&self, rows: u64) {
        self.read.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn add_written(&self, rows: u64) {
        self.written.fetch_add(rows, Ordering::Relaxed);
    }
}
