//! How far the disk may be behind.
//!
//! A commit that does not wait for the disk is cheap: pages that several of them change are written once. What they wrote
//! must not pile up, though: the one that waits in the end would wait long, and a crash would cost as much. So one in
//! [`SYNCED`] waits, and while others go on the system is asked, beside them, to write what there is.

use redb::Durability;
use std::fs::File;
use std::path::Path;
use std::thread::{Builder, JoinHandle};

/// One commit in so many waits for the disk.
const SYNCED: u32 = 16;

/// The commits of this process.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    /// How many there were.
    pub(crate) made: u64,
    /// How many the disk may not have yet.
    behind: u32,
    flushing: Option<JoinHandle<()>>,
}

impl Commits {
    /// What the next one does that need not wait.
    pub(crate) const fn lazy(&self) -> Durability {
        if self.behind + 1 < SYNCED { Durability::None } else { Durability::Immediate }
    }

    /// One more was made, in the file at `path`.
    pub(crate) fn count(&mut self, durability: Durability, path: &Path) {
        self.made += 1;
        if matches!(durability, Durability::Immediate) {
            self.behind = 0;
            return;
        }
        self.behind += 1;
        let busy = self.flushing.as_ref().is_some_and(|flushing| !flushing.is_finished());
        // A store in memory has no path.
        if busy || self.behind < 2 || path.as_os_str().is_empty() {
            return;
        }
        let path = path.to_owned();
        // Nobody relies on it: the commit that waits says what fails.
        let flush = move || drop(File::open(path).and_then(|file| file.sync_data()));
        self.flushing = Builder::new().name("store-flush".to_owned()).spawn(flush).ok();
    }
}
