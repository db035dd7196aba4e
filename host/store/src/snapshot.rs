//! A consistent view of the store, as it was when the view was taken.
//!
//! Later commits do not change it, and it keeps the pages that they replace: never hold one across a call to a
//! connector, or the file grows for as long as the remote system takes.

use crate::counters::Counters;
use crate::error::StoreError;
use crate::kv::{Bytes, Read, Rows};
use crate::schema::Table;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, TableError, TableStats};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A read view. Cheap to take; a table is opened when it is first read.
pub struct Snapshot {
    transaction: ReadTransaction,
    tables: [OnceLock<Opened>; Table::COUNT],
    counters: Arc<Counters>,
    /// True: values by which clients look up what they submitted are kept back, and not in it.
    lacks_values: bool,
}

impl Snapshot {
    pub(crate) fn new(transaction: ReadTransaction, counters: Arc<Counters>) -> Self {
        Self { transaction, tables: [const { OnceLock::new() }; Table::COUNT], counters, lacks_values: false }
    }

    /// The same, which lacks values or does not.
    pub(crate) fn lacking_values(self, lacks_values: bool) -> Self {
        Self { lacks_values, ..self }
    }

    /// True: it can not list values by which clients look up what they submitted.
    pub(crate) const fn lacks_values(&self) -> bool {
        self.lacks_values
    }

    /// Fails for a table of which rows are kept back.
    fn listable(&self, table: Table) -> Result<(), StoreError> {
        if self.lacks_values && table == Table::ShadowKeys { Err(StoreError::Unflushed { table }) } else { Ok(()) }
    }

    /// The table; none for one that came later than the store and that no writer made yet.
    fn table(&self, table: Table) -> Result<Option<&Opened>, StoreError> {
        let slot = &self.tables[table.index()];
        if let Some(opened) = slot.get() {
            return Ok(Some(opened));
        }
        match self.transaction.open_table(table.definition()) {
            Ok(opened) => Ok(Some(slot.get_or_init(|| opened))),
            Err(TableError::TableDoesNotExist(_)) if table.is_late() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// True: a writer has to make tables before it writes.
    pub(crate) fn lacks_tables(&self) -> Result<bool, StoreError> {
        for table in Table::ALL.iter().filter(|table| table.is_late()) {
            if self.table(*table)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn table_stats(&self, table: Table) -> Result<Option<TableStats>, StoreError> {
        Ok(self.table(table)?.map(ReadableTableMetadata::stats).transpose()?)
    }
}

impl Read for Snapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes<'_>>, StoreError> {
        self.counters.add_read(1);
        let Some(table) = self.table(table)? else { return Ok(None) };
        Ok(ReadableTable::get(table, key)?.map(Bytes::page))
    }

    fn range(&self, table: Table, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<Rows<'_>, StoreError> {
        self.listable(table)?;
        let Some(table) = self.table(table)? else { return Ok(Rows::none(&self.counters)) };
        let range = ReadableTable::range::<&[u8]>(table, (lower, upper))?;
        Ok(Rows::new(range, &self.counters))
    }

    fn row_count(&self, table: Table) -> Result<u64, StoreError> {
        self.listable(table)?;
        Ok(self.table(table)?.map_or(Ok(0), ReadableTableMetadata::len)?)
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
