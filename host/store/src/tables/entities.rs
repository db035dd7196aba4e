//! Entities, and the values by which they are found.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::{Class, Entity, EntityId};

/// A value by which entities of a class are found: a correlation key or a unique value, normalised by the caller.
/// Values are compared only within one attribute and one key space; the key space may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityKey {
    /// Name of the attribute.
    pub attribute: String,
    /// Key space.
    pub space: String,
    /// The value. Of any length; the store compares long ones by hash.
    pub value: String,
}

pub(crate) fn entity_key(class: Class, id: EntityId) -> Key {
    Key::new().class(class).entity(id)
}

pub(crate) fn value_prefix(class: Class, attribute: &str, space: &str, value: &str) -> Key {
    Key::new().class(class).text(attribute).text(space).bounded_text(value)
}

/// The fact in `meta` that says for which configuration all keys are there.
const KEY_STATE: &[u8] = b"entity-keys";

/// Reading entities.
pub trait ReadEntities: Read {
    /// A digest of the configuration whose keys all entities have.
    ///
    /// # Errors
    /// The store can not be read.
    fn key_state(&self) -> Result<Option<String>, StoreError> {
        self.text(Table::Meta, KEY_STATE)
    }

    /// An entity.
    ///
    /// # Errors
    /// The store can not be read.
    fn entity(&self, class: Class, id: EntityId) -> Result<Option<Entity>, StoreError> {
        self.value(Table::Entities, entity_key(class, id).as_bytes())
    }

    /// True if there is such an entity.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_entity(&self, class: Class, id: EntityId) -> Result<bool, StoreError> {
        self.has(Table::Entities, entity_key(class, id).as_bytes())
    }

    /// The entities of a class in the order of their creation, behind `after` if one is named.
    ///
    /// # Errors
    /// The store can not be read.
    fn entities(
        &self,
        class: Class,
        after: Option<EntityId>,
    ) -> Result<impl Iterator<Item = Result<Entity, StoreError>>, StoreError> {
        let prefix = Key::new().class(class);
        let from = after.map_or_else(|| prefix.clone(), |id| entity_key(class, id).u8(0));
        let rows = self.prefix_from(Table::Entities, prefix.as_bytes(), from.as_bytes())?;
        Ok(rows.map(|row| codec::decode(Table::Entities, &row?.value)))
    }

    /// The entities that hold a value, at most `most` of them.
    ///
    /// # Errors
    /// The store can not be read.
    fn entities_with(
        &self,
        class: Class,
        attribute: &str,
        space: &str,
        value: &str,
        most: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let prefix = value_prefix(class, attribute, space, value);
        let rows = self.prefix(Table::EntityKeys, prefix.as_bytes())?;
        rows.take(most)
            .map(|row| {
                let row = row?;
                let mut parts =
                    Parts::new(Table::EntityKeys, row.key.get(prefix.as_bytes().len()..).unwrap_or_default());
                let id = parts.entity()?;
                parts.end()?;
                Ok(id)
            })
            .collect()
    }
}
impl<R: Read> ReadEntities for R {}

/// Writing entities.
pub trait WriteEntities: Write {
    /// Notes that all entities have the keys of a configuration.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_key_state(&mut self, digest: &str) -> Result<(), StoreError> {
        self.put(Table::Meta, KEY_STATE, digest.as_bytes())
    }

    /// Puts an entity under its class and id.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_entity(&mut self, entity: &Entity) -> Result<(), StoreError> {
        self.put_value(Table::Entities, entity_key(entity.class, entity.id).as_bytes(), entity)
    }

    /// Removes an entity for good; false if there was none. Its keys, claims, links and projections must go as well.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_entity(&mut self, class: Class, id: EntityId) -> Result<bool, StoreError> {
        self.remove(Table::Entities, entity_key(class, id).as_bytes())
    }

    /// Notes that an entity holds a value.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_entity_key(
        &mut self,
        class: Class,
        attribute: &str,
        space: &str,
        value: &str,
        id: EntityId,
    ) -> Result<(), StoreError> {
        self.put(Table::EntityKeys, value_prefix(class, attribute, space, value).entity(id).as_bytes(), &[])
    }

    /// Notes that an entity no longer holds a value; false if it did not.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_entity_key(
        &mut self,
        class: Class,
        attribute: &str,
        space: &str,
        value: &str,
        id: EntityId,
    ) -> Result<bool, StoreError> {
        self.remove(Table::EntityKeys, value_prefix(class, attribute, space, value).entity(id).as_bytes())
    }
}
impl<W: Write> WriteEntities for W {}
