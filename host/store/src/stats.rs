//! How large the store is, and what takes the room.

use crate::error::StoreError;
use crate::kv::Read;
use crate::open::Store;
use crate::schema::Table;
use redb::TableStats;

/// The size of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// The table.
    pub table: Table,
    /// Its rows.
    pub rows: u64,
    /// Bytes of keys and values.
    pub stored_bytes: u64,
    /// Bytes of the tree around them.
    pub metadata_bytes: u64,
    /// Bytes of half-empty pages.
    pub fragmented_bytes: u64,
}

/// The size of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSize {
    /// All tables, in the order of the schema.
    pub tables: Vec<TableSize>,
    /// Length of the file; free pages are the difference to the sum of the tables. 0 for a store in memory.
    pub file_bytes: u64,
}

impl Store {
    /// Measures the store. Passes every page of it: seconds for a large one.
    ///
    /// # Errors
    /// The store can not be read.
    pub fn size(&self) -> Result<StoreSize, StoreError> {
        let snapshot = self.whole_snapshot()?;
        let tables = Table::ALL
            .iter()
            .map(|table| {
                let stats = snapshot.table_stats(*table)?;
                let bytes = |of: fn(&TableStats) -> u64| stats.as_ref().map_or(0, of);
                Ok(TableSize {
                    table: *table,
                    rows: snapshot.row_count(*table)?,
                    stored_bytes: bytes(TableStats::stored_bytes),
                    metadata_bytes: bytes(TableStats::metadata_bytes),
                    fragmented_bytes: bytes(TableStats::fragmented_bytes),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let file_bytes = match self.path() {
            path if path.as_os_str().is_empty() => 0,
            path => std::fs::metadata(path).map_err(StoreError::io("measure", path))?.len(),
        };
        Ok(StoreSize { tables, file_bytes })
    }
}
