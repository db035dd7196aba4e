//! The only place that begins a write transaction.
//!
//! Everything that belongs together is one call of [`Store::commit`]: it is stored as a whole when the call returns, or
//! not at all. The process may be killed at any moment; [`rosterd_model::effect::point`] is passed right before and
//! right after redb's commit, so that a test can do so.

use crate::counters::Counters;
pub(crate) use crate::draft::Layer;
use crate::error::StoreError;
use crate::gather::{self, Gathered, Opened, Size};
use crate::kept::{Inside, Keys};
use crate::key::end_of_prefix;
use crate::kv::{Bytes, Read, Rows, Write};
use crate::lag::{Commits, Lasting};
use crate::open::Store;
use crate::schema::Table;
use redb::{Durability, ReadableTable, ReadableTableMetadata, WriteTransaction};
use rosterd_model::effect;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

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
            Some(own) => commits.values.append(&own),
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
        let durability = commits.durability(Lasting::Mostly, layer.len());
        let keys = Keys::of(layer, &commits, durability);
        let touches = matches!(durability, Durability::Immediate) || layer.touches(Table::ShadowKeys);
        let values = touches && !commits.values.is_empty();
        if values {
            self.write_values(&transaction, &commits)?;
        }
        let mut sizes = self.sizes();
        layer.write(&transaction, self.counters(), &mut sizes)?;
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
        if values {
            self.values_are_stored(&mut commits);
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

/// How much was gathered of each table.
pub(crate) type Sizes = [Size; Table::COUNT];

/// Rows of one hot table that were changed in memory.
pub(crate) type Edited = BTreeMap<Vec<u8>, Vec<u8>>;

/// A write transaction. A table is opened when it is first touched, once.
pub struct Writer<'t> {
    transaction: &'t WriteTransaction,
    tables: [OnceCell<Opened<'t>>; Table::COUNT],
    edited: [Edited; Table::COUNT],
    /// True: rows of tables of many rows are gathered.
    gathers: bool,
    gathered: [Gathered; Table::COUNT],
    buffer: Vec<u8>,
    counters: &'t Counters,
    /// Values that are kept back. Whoever touches others of them finds these stored.
    values: &'t Gathered,
    /// True: they are.
    stored_values: Cell<bool>,
}

impl<'t> Writer<'t> {
    fn new(transaction: &'t WriteTransaction, counters: &'t Counters, sizes: &Sizes, values: &'t Gathered) -> Self {
        Self {
            transaction,
            tables: [const { OnceCell::new() }; Table::COUNT],
            edited: [const { Edited::new() }; Table::COUNT],
            gathers: false,
            gathered: std::array::from_fn(|index| Gathered::expecting(sizes[index])),
            buffer: Vec::new(),
            counters,
            values,
            stored_values: Cell::new(false),
        }
    }

    /// The values that were gathered, and in `sizes` how much it was.
    fn take_values(&mut self, sizes: &mut Sizes) -> Gathered {
        let index = Table::ShadowKeys.index();
        let own = std::mem::take(&mut self.gathered[index]);
        sizes[index] = own.size().unwrap_or(sizes[index]);
        own
    }

    /// Writes values, and those that were kept back.
    fn write_values(&mut self, own: &Gathered) -> Result<(), StoreError> {
        self.counters.add_written(own.len() as u64);
        gather::write(self.table_mut(Table::ShadowKeys)?, own)
    }

    /// True: the values that were kept back are written.
    fn stored_values(&self) -> bool {
        self.stored_values.get()
    }

    /// From now on rows of the tables of many rows are gathered in memory and written when the transaction commits, in
    /// the order of their keys. They can be read by their keys; tables of which rows are gathered can not be listed.
    pub fn gather(&mut self) {
        self.gathers = true;
    }

    const fn gathers(&self, table: Table) -> bool {
        self.gathers && table.is_gathered()
    }

    /// What was gathered of a row; `Some(None)`: that it is to be removed.
    fn gathered(&self, table: Table, key: &[u8]) -> Option<Option<&[u8]>> {
        let rows = &self.gathered[table.index()];
        if rows.is_empty() { None } else { rows.get(key) }
    }

    fn table(&self, table: Table) -> Result<&Opened<'t>, StoreError> {
        let slot = &self.tables[table.index()];
        if let Some(opened) = slot.get() {
            return Ok(opened);
        }
        let mut opened = self.transaction.open_table(table.definition())?;
        // Once, before anything else of the table is read or written.
        if table == Table::ShadowKeys && !self.stored_values.replace(true) && !self.values.is_empty() {
            self.counters.add_written(self.values.len() as u64);
            gather::write(&mut opened, self.values)?;
        }
        Ok(slot.get_or_init(|| opened))
    }

    fn table_mut(&mut self, table: Table) -> Result<&mut Opened<'t>, StoreError> {
        self.table(table)?;
        // The line above filled the slot; an empty one would be a defect and is reported as one.
        self.tables[table.index()].get_mut().ok_or(StoreError::Unflushed { table })
    }

    /// Creates all tables, so that readers find them.
    pub(crate) fn create_tables(&self) -> Result<(), StoreError> {
        Table::ALL.iter().try_for_each(|table| self.table(*table).map(drop))
    }

    /// Writes the rows that were edited in memory, and notes in `sizes` how much was gathered.
    fn flush(&mut self, sizes: &mut Sizes) -> Result<(), StoreError> {
        Table::ALL.iter().filter(|table| table.is_hot()).try_for_each(|table| self.flush_table(*table))?;
        let mut tables = Vec::new();
        for table in Table::ALL.iter().filter(|table| table.is_gathered()) {
            if !self.gathered[table.index()].is_empty() {
                self.table(*table)?;
                let opened = self.tables[table.index()].take().ok_or(StoreError::Unflushed { table: *table })?;
                let rows = &self.gathered[table.index()];
                self.counters.add_written(rows.len() as u64);
                sizes[table.index()] = rows.size().unwrap_or(sizes[table.index()]);
                tables.push((opened, rows));
            }
        }
        gather::write_all(tables)
    }

    fn flush_table(&mut self, table: Table) -> Result<(), StoreError> {
        let gathered = std::mem::take(&mut self.gathered[table.index()]);
        if !gathered.is_empty() {
            self.counters.add_written(gathered.len() as u64);
            gather::write(self.table_mut(table)?, &gathered)?;
        }
        let edited = std::mem::take(&mut self.edited[table.index()]);
        for (key, value) in &edited {
            self.counters.add_written(1);
            let opened = self.table_mut(table)?;
            if value.is_empty() {
                opened.remove(key.as_slice())?;
            } else {
                opened.insert(key.as_slice(), value.as_slice())?;
            }
        }
        Ok(())
    }

    /// A hot row that is put or removed directly must not be overwritten by an edit.
    fn forget_edit(&mut self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        if table.is_hot() { self.edited[table.index()].remove(key) } else { None }
    }
}

/// What stood in a row: its edited value counts, and an empty one means that there was none.
fn before(edited: Option<Vec<u8>>, stored: Option<Vec<u8>>) -> Option<Vec<u8>> {
    edited.map_or(stored, |value| Some(value).filter(|value| !value.is_empty()))
}

impl Read for Writer<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes<'_>>, StoreError> {
        if table.is_hot()
            && let Some(value) = self.edited[table.index()].get(key)
        {
            return Ok(if value.is_empty() { None } else { Some(Bytes::memory(value)) });
        }
        if let Some(value) = self.gathered(table, key) {
            return Ok(value.map(Bytes::memory));
        }
        self.counters.add_read(1);
        Ok(self.table(table)?.get(key)?.map(Bytes::page))
    }

    fn range(&self, table: Table, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<Rows<'_>, StoreError> {
        if !self.edited[table.index()].is_empty() || !self.gathered[table.index()].is_empty() {
            return Err(StoreError::Unflushed { table });
        }
        Ok(Rows::new(self.table(table)?.range::<&[u8]>((lower, upper))?, self.counters))
    }

    fn row_count(&self, table: Table) -> Result<u64, StoreError> {
        if !self.edited[table.index()].is_empty() || !self.gathered[table.index()].is_empty() {
            return Err(StoreError::Unflushed { table });
        }
        Ok(self.table(table)?.len()?)
    }
}

impl Write for Writer<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if self.gathers(table) {
            self.gathered[table.index()].put(key, Some(value));
            return Ok(());
        }
        self.counters.add_written(1);
        self.forget_edit(table, key);
        self.table_mut(table)?.insert(key, value)?;
        Ok(())
    }

    fn replace(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if self.gathers(table) {
            let before = self.get(table, key)?.map(|bytes| bytes.to_vec());
            self.gathered[table.index()].put(key, Some(value));
            return Ok(before);
        }
        self.counters.add_written(1);
        let edited = self.forget_edit(table, key);
        let stored = self.table_mut(table)?.insert(key, value)?.map(|guard| guard.value().to_vec());
        Ok(before(edited, stored))
    }

    fn take(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if self.gathers(table) {
            let before = self.get(table, key)?.map(|bytes| bytes.to_vec());
            self.clear(table, key)?;
            return Ok(before);
        }
        self.counters.add_written(1);
        let edited = self.forget_edit(table, key);
        let stored = self.table_mut(table)?.remove(key)?.map(|guard| guard.value().to_vec());
        Ok(before(edited, stored))
    }

    fn clear(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        if self.gathers(table) {
            self.gathered[table.index()].put(key, None);
            return Ok(());
        }
        self.remove(table, key).map(drop)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        if self.gathers(table) {
            let had = self.has(table, key)?;
            if had {
                self.clear(table, key)?;
            }
            return Ok(had);
        }
        self.counters.add_written(1);
        let edited = self.forget_edit(table, key);
        let stored = self.table_mut(table)?.remove(key)?.is_some();
        Ok(edited.map_or(stored, |value| !value.is_empty()))
    }

    fn remove_prefix(&mut self, table: Table, prefix: &[u8], most: u64) -> Result<u64, StoreError> {
        self.flush_table(table)?;
        let first_kept = match usize::try_from(most) {
            Ok(most) => self.prefix(table, prefix)?.nth(most).transpose()?.map(|row| row.key.to_vec()),
            Err(_) => None,
        };
        let end = first_kept.or_else(|| end_of_prefix(prefix));
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut removed = 0;
        self.table_mut(table)?.retain_in::<&[u8], _>((Bound::Included(prefix), upper), |_, _| {
            removed += 1;
            false
        })?;
        self.counters.add_written(removed);
        Ok(removed)
    }

    fn edit(&mut self, table: Table, key: &[u8]) -> Result<&mut Vec<u8>, StoreError> {
        if !table.is_hot() {
            return Err(StoreError::Unflushed { table });
        }
        if !self.edited[table.index()].contains_key(key) {
            let value = self.get(table, key)?.map(|bytes| bytes.to_vec()).unwrap_or_default();
            self.edited[table.index()].insert(key.to_vec(), value);
        }
        self.edited[table.index()].get_mut(key).ok_or(StoreError::Unflushed { table })
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
