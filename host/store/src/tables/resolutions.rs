//! What operators decided about records that were set aside. A plan uses the decision; the transaction that ties the
//! record to an entity removes it. One that says "ignore" stays until the record changes.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts, of_class};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::shadows::check_id;
use rosterd_model::decision::Resolution;
use rosterd_model::{Class, ExternalId};

fn resolution_key(connection: ConnectionNumber, class: Class, id: &ExternalId) -> Key {
    of_class(connection, class).text(id.as_str())
}

/// Reading resolutions.
pub trait ReadResolutions: Read {
    /// What was decided about a record.
    ///
    /// # Errors
    /// The store can not be read.
    fn resolution(
        &self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<Resolution>, StoreError> {
        self.value(Table::Resolutions, resolution_key(connection, class, id).as_bytes())
    }

    /// True if anything was decided about records of a connection.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_resolutions(&self, connection: ConnectionNumber) -> Result<bool, StoreError> {
        Ok(self.prefix(Table::Resolutions, &connection.0.to_be_bytes())?.next().transpose()?.is_some())
    }

    /// All decisions about records of a connection.
    ///
    /// # Errors
    /// The store can not be read.
    fn resolutions(
        &self,
        connection: ConnectionNumber,
    ) -> Result<impl Iterator<Item = Result<(Class, ExternalId, Resolution), StoreError>>, StoreError> {
        let rows = self.prefix(Table::Resolutions, &connection.0.to_be_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::Resolutions, &row.key);
            let (_, class, id) = (parts.connection()?, parts.class()?, parts.text()?);
            parts.end()?;
            Ok((class, ExternalId(id.into()), codec::decode(Table::Resolutions, &row.value)?))
        }))
    }
}
impl<R: Read> ReadResolutions for R {}

/// Writing resolutions.
pub trait WriteResolutions: Write {
    /// Puts what was decided about a record.
    ///
    /// # Errors
    /// The store can not be written, or the id is too long.
    fn put_resolution(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
        resolution: &Resolution,
    ) -> Result<(), StoreError> {
        check_id(id)?;
        self.put_value(Table::Resolutions, resolution_key(connection, class, id).as_bytes(), resolution)
    }

    /// Removes what was decided about a record; false if nothing was.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_resolution(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<bool, StoreError> {
        self.remove(Table::Resolutions, resolution_key(connection, class, id).as_bytes())
    }
}
impl<W: Write> WriteResolutions for W {}
