//! Shadows whose present state no applied plan has decided. A plan is made from these rows, and applying it removes
//! them; a shadow that changed in between stays noted.
//!
//! Every new or changed shadow passes here twice, so up to 256 neighbours share one row, which a [`crate::Writer`] changes
//! in memory and writes once per transaction. The row of a chunk holds nine bytes for each unsettled shadow, in order: the
//! last byte of its ordinal, and the sequence of its change, big-endian.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, of_class, of_ordinal};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::shadows::ordinal_of;
use rosterd_model::Class;

/// Shadows that share a row.
pub(crate) const CHUNK: u32 = 256;
const ENTRY_BYTES: usize = 9;

/// The key of the row that speaks of an ordinal, and its last byte.
fn place(connection: ConnectionNumber, class: Class, ordinal: u32) -> (Key, u8) {
    let [.., low] = ordinal.to_be_bytes();
    (of_ordinal(connection, class, ordinal / CHUNK), low)
}

fn entries(row: &[u8]) -> Result<&[[u8; ENTRY_BYTES]], StoreError> {
    let (entries, rest) = row.as_chunks::<ENTRY_BYTES>();
    let ordered = entries.windows(2).all(|pair| pair[0][0] < pair[1][0]);
    if rest.is_empty() && ordered {
        Ok(entries)
    } else {
        Err(StoreError::corrupt(Table::Unsettled, "its value is no list of changes"))
    }
}

fn find(row: &[u8], low: u8) -> Result<usize, usize> {
    row.as_chunks::<ENTRY_BYTES>().0.binary_search_by_key(&low, |entry| entry[0])
}

fn sequence(entry: &[u8; ENTRY_BYTES]) -> u64 {
    let [_, seq @ ..] = entry;
    u64::from_be_bytes(*seq)
}

/// Reading unsettled shadows.
pub trait ReadUnsettled: Read {
    /// The sequence of the change of a shadow that no applied plan has decided; none if it is settled.
    ///
    /// # Errors
    /// The store can not be read.
    fn unsettled(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<Option<u64>, StoreError> {
        let (key, low) = place(connection, class, ordinal);
        let Some(row) = self.get(Table::Unsettled, key.as_bytes())? else { return Ok(None) };
        let entries = entries(&row)?;
        Ok(find(&row, low).ok().map(|at| sequence(&entries[at])))
    }

    /// Ordinals and sequences of unsettled shadows, from the ordinal `from` on.
    ///
    /// # Errors
    /// The store can not be read.
    fn all_unsettled(
        &self,
        connection: ConnectionNumber,
        class: Class,
        from: u32,
    ) -> Result<impl Iterator<Item = Result<(u32, u64), StoreError>>, StoreError> {
        let (prefix, (first, _)) = (of_class(connection, class), place(connection, class, from));
        let rows = self.prefix_from(Table::Unsettled, prefix.as_bytes(), first.as_bytes())?;
        let read = |row: Result<crate::kv::Row<'_>, StoreError>| -> Result<Vec<(u32, u64)>, StoreError> {
            let row = row?;
            let base = ordinal_of(Table::Unsettled, &row.key)?.saturating_mul(CHUNK);
            Ok(entries(&row.value)?.iter().map(|entry| (base + u32::from(entry[0]), sequence(entry))).collect())
        };
        let items = rows.flat_map(move |row| {
            let (found, error) = match read(row) {
                Ok(found) => (found, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            found.into_iter().map(Ok).chain(error)
        });
        Ok(items.filter(move |item| item.as_ref().map_or(true, |(ordinal, _)| *ordinal >= from)))
    }
}
impl<R: Read> ReadUnsettled for R {}

/// Writing unsettled shadows.
pub trait WriteUnsettled: Write {
    /// Notes that a shadow changed.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_unsettled(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        seq: u64,
    ) -> Result<(), StoreError> {
        let (key, low) = place(connection, class, ordinal);
        let row = self.edit(Table::Unsettled, key.as_bytes())?;
        let [a, b, c, d, e, f, g, h] = seq.to_be_bytes();
        let entry = [low, a, b, c, d, e, f, g, h];
        match find(row, low) {
            Ok(at) => row[at * ENTRY_BYTES..(at + 1) * ENTRY_BYTES].copy_from_slice(&entry),
            Err(at) => drop(row.splice(at * ENTRY_BYTES..at * ENTRY_BYTES, entry)),
        }
        Ok(())
    }

    /// Notes that an applied plan decided the state of a shadow with sequence `seq`; false, and nothing happens, if it
    /// changed since or was settled before.
    ///
    /// # Errors
    /// The store can not be written.
    fn settle(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        seq: u64,
    ) -> Result<bool, StoreError> {
        match self.unsettled(connection, class, ordinal)? {
            Some(at) if at <= seq => self.forget_unsettled(connection, class, ordinal),
            _ => Ok(false),
        }
    }

    /// Forgets that a shadow changed, because it is settled or purged; false if it was not noted.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_unsettled(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
    ) -> Result<bool, StoreError> {
        let (key, low) = place(connection, class, ordinal);
        let row = self.edit(Table::Unsettled, key.as_bytes())?;
        let Ok(at) = find(row, low) else { return Ok(false) };
        row.drain(at * ENTRY_BYTES..(at + 1) * ENTRY_BYTES);
        Ok(true)
    }
}
impl<W: Write> WriteUnsettled for W {}
