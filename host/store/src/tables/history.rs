//! Values that were replaced: one row per entity and changed attribute, in the order of the changes.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::meta::WriteMeta;
use rosterd_model::claim::HistoryRow;
use rosterd_model::{EntityId, RunId};

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

/// Where a look through a table goes on.
pub type Place = Vec<u8>;

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

    /// Removes rows of runs before `run`, looking at no more than `most` rows from `from` on. Returns how many were removed,
    /// and where to go on; none: at the end.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_history(&mut self, run: RunId, from: &[u8], most: usize) -> Result<(u64, Option<Place>), StoreError> {
        let (mut old, mut last, mut looked) = (Vec::new(), None, 0);
        for row in self.prefix_from(Table::History, b"", from)?.take(most) {
            let row = row?;
            looked += 1;
            if codec::decode::<HistoryRow>(Table::History, &row.value)?.run < run {
                old.push(row.key.to_vec());
            }
            last = Some(row.key.to_vec());
        }
        for key in &old {
            self.remove(Table::History, key)?;
        }
        let next = last.filter(|_| looked == most).map(|mut key| {
            key.push(0);
            key
        });
        Ok((old.len() as u64, next))
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
