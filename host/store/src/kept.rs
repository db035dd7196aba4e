//! Keys of people that a line of drafts keeps back.
//!
//! They come in no order: each one goes into a page of its own, which is copied, hashed and written for it. Those of several
//! transactions together are neighbours again. So while a line stores much, the keys of its drafts wait in memory, and go
//! with the next transaction that waits for the disk. A crash loses them together with the transactions that they belong to,
//! and never without those: whatever is durable has its keys.
//!
//! Nobody sees that they are kept back. Whoever takes a view, or writes outside of the line, has them stored first.
//!
//! So it is with the values by which clients look up what they submit ([`crate::prelude::WriteShadowKeys`]), which nobody needs
//! to decide anything: those of many transactions wait ([`Store::commit_keeping`]) until one waits for the disk, or touches
//! others of them, or beside the rows of drafts, a part at a time. A view may lack them; one that does lists none, but fails.
//! Whoever wants them takes a whole one ([`Store::whole_snapshot`]).

use crate::commit::Layer;
use crate::error::StoreError;
use crate::gather::{self, Gathered};
use crate::lag::Commits;
use crate::open::Store;
use crate::schema::Table;
use crate::snapshot::Snapshot;
use redb::{Durability, WriteTransaction};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// True while this thread is inside of a transaction, which has what was kept back already.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// While it is held, this thread is inside of a transaction.
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn enter() -> Self {
        INSIDE.set(true);
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// Counts when keys begin to be kept back (it becomes odd) and when they are stored (even again): whoever reads it twice
/// knows whether any were kept back in between.
#[derive(Debug, Default)]
pub(crate) struct Keeping(AtomicU64);

impl Keeping {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    const fn is_on(count: u64) -> bool {
        count % 2 == 1
    }

    fn turn(&self, on: bool) {
        if Self::is_on(self.now()) != on {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What becomes of the keys of a draft that is being stored.
pub(crate) enum Keys {
    /// They go with its transaction, and with them these, which were kept back or are its own.
    Go(Gathered),
    /// They are kept back.
    Stay,
}

impl Keys {
    /// Decides, before the transaction of a draft is committed.
    pub(crate) fn of(layer: &Layer, commits: &Commits, durability: Durability) -> Self {
        let own = layer.rows(Table::EntityKeys);
        let many = commits.kept.len() + own.len() > commits.most_kept;
        // Whoever takes keys away reads them, and could not where some are kept back.
        let waits = matches!(durability, Durability::None) && !many && own.only_puts();
        if waits && !(own.is_empty() && commits.kept.is_empty()) {
            return Self::Stay;
        }
        let mut all = commits.kept.clone();
        all.append(own);
        Self::Go(all)
    }
}

impl Store {
    /// A view of the store as it is now. Where values are kept back by which clients look up what they submitted, it can not
    /// list them ([`StoreError::Unflushed`]).
    ///
    /// # Errors
    /// The engine failed; or keys were kept back, and could not be stored.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let before = (self.keeping.now(), self.keeping_values.now());
        let view = self.view()?;
        let had_keys = !Keeping::is_on(before.0) && self.keeping.now() == before.0;
        let had_values = !Keeping::is_on(before.1) && self.keeping_values.now() == before.1;
        if INSIDE.get() || had_keys {
            return Ok(view.lacking_values(!had_values));
        }
        drop(view);
        let mut commits = self.commits();
        self.store_kept(&mut commits)?;
        Ok(self.view()?.lacking_values(!commits.values.is_empty()))
    }

    /// A view of the store as it is now, with all that is kept back: for whoever looks at all tables.
    ///
    /// # Errors
    /// The engine failed; or what was kept back could not be stored.
    pub fn whole_snapshot(&self) -> Result<Snapshot, StoreError> {
        let view = self.snapshot()?;
        if !view.lacks_values() {
            return Ok(view);
        }
        drop(view);
        let mut commits = self.commits();
        self.store_kept(&mut commits)?;
        self.store_values(&mut commits)?;
        self.view()
    }

    /// A view that may lack keys which a line keeps back: for reading anything but keys.
    ///
    /// # Errors
    /// The engine failed.
    pub fn snapshot_without_keys(&self) -> Result<Snapshot, StoreError> {
        self.view()
    }

    /// Stores what a line keeps back. Drafts go on: none of them has read it.
    pub(crate) fn store_kept(&self, commits: &mut Commits) -> Result<(), StoreError> {
        if commits.kept.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin()?;
        self.write_kept(&transaction, commits)?;
        transaction.set_durability(Durability::None)?;
        transaction.commit()?;
        commits.passed(Durability::None, commits.few, self.path());
        self.kept_is_stored(commits);
        Ok(())
    }

    /// Stores all that is kept back: for whoever closes the store, or leaves the work of a thread that panicked.
    ///
    /// # Errors
    /// The store can not be written.
    pub fn store_all_kept(&self) -> Result<(), StoreError> {
        let mut commits = self.commits();
        self.store_kept(&mut commits)?;
        self.store_values(&mut commits)
    }

    /// Stores the values that are kept back. Drafts go on, as with keys.
    pub(crate) fn store_values(&self, commits: &mut Commits) -> Result<(), StoreError> {
        if commits.values.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin()?;
        {
            let mut table = transaction.open_table(Table::ShadowKeys.definition())?;
            let values = commits.values.all(&mut table)?;
            self.counters().add_written(values.len() as u64);
            gather::write(&mut table, &values)?;
        }
        transaction.set_durability(Durability::None)?;
        transaction.commit()?;
        commits.passed(Durability::None, commits.few, self.path());
        self.values_are_stored(commits);
        Ok(())
    }

    /// Writes values that were kept back into a transaction.
    pub(crate) fn write_values(&self, transaction: &WriteTransaction, values: &Gathered) -> Result<(), StoreError> {
        self.counters().add_written(values.len() as u64);
        gather::write(&mut transaction.open_table(Table::ShadowKeys.definition())?, values)
    }

    /// The values that were kept back are committed.
    pub(crate) fn values_are_stored(&self, commits: &mut Commits) {
        commits.values.clear();
        self.keeping_values.turn(false);
    }

    /// So many of them are, the first ones.
    pub(crate) fn some_values_are_stored(&self, commits: &mut Commits, count: usize) {
        commits.values.went(count);
        if commits.values.is_empty() {
            self.keeping_values.turn(false);
        }
    }

    /// Keeps the values of a transaction back that is about to be committed.
    pub(crate) fn begin_to_keep_values(&self) {
        self.keeping_values.turn(true);
    }

    /// Writes what is kept back into a transaction.
    pub(crate) fn write_kept(&self, transaction: &WriteTransaction, commits: &Commits) -> Result<(), StoreError> {
        if commits.kept.is_empty() { Ok(()) } else { self.write_keys(transaction, &commits.kept) }
    }

    pub(crate) fn write_keys(&self, transaction: &WriteTransaction, keys: &Gathered) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.counters().add_written(keys.len() as u64);
        gather::write(&mut transaction.open_table(Table::EntityKeys.definition())?, keys)
    }

    /// Keeps the keys of a draft back whose transaction is about to be committed.
    pub(crate) fn begin_to_keep(&self) {
        self.keeping.turn(true);
    }

    /// What was kept back is committed.
    pub(crate) fn kept_is_stored(&self, commits: &mut Commits) {
        commits.kept = Gathered::default();
        self.keeping.turn(false);
    }
}
