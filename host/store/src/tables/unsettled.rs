//! Shadows whose present state no applied plan has decided. A plan is made from these rows, and applying it removes
//! them; a shadow that changed in between keeps its row.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, of_class, of_ordinal};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::shadows::ordinal_of;
use rosterd_model::Class;

/// Reading unsettled shadows.
pub trait ReadUnsettled: Read {
    /// The sequence of the change of a shadow that no applied plan has decided; none if it is settled.
    ///
    /// # Errors
    /// The store can not be read.
    fn unsettled(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<Option<u64>, StoreError> {
        self.number(Table::Unsettled, of_ordinal(connection, class, ordinal).as_bytes())
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
        let (prefix, from) = (of_class(connection, class), of_ordinal(connection, class, from));
        let rows = self.prefix_from(Table::Unsettled, prefix.as_bytes(), from.as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            Ok((ordinal_of(Table::Unsettled, &row.key)?, codec::number(Table::Unsettled, &row.value)?))
        }))
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
        self.put(Table::Unsettled, of_ordinal(connection, class, ordinal).as_bytes(), &seq.to_be_bytes())
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
        let key = of_ordinal(connection, class, ordinal);
        match self.number(Table::Unsettled, key.as_bytes())? {
            Some(at) if at <= seq => self.clear(Table::Unsettled, key.as_bytes()).map(|()| true),
            _ => Ok(false),
        }
    }
}
impl<W: Write> WriteUnsettled for W {}
