//! How many rows were touched, and how often the disk was waited for: what a benchmark reports beside the time.

use std::sync::atomic::{AtomicU64, Ordering};

/// Rows read and written since the store was opened. Written rows count when they are put, committed or not.
#[derive(Debug, Default)]
pub struct Counters {
    read: AtomicU64,
    written: AtomicU64,
    waits: AtomicU64,
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

    /// Commits that waited for the disk.
    #[must_use]
    pub fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    pub(crate) fn add_wait(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_read(&self, rows: u64) {
        self.read.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn add_written(&self, rows: u64) {
        self.written.fetch_add(rows, Ordering::Relaxed);
    }
}
