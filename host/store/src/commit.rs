//! The only place that begins a write transaction.
//!
//! Everything that belongs together is one call of [`Store::commit`]: it is stored as a whole when the call returns, or
//! not at all. The process may be killed at any moment; [`rosterd_model::effect::point`] is passed right before and
//! right after redb's commit, so that a test can do so.

pub(crate) use crate::draft::Layer;
use crate::error::StoreError;
use crate::gather::Gathered;
use crate::kept::{Inside, Keys};
use crate::lag::{Commits, Lasting};
use crate::open::Store;
use crate::schema::Table;
use crate::writer::{Sizes, Writer};
use redb::{Durability, WriteTransaction};
use rosterd_model::effect;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

/// To so many rows of a draft goes one of the values that are kept back.
const BESIDE: u64 = 2;

impl Store {
    /// Runs `work` in one transaction and makes it durable. `name` is the effect point. If `work` fails, nothing of it
    /// is stored. Waits while another thread is in a transaction; never call it inside of `work`.
    ///
    /// # Errors
    /// The error of `work`; [`StoreError::ReadOnly`]; the engine failed, and nothing is stored.
    pub fn commit<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(name, Lasting::Now, work)
    }

    /// As [`Store::commit`], mostly without waiting for the disk: for the chunks of something large, which a durable commit
    /// follows.
    ///
    /// Crash safety: redb keeps such a commit apart from the last durable one and frees no page of that one, so after a
    /// crash the store is exactly as the last durable commit left it; what came after is lost as a whole and never in
    /// part. That is harmless only where losing it means doing it again: pages of a scan, whose resume point is in the
    /// same transactions and falls back with them, or steps under the number of a plan that has no head yet. Never use it before an effect outside of the store: a durable commit
    /// must come first, which makes everything before it durable, too.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_unsynced<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(name, Lasting::Mostly, work)
    }

    /// Runs `work` while nobody writes, and lets nobody write afterwards: the file was replaced by another. If `work` fails,
    /// all is as before.
    pub(crate) fn retire<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut alone = self.commits();
        self.store_kept(&mut alone)?;
        self.store_values(&mut alone)?;
        let _inside = Inside::enter();
        let transaction = self.database()?.begin_write().map_err(StoreError::from)?;
        let value = work()?;
        self.retired.store(true, Ordering::SeqCst);
        transaction.abort().map_err(StoreError::from)?;
        Ok(value)
    }

    pub(crate) fn transact<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        lasting: Lasting,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // Held to the end: who has it is the only one who writes, and the number says whether somebody else did before.
        let mut commits = self.commits();
        let written = self.counters().rows_written();
        let mut transaction = self.begin()?;
        self.write_kept(&transaction, &commits)?;
        let _inside = Inside::enter();
        let (value, rows, durability, stay) = {
            let mut sizes = self.sizes();
            let mut writer = Writer::new(&transaction, self.counters(), &sizes, &commits.values);
            let value = work(&mut writer)?;
            let own = if lasting == Lasting::Keeping { writer.take_values(&mut sizes) } else { Gathered::default() };
            writer.flush(&mut sizes)?;
            self.note(&sizes);
            let rows = self.counters().rows_written() - written + own.len() as u64;
            let durability = commits.durability(lasting, rows);
            let waits = matches!(durability, Durability::None);
            // Whoever takes some away has read those that were kept back.
            let few = commits.values.len() + own.len() <= commits.most_values;
            let stay = waits && few && own.only_puts() && !writer.stored_values();
            // What is durable has all of its values.
            if !(stay || own.is_empty() && (waits || commits.values.is_empty())) {
                writer.write_values(&own)?;
            }
            let stored = writer.stored_values();
            (value, rows, durability, if stored { None } else { Some(own) })
        };
        transaction.set_durability(durability).map_err(StoreError::from)?;
        if rows < commits.few {
            self.before(durability)?;
        }
        if stay.as_ref().is_some_and(|own| !own.is_empty()) {
            self.begin_to_keep_values();
        }
        effect::point(name);
        transaction.commit().map_err(StoreError::from)?;
        commits.count(durability, rows, self.path());
        self.after(durability);
        self.kept_is_stored(&mut commits);
        match stay {
            None => self.values_are_stored(&mut commits),
            Some(own) => commits.values.add(own),
        }
        effect::point(name);
        Ok(value)
    }

    /// Stores rows that were made beforehand, as [`Store::commit_unsynced`] does, if exactly so many commits were made when
    /// it is their turn; false: somebody else wrote meanwhile, and nothing is stored.
    pub(crate) fn commit_layer(&self, name: &'static str, layer: &Layer, after: u64) -> Result<bool, StoreError> {
        let mut commits = self.commits();
        if commits.made != after {
            return Ok(false);
        }
        let mut transaction = self.begin()?;
        // What keeps values back ends with a commit that waits, and soon.
        let lasting = if commits.values.is_empty() { Lasting::Mostly } else { Lasting::Keeping };
        let durability = commits.durability(lasting, layer.len());
        let keys = Keys::of(layer, &commits, durability);
        let own = layer.touches(Table::ShadowKeys);
        let most = if matches!(durability, Durability::Immediate) || own {
            usize::MAX
        } else if layer.len() >= commits.few {
            // Beside many other rows some take a thread that has little to do, while more rows are made.
            usize::try_from(layer.len() / BESIDE).unwrap_or(usize::MAX)
        } else {
            0
        };
        let values = if most == 0 || commits.values.is_empty() {
            Gathered::default()
        } else {
            commits.values.next(&mut transaction.open_table(Table::ShadowKeys.definition())?, most)?
        };
        if own {
            self.write_values(&transaction, &values)?;
        }
        let beside = Some((Table::ShadowKeys, &values)).filter(|_| !own && !values.is_empty());
        let mut sizes = self.sizes();
        layer.write(&transaction, beside, self.counters(), &mut sizes)?;
        self.note(&sizes);
        match &keys {
            Keys::Go(keys) => self.write_keys(&transaction, keys)?,
            Keys::Stay => self.begin_to_keep(),
        }
        transaction.set_durability(durability)?;
        effect::point(name);
        transaction.commit()?;
        commits.count(durability, layer.len(), self.path());
        self.after(durability);
        match keys {
            Keys::Go(_) => self.kept_is_stored(&mut commits),
            Keys::Stay => commits.kept.append(layer.rows(Table::EntityKeys)),
        }
        if !values.is_empty() {
            self.some_values_are_stored(&mut commits, values.len());
        }
        effect::point(name);
        Ok(true)
    }

    pub(crate) fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let transaction = self.database()?.begin_write()?;
        if self.retired.load(Ordering::SeqCst) {
            return Err(StoreError::ReadOnly);
        }
        Ok(transaction)
    }

    /// How much the last large transactions gathered.
    pub(crate) fn sizes(&self) -> Sizes {
        *self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, sizes: &Sizes) {
        *self.sizes.lock().unwrap_or_else(PoisonError::into_inner) = *sizes;
    }

    /// The commits of this process. Nobody writes while it is held.
    pub(crate) fn commits(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
