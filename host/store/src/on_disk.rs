//! The state that the disk has, for whoever tells others what he reads.
//!
//! Some commits do not wait for the disk ([`crate::lag`]), and a crash takes them back. Inside of the process that does no
//! harm. Somebody outside who saw one would know of something that never was; worse, the numbers that he saw are given out
//! again, for something else. So from the first such commit until the next one that waits, the view from before it is kept
//! for those who read for others.
//!
//! It keeps the pages that are replaced meanwhile, and so it is not begun where much is replaced: a portion of something large
//! that nobody waits for, such as a scan, may be seen as soon as it is stored.

use crate::error::StoreError;
use crate::lag::Lasting;
use crate::open::Store;
use crate::snapshot::Snapshot;
use crate::writer::Writer;
use redb::Durability;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The last durable state; none: the present one is.
#[derive(Debug, Default)]
pub(crate) struct OnDisk(Mutex<Option<Arc<Snapshot>>>);

impl OnDisk {
    fn view(&self) -> MutexGuard<'_, Option<Arc<Snapshot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// As [`Store::commit`], without waiting for the disk, however small it is: for the steps of something that ends with a
    /// [`Store::commit`] before anybody is told that it was done.
    ///
    /// Crash safety: as with [`Store::commit_unsynced`], the last ones are lost together, and what is left is what some commit
    /// left. Nobody outside has seen it: whoever tells others what he reads uses [`Store::durable_snapshot`], and whoever acts
    /// on it outside commits before.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_with_next<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(name, Lasting::WithNext, work)
    }

    /// As [`Store::commit_with_next`]; and values by which clients look up shadows may be kept back until a commit waits.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_keeping<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(name, Lasting::Keeping, work)
    }

    /// A view of what no crash takes back, portions of scans excepted. It waits for no writer. Like [`Store::snapshot_without_keys`] it may lack keys that a
    /// line keeps back.
    ///
    /// # Errors
    /// The engine failed.
    pub fn durable_snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        let on_disk = self.on_disk.view();
        // The lock is held meanwhile: whoever makes a commit that does not wait takes it before.
        on_disk.as_ref().map_or_else(|| Ok(Arc::new(self.view()?)), |view| Ok(Arc::clone(view)))
    }

    /// Called before a small commit, by whoever may write.
    pub(crate) fn before(&self, durability: Durability) -> Result<(), StoreError> {
        let mut on_disk = self.on_disk.view();
        if matches!(durability, Durability::None) && on_disk.is_none() {
            *on_disk = Some(Arc::new(self.view()?));
        }
        Ok(())
    }

    /// Called after a commit.
    pub(crate) fn after(&self, durability: Durability) {
        if matches!(durability, Durability::Immediate) {
            self.counters().add_wait();
            *self.on_disk.view() = None;
        }
    }
}
