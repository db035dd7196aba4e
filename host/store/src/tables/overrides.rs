//! Values that operators set for single attributes of single entities.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::EntityId;
use rosterd_model::decision::Override;

fn override_key(entity: EntityId, attribute: &str) -> Key {
    Key::new().entity(entity).text(attribute)
}

fn row(row: &crate::kv::Row<'_>) -> Result<(EntityId, String, Override), StoreError> {
    let mut parts = Parts::new(Table::Overrides, &row.key);
    let (entity, attribute) = (parts.entity()?, parts.text()?);
    parts.end()?;
    Ok((entity, attribute, codec::decode(Table::Overrides, &row.value)?))
}

/// Reading overrides.
pub trait ReadOverrides: Read {
    /// What operators set for an entity, in order of attributes.
    ///
    /// # Errors
    /// The store can not be read.
    fn overrides_of(&self, entity: EntityId) -> Result<Vec<(String, Override)>, StoreError> {
        let rows = self.prefix(Table::Overrides, entity.as_bytes())?;
        rows.map(|found| {
            let (_, attribute, value) = row(&found?)?;
            Ok((attribute, value))
        })
        .collect()
    }

    /// All that operators set.
    ///
    /// # Errors
    /// The store can not be read.
    fn overrides(&self) -> Result<impl Iterator<Item = Result<(EntityId, String, Override), StoreError>>, StoreError> {
        Ok(self.prefix(Table::Overrides, b"")?.map(|found| row(&found?)))
    }

    /// True if operators set anything.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_overrides(&self) -> Result<bool, StoreError> {
        Ok(self.row_count(Table::Overrides)? > 0)
    }
}
impl<R: Read> ReadOverrides for R {}

/// Writing overrides.
pub trait WriteOverrides: Write {
    /// Puts what an operator set.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_override(&mut self, entity: EntityId, attribute: &str, value: &Override) -> Result<(), StoreError> {
        self.put_value(Table::Overrides, override_key(entity, attribute).as_bytes(), value)
    }

    /// Removes what an operator set; false if he set nothing.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_override(&mut self, entity: EntityId, attribute: &str) -> Result<bool, StoreError> {
        self.remove(Table::Overrides, override_key(entity, attribute).as_bytes())
    }
}
impl<W: Write> WriteOverrides for W {}
