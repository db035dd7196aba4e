//! Values that were replaced: one row per entity and changed attribute.
//!
//! Rows stand in portions of the sequence, and in a portion by entity. What a run adds so lands in few pages, however many
//! entities have a past; whoever looks one up looks once into each portion.

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
        let mut rows = Vec::new();
        let mut portion = Some(0);
        while let Some(this) = portion {
            portion = in_portion(self, this, entity, &mut rows)?;
        }
        Ok(rows.into_iter().map(Ok))
    }
}
impl<R: Read> ReadHistory for R {}

/// Bits of the sequence that lie within one portion: few portions, and few pages in each.
const PORTION_BITS: u32 = 16;

/// The key of the row that has this sequence number.
pub(crate) fn key(entity: EntityId, seq: u64) -> Key {
    Key::new().u64(seq >> PORTION_BITS).entity(entity).u64(seq)
}

/// The entity and the sequence number of a key.
pub(crate) fn parts(key: &[u8]) -> Result<(EntityId, u64), StoreError> {
    let mut parts = Parts::new(Table::History, key);
    let (_, entity, seq) = (parts.u64()?, parts.entity()?, parts.u64()?);
    parts.end()?;
    Ok((entity, seq))
}

/// Adds the rows of an entity in a portion, and gives the next portion that may have some.
fn in_portion<R: Read>(
    view: &R,
    portion: u64,
    entity: EntityId,
    found: &mut Vec<(u64, HistoryRow)>,
) -> Result<Option<u64>, StoreError> {
    let start = Key::new().u64(portion).entity(entity);
    for row in view.prefix_from(Table::History, b"", start.as_bytes())? {
        let row = row?;
        let (own, seq) = parts(&row.key)?;
        let at = seq >> PORTION_BITS;
        match (at == portion, own == entity) {
            (true, true) => found.push((seq, codec::decode(Table::History, &row.value)?)),
            (true, false) => return Ok(portion.checked_add(1)),
            (false, _) => return Ok(Some(at)),
        }
    }
    Ok(None)
}

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
        self.put_value(Table::History, key(row.entity, seq).as_bytes(), row)?;
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
        let rows: Vec<u64> = self.history(entity)?.map(|row| row.map(|(seq, _)| seq)).collect::<Result<_, _>>()?;
        for seq in &rows {
            self.remove(Table::History, key(entity, *seq).as_bytes())?;
        }
        Ok(rows.len() as u64)
    }
}
impl<W: Write> WriteHistory for W {}
