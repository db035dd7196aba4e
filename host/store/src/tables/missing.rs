//! Shadows that licensed scans did not show, counted until they count as gone.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, of_class, of_ordinal};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::shadows::ordinal_of;
use rosterd_model::Class;
use rosterd_model::shadow::Missing;

/// Reading missing shadows.
pub trait ReadMissing: Read {
    /// What is known of a missing shadow; none if it is not missing.
    ///
    /// # Errors
    /// The store can not be read.
    fn missing(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<Option<Missing>, StoreError> {
        self.value(Table::Missing, of_ordinal(connection, class, ordinal).as_bytes())
    }

    /// All missing shadows of a connection and class, in order of ordinals.
    ///
    /// # Errors
    /// The store can not be read.
    fn all_missing(
        &self,
        connection: ConnectionNumber,
        class: Class,
    ) -> Result<impl Iterator<Item = Result<(u32, Missing), StoreError>>, StoreError> {
        let rows = self.prefix(Table::Missing, of_class(connection, class).as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            Ok((ordinal_of(Table::Missing, &row.key)?, codec::decode(Table::Missing, &row.value)?))
        }))
    }
}
impl<R: Read> ReadMissing for R {}

/// Writing missing shadows.
pub trait WriteMissing: Write {
    /// Puts what is known of a missing shadow.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_missing(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        missing: &Missing,
    ) -> Result<(), StoreError> {
        self.put_value(Table::Missing, of_ordinal(connection, class, ordinal).as_bytes(), missing)
    }

    /// Notes that a shadow is not missing; false if it was not.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_missing(&mut self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<bool, StoreError> {
        self.remove(Table::Missing, of_ordinal(connection, class, ordinal).as_bytes())
    }
}
impl<W: Write> WriteMissing for W {}
