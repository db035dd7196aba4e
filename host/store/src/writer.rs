//! Writing inside of a transaction: rows go into tables at once, or are gathered and go in the order of their keys.

use crate::counters::Counters;
use crate::error::StoreError;
use crate::gather::{self, Gathered, Opened, Size};
use crate::key::end_of_prefix;
use crate::kv::{Bytes, Read, Rows, Write};
use crate::schema::Table;
use crate::waiting::Waiting;
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::ops::Bound;

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
    values: &'t Waiting,
    /// True: they are.
    stored_values: Cell<bool>,
}

impl<'t> Writer<'t> {
    pub(crate) fn new(
        transaction: &'t WriteTransaction,
        counters: &'t Counters,
        sizes: &Sizes,
        values: &'t Waiting,
    ) -> Self {
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
    pub(crate) fn take_values(&mut self, sizes: &mut Sizes) -> Gathered {
        let index = Table::ShadowKeys.index();
        let own = std::mem::take(&mut self.gathered[index]);
        sizes[index] = own.size().unwrap_or(sizes[index]);
        own
    }

    /// Writes values, and those that were kept back.
    pub(crate) fn write_values(&mut self, own: &Gathered) -> Result<(), StoreError> {
        self.counters.add_written(own.len() as u64);
        gather::write(self.table_mut(Table::ShadowKeys)?, own)
    }

    /// True: the values that were kept back are written.
    pub(crate) fn stored_values(&self) -> bool {
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
            let values = self.values.all(&mut opened)?;
            self.counters.add_written(values.len() as u64);
            gather::write(&mut opened, &values)?;
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
    pub(crate) fn flush(&mut self, sizes: &mut Sizes) -> Result<(), StoreError> {
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
