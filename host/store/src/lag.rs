//! How far the disk may be behind.
//!
//! A commit that does not wait for the disk is cheap: pages that several of them change are written once. What they wrote
//! must not pile up, though: the one that waits in the end would wait long, and a crash would cost as much. So one in
//! [`SYNCED`] waits, and one after [`LONGEST`]; a small one waits always, because it is not one of many, or somebody slow
//! made it with trouble. While others go on the system is asked, beside them, to write what there is.
//!
//! A commit that belongs to the next one ([`Lasting::WithNext`]) does not wait even if it is small: the one that says to
//! somebody that all of it is done waits for all.

use crate::gather::Gathered;
use crate::waiting::Waiting;
use redb::Durability;
use std::fs::File;
use std::path::Path;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// One commit in so many waits for the disk.
const SYNCED: u32 = 16;

/// One in so many of those that belong to the next one, which are smaller.
const SYNCED_WITH_NEXT: u32 = 256;

/// Work of this time is lost at most, or of three times as much of what belongs to the next one.
const LONGEST: Duration = Duration::from_secs(2);

/// Commits with fewer rows wait.
const FEW_ROWS: u64 = 1_000;

/// So many rows are kept back at most: about twenty megabytes.
const MOST_KEPT: usize = 200_000;

/// So many values are kept back at most: about fifty megabytes.
const MOST_VALUES: usize = 500_000;

/// When a commit is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// When it returns.
    Now,
    /// With a later one, where it is one of many and large.
    Mostly,
    /// With a later one, also where it is small: one comes that waits.
    WithNext,
    /// As that, for three times as long; and values by which clients look something up may be kept back until one waits, which
    /// rewrites nearly all pages of theirs.
    Keeping,
}

/// The commits of this process.
#[derive(Debug)]
pub(crate) struct Commits {
    /// How many there were.
    pub(crate) made: u64,
    /// How many the disk may not have yet.
    behind: u32,
    /// When it had all.
    synced: Instant,
    /// Commits with fewer rows wait.
    pub(crate) few: u64,
    /// Work of this time is lost at most.
    pub(crate) longest: Duration,
    flushing: Option<JoinHandle<()>>,
    /// Keys that a line keeps back ([`crate::kept`]).
    pub(crate) kept: Gathered,
    /// So many rows are kept back at most.
    pub(crate) most_kept: usize,
    /// Values that are kept back.
    pub(crate) values: Waiting,
    /// So many are kept back at most.
    pub(crate) most_values: usize,
}

impl Default for Commits {
    fn default() -> Self {
        Self {
            made: 0,
            behind: 0,
            synced: Instant::now(),
            few: FEW_ROWS,
            longest: LONGEST,
            flushing: None,
            kept: Gathered::default(),
            most_kept: MOST_KEPT,
            values: Waiting::default(),
            most_values: MOST_VALUES,
        }
    }
}

impl Commits {
    /// What the next one does, of so many rows.
    pub(crate) fn durability(&self, lasting: Lasting, rows: u64) -> Durability {
        let soon = self.synced.elapsed() < self.longest;
        let waits = match lasting {
            Lasting::Now => true,
            Lasting::Mostly => rows < self.few || !soon || self.behind + 1 >= SYNCED,
            // What is small was not long in the making.
            Lasting::WithNext | Lasting::Keeping => {
                let late = self.synced.elapsed() >= self.longest.saturating_mul(3);
                (rows >= self.few && late) || self.behind + 1 >= SYNCED_WITH_NEXT
            }
        };
        if waits { Durability::Immediate } else { Durability::None }
    }

    /// One of so many rows was made, in the file at `path`.
    pub(crate) fn count(&mut self, durability: Durability, rows: u64, path: &Path) {
        self.made += 1;
        self.passed(durability, rows, path);
    }

    /// One was made that changes nothing which a draft may have read.
    pub(crate) fn passed(&mut self, durability: Durability, rows: u64, path: &Path) {
        if matches!(durability, Durability::Immediate) {
            (self.behind, self.synced) = (0, Instant::now());
            return;
        }
        self.behind += 1;
        let busy = self.flushing.as_ref().is_some_and(|flushing| !flushing.is_finished());
        // A store in memory has no path. What is small is written soon enough by the one that waits.
        if busy || self.behind < 2 || rows < self.few || path.as_os_str().is_empty() {
            return;
        }
        let path = path.to_owned();
        // Nobody relies on it: the commit that waits says what fails.
        let flush = move || drop(File::open(path).and_then(|file| file.sync_data()));
        self.flushing = Builder::new().name("store-flush".to_owned()).spawn(flush).ok();
    }
}
