//! What destinations acknowledged.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::outbox::entry_key;
use rosterd_model::outbox::Projection;
use rosterd_model::{Class, EntityId};

/// Reading projections.
pub trait ReadProjections: Read {
    /// An entity as a destination last acknowledged it.
    ///
    /// # Errors
    /// The store can not be read.
    fn projection(
        &self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<Option<Projection>, StoreError> {
        self.value(Table::Projections, entry_key(destination, class, entity).as_bytes())
    }

    /// The projections of a class at a destination, in order of entities.
    ///
    /// # Errors
    /// The store can not be read.
    fn projections(
        &self,
        destination: ConnectionNumber,
        class: Class,
    ) -> Result<impl Iterator<Item = Result<(EntityId, Projection), StoreError>>, StoreError> {
        let prefix = Key::new().connection(destination).class(class);
        let rows = self.prefix(Table::Projections, prefix.as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::Projections, &row.key);
            let (_, _, entity) = (parts.connection()?, parts.class()?, parts.entity()?);
            parts.end()?;
            Ok((entity, codec::decode(Table::Projections, &row.value)?))
        }))
    }
}
impl<R: Read> ReadProjections for R {}

/// Writing projections.
pub trait WriteProjections: Write {
    /// Puts what a destination acknowledged.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_projection(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
        projection: &Projection,
    ) -> Result<(), StoreError> {
        self.put_value(Table::Projections, entry_key(destination, class, entity).as_bytes(), projection)
    }

    /// Removes a projection; false if there was none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_projection(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<bool, StoreError> {
        self.remove(Table::Projections, entry_key(destination, class, entity).as_bytes())
    }
}
impl<W: Write> WriteProjections for W {}
