//! Entities of which a destination was not told what the hub applied, because a guard held that part: planned again by
//! every run until they are told.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::outbox::entry_key;
use rosterd_model::{Class, EntityId};

/// Reading what is owed.
pub trait ReadOwed: Read {
    /// True if nothing is owed to anybody.
    ///
    /// # Errors
    /// The store can not be read.
    fn owes_nothing(&self) -> Result<bool, StoreError> {
        Ok(self.row_count(Table::Owed)? == 0)
    }

    /// True if a destination must still be told about an entity.
    ///
    /// # Errors
    /// The store can not be read.
    fn is_owed(&self, destination: ConnectionNumber, class: Class, entity: EntityId) -> Result<bool, StoreError> {
        self.has(Table::Owed, entry_key(destination, class, entity).as_bytes())
    }

    /// The entities of a class of which a destination must still be told, behind `after` if one is named.
    ///
    /// # Errors
    /// The store can not be read.
    fn owed(
        &self,
        destination: ConnectionNumber,
        class: Class,
        after: Option<EntityId>,
    ) -> Result<impl Iterator<Item = Result<EntityId, StoreError>>, StoreError> {
        let prefix = Key::new().connection(destination).class(class);
        let from = after.map_or_else(|| prefix.clone(), |id| entry_key(destination, class, id).u8(0));
        let rows = self.prefix_from(Table::Owed, prefix.as_bytes(), from.as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::Owed, &row.key);
            let (_, _, entity) = (parts.connection()?, parts.class()?, parts.entity()?);
            parts.end()?;
            Ok(entity)
        }))
    }
}
impl<R: Read> ReadOwed for R {}

/// Writing what is owed.
pub trait WriteOwed: Write {
    /// Notes that a destination must still be told about an entity.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_owed(&mut self, destination: ConnectionNumber, class: Class, entity: EntityId) -> Result<(), StoreError> {
        self.put(Table::Owed, entry_key(destination, class, entity).as_bytes(), &[])
    }

    /// Notes that a destination is told, or need not be.
    ///
    /// # Errors
    /// The store can not be written.
    fn clear_owed(&mut self, destination: ConnectionNumber, class: Class, entity: EntityId) -> Result<(), StoreError> {
        self.clear(Table::Owed, entry_key(destination, class, entity).as_bytes())
    }
}
impl<W: Write> WriteOwed for W {}
