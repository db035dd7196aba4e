//! Values that were replaced: one row per entity and changed attribute, in the order of the changes.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::meta::WriteMeta;
use rosterd_model::EntityId;
use rosterd_model::claim::HistoryRow;

/// Reading history.
pub trait ReadHistory: Read {
    /// The changes of an entity with their sequence numbers, oldest first; newest first with [`Iterator::rev`].
    ///
    /// # Errors
    /// The store can not be read.
    fn history(
        &self,
        entity: EntityId,
    ) -> Result<impl DoubleEndedIterator<Item = Result<(u64, HistoryRow), StoreError>>, StoreError> {
        let rows = self.prefix(Table::History, entity.as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::History, &row.key);
            let (_, seq) = (parts.entity()?, parts.u64()?);
            parts.end()?;
            Ok((seq, codec::decode(Table::History, &row.value)?))
        }))
    }
}
impl<R: Read> ReadHistory for R {}

/// Writing history.
pub trait WriteHistory: Write {
    /// Adds a row under the next sequence number, which is returned.
    ///
    /// # Errors
    /// The store can not be written.
    fn add_history(&mut self, row: &HistoryRow) -> Result<u64, StoreError> {
        let seq = self.next_sequence()?;
        self.put_value(Table::History, Key::new().entity(row.entity).u64(seq).as_bytes(), row)?;
        Ok(seq)
    }

    /// Removes the history of an entity; returns how many rows it had.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_history(&mut self, entity: EntityId) -> Result<u64, StoreError> {
        self.remove_prefix(Table::History, entity.as_bytes(), u64::MAX)
    }
}
impl<W: Write> WriteHistory for W {}
