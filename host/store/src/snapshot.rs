//! A consistent view of the store, as it was when the view was taken.
//!
//! Later commits do not change it, and it keeps the pages that they replace: never hold one across a call to a
//! connector, or the file grows for as long as the remote system takes.

use crate::counters::Counters;
use crate::error::StoreError;
use crate::kv::{Bytes, Read, Rows};
use crate::schema::Table;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, TableStats};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A read view. Cheap to take; a table is opened when it is first read.
pub struct Snapshot {
    transaction: ReadTransaction,
    tables: [OnceLock<Opened>; Table::COUNT],
    counters: Arc<Counters>,
}

impl Snapshot {
    pub(crate) fn new(transaction: ReadTransaction, counters: Arc<Counters>) -> Self {
        Self { transaction, tables: [const { OnceLock::new() }; Table::COUNT], counters }
    }

    fn table(&self, table: Table) -> Result<&Opened, StoreError> {
        let slot = &self.tables[table.index()];
        if let Some(opened) = slot.get() {
            return Ok(opened);
        }
        let opened = self.transaction.open_table(table.definition())?;
        Ok(slot.get_or_init(|| opened))
    }

    pub(crate) fn table_stats(&self, table: Table) -> Result<TableStats, StoreError> {
        Ok(self.table(table)?.stats()?)
    }
}

impl Read for Snapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes<'_>>, StoreError> {
        self.counters.add_read(1);
        Ok(ReadableTable::get(self.table(table)?, key)?.map(Bytes::page))
    }

    fn range(&self, table: Table, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<Rows<'_>, StoreError> {
        let range = ReadableTable::range::<&[u8]>(self.table(table)?, (lower, upper))?;
        Ok(Rows::new(range, &self.counters))
    }

    fn row_count(&self, table: Table) -> Result<u64, StoreError> {
        Ok(self.table(table)?.len()?)
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
