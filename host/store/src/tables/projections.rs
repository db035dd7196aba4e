//! What destinations acknowledged.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::outbox::entry_key;
use rosterd_model::outbox::Projection;
use rosterd_model::{Class, EntityId, ExternalId};

pub(crate) fn id_key(destination: ConnectionNumber, class: Class, id: &ExternalId) -> Key {
    Key::new().connection(destination).class(class).bounded_text(id.as_str())
}

pub(crate) fn value_key(destination: ConnectionNumber, class: Class, attribute: &str, value: &str) -> Key {
    Key::new().connection(destination).class(class).text(attribute).bounded_text(value)
}

/// The id under which a projection can be found: that of an object which is there.
pub(crate) fn living_id(projection: &Projection) -> Option<&ExternalId> {
    projection.external_id.as_ref().filter(|_| projection.status.is_living())
}

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

    /// The entity that an object of a destination stands for, by the destination's id; none if the hub put nothing there.
    ///
    /// # Errors
    /// The store can not be read.
    fn projected(
        &self,
        destination: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<EntityId>, StoreError> {
        let value = self.get(Table::ProjectionIds, id_key(destination, class, id).as_bytes())?;
        value.map(|bytes| entity_of(Table::ProjectionIds, &bytes)).transpose()
    }

    /// The entity that holds a unique value at a destination.
    ///
    /// # Errors
    /// The store can not be read.
    fn holder(
        &self,
        destination: ConnectionNumber,
        class: Class,
        attribute: &str,
        value: &str,
    ) -> Result<Option<EntityId>, StoreError> {
        let key = value_key(destination, class, attribute, value);
        let value = self.get(Table::ProjectionValues, key.as_bytes())?;
        value.map(|bytes| entity_of(Table::ProjectionValues, &bytes)).transpose()
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
        let key = entry_key(destination, class, entity);
        let old = self.replace_value(Table::Projections, key.as_bytes(), projection)?;
        let old: Option<Projection> = old.map(|old| codec::decode(Table::Projections, &old)).transpose()?;
        let (before, after) = (old.as_ref().and_then(living_id), living_id(projection));
        if before == after {
            return Ok(());
        }
        if let Some(id) = before {
            self.forget_id(destination, class, id, entity)?;
        }
        if let Some(id) = after {
            self.put(Table::ProjectionIds, id_key(destination, class, id).as_bytes(), entity.as_bytes())?;
        }
        Ok(())
    }

    /// Removes the way from an id to an entity, unless another entity has taken the id.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_id(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        id: &ExternalId,
        entity: EntityId,
    ) -> Result<(), StoreError> {
        if self.projected(destination, class, id)? == Some(entity) {
            self.remove(Table::ProjectionIds, id_key(destination, class, id).as_bytes())?;
        }
        Ok(())
    }

    /// Notes that an entity holds a unique value at a destination, or holds it no longer.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_holder(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        (attribute, value): (&str, &str),
        entity: EntityId,
        holds: bool,
    ) -> Result<(), StoreError> {
        let key = value_key(destination, class, attribute, value);
        if holds {
            self.put(Table::ProjectionValues, key.as_bytes(), entity.as_bytes())
        } else if self.holder(destination, class, attribute, value)? == Some(entity) {
            self.remove(Table::ProjectionValues, key.as_bytes()).map(drop)
        } else {
            Ok(())
        }
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
        let Some(old) = self.take(Table::Projections, entry_key(destination, class, entity).as_bytes())? else {
            return Ok(false);
        };
        let old: Projection = codec::decode(Table::Projections, &old)?;
        if let Some(id) = living_id(&old) {
            self.forget_id(destination, class, id, entity)?;
        }
        Ok(true)
    }
}
impl<W: Write> WriteProjections for W {}

fn entity_of(table: Table, value: &[u8]) -> Result<EntityId, StoreError> {
    let mut parts = Parts::new(table, value);
    let entity = parts.entity()?;
    parts.end()?;
    Ok(entity)
}
