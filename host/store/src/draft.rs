//! Rows that are made before their transaction begins, over a view of the store and rows that are still on their way to it.
//!
//! A transaction waits for the disk and for the tree; making its rows need not wait for the one before. A [`Draft`] reads
//! and writes like a [`crate::Writer`], and keeps in memory what it writes. Whether it may be stored is decided when its
//! turn comes ([`crate::Line`]): only if nobody else wrote since its view was taken.

use crate::counters::Counters;
use crate::error::StoreError;
use crate::gather::{self, Gathered, Opened};
use crate::kv::{Bytes, Read, Rows, Write};
use crate::schema::Table;
use crate::snapshot::Snapshot;
use crate::writer::{Edited, Sizes};
use redb::WriteTransaction;
use std::ops::Bound;
use std::sync::Arc;

/// Rows of all tables, as they are to be.
pub(crate) struct Layer {
    edited: [Edited; Table::COUNT],
    rows: [Gathered; Table::COUNT],
}

impl Layer {
    fn expecting(sizes: &Sizes) -> Self {
        let rows = std::array::from_fn(|index| Gathered::expecting(sizes[index]));
        Self { edited: [const { Edited::new() }; Table::COUNT], rows }
    }

    /// What it says of a row; `Some(None)`: that there is none.
    fn get(&self, table: Table, key: &[u8]) -> Option<Option<&[u8]>> {
        if let Some(value) = self.edited[table.index()].get(key) {
            return Some(Some(value.as_slice()).filter(|value| !value.is_empty()));
        }
        let rows = &self.rows[table.index()];
        if rows.is_empty() { None } else { rows.get(key) }
    }

    pub(crate) fn touches(&self, table: Table) -> bool {
        !self.edited[table.index()].is_empty() || !self.rows[table.index()].is_empty()
    }

    /// The rows of a table.
    pub(crate) fn rows(&self, table: Table) -> &Gathered {
        &self.rows[table.index()]
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> u64 {
        let rows = self.rows.iter().map(Gathered::len).sum::<usize>();
        (rows + self.edited.iter().map(Edited::len).sum::<usize>()) as u64
    }

    /// Writes everything but keys into a transaction, and `beside` into a table that it does not touch, and notes in `sizes` how
    /// much it was. Keys go by [`crate::kept`].
    pub(crate) fn write(
        &self,
        transaction: &WriteTransaction,
        beside: Option<(Table, &Gathered)>,
        counters: &Counters,
        sizes: &mut Sizes,
    ) -> Result<(), StoreError> {
        let mut tables: Vec<(Opened<'_>, &Gathered)> = Vec::new();
        if let Some((table, rows)) = beside {
            counters.add_written(rows.len() as u64);
            tables.push((transaction.open_table(table.definition())?, rows));
        }
        for table in Table::ALL {
            let rows = &self.rows[table.index()];
            if !rows.is_empty() {
                sizes[table.index()] = rows.size().unwrap_or(sizes[table.index()]);
            }
            if !rows.is_empty() && *table != Table::EntityKeys {
                counters.add_written(rows.len() as u64);
                tables.push((transaction.open_table(table.definition())?, rows));
            }
        }
        gather::write_all(tables)?;
        for table in Table::ALL {
            let edited = &self.edited[table.index()];
            if edited.is_empty() {
                continue;
            }
            counters.add_written(edited.len() as u64);
            let mut opened = transaction.open_table(table.definition())?;
            for (key, value) in edited {
                if value.is_empty() {
                    opened.remove(key.as_slice())?;
                } else {
                    opened.insert(key.as_slice(), value.as_slice())?;
                }
            }
        }
        Ok(())
    }
}

/// Rows in the making. What can not be read over rows that are on their way (lists of their tables) is
/// [`StoreError::Unflushed`]: such work needs a transaction of its own.
pub struct Draft {
    base: Arc<Snapshot>,
    /// What is being stored.
    under: Option<Arc<Layer>>,
    own: Layer,
    buffer: Vec<u8>,
    /// Keys, and values, are kept back which `base` does not show.
    keeps: (bool, bool),
}

impl Draft {
    pub(crate) fn new(base: Arc<Snapshot>, under: Option<Arc<Layer>>, sizes: &Sizes, keeps: (bool, bool)) -> Self {
        Self { base, under, own: Layer::expecting(sizes), buffer: Vec::new(), keeps }
    }

    pub(crate) fn into_layer(self) -> Layer {
        self.own
    }

    fn forget_edit(&mut self, table: Table, key: &[u8]) {
        if table.is_hot() {
            self.own.edited[table.index()].remove(key);
        }
    }

    fn listable(&self, table: Table) -> Result<(), StoreError> {
        let touched = self.own.touches(table) || self.under.as_ref().is_some_and(|layer| layer.touches(table));
        if touched || self.lacks(table) { Err(StoreError::Unflushed { table }) } else { Ok(()) }
    }

    /// True if rows of the table are kept back.
    fn lacks(&self, table: Table) -> bool {
        (self.keeps.0 && table == Table::EntityKeys) || (self.keeps.1 && table == Table::ShadowKeys)
    }

    fn set(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        self.forget_edit(table, key);
        self.own.rows[table.index()].put(key, value);
    }
}

impl Read for Draft {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes<'_>>, StoreError> {
        let known = self.own.get(table, key).or_else(|| self.under.as_ref().and_then(|layer| layer.get(table, key)));
        match known {
            Some(value) => Ok(value.map(Bytes::memory)),
            None if self.lacks(table) => Err(StoreError::Unflushed { table }),
            None => self.base.get(table, key),
        }
    }

    fn range(&self, table: Table, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<Rows<'_>, StoreError> {
        self.listable(table)?;
        self.base.range(table, lower, upper)
    }

    fn row_count(&self, table: Table) -> Result<u64, StoreError> {
        self.listable(table)?;
        self.base.row_count(table)
    }
}

impl Write for Draft {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.set(table, key, Some(value));
        Ok(())
    }

    fn replace(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let stood = self.get(table, key)?.map(|bytes| bytes.to_vec());
        self.set(table, key, Some(value));
        Ok(stood)
    }

    fn take(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let stood = self.get(table, key)?.map(|bytes| bytes.to_vec());
        self.set(table, key, None);
        Ok(stood)
    }

    fn clear(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.set(table, key, None);
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let had = self.has(table, key)?;
        if had {
            self.set(table, key, None);
        }
        Ok(had)
    }

    fn remove_prefix(&mut self, table: Table, _: &[u8], _: u64) -> Result<u64, StoreError> {
        Err(StoreError::Unflushed { table })
    }

    fn edit(&mut self, table: Table, key: &[u8]) -> Result<&mut Vec<u8>, StoreError> {
        if !table.is_hot() {
            return Err(StoreError::Unflushed { table });
        }
        if !self.own.edited[table.index()].contains_key(key) {
            let value = self.get(table, key)?.map(|bytes| bytes.to_vec()).unwrap_or_default();
            self.own.edited[table.index()].insert(key.to_vec(), value);
        }
        self.own.edited[table.index()].get_mut(key).ok_or(StoreError::Unflushed { table })
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}
