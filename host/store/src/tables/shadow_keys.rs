//! Values by which shadows of a pushed source are looked up: its clients ask for a user name, not for an ordinal.
//!
//! Only connections that are marked as complete have rows, and they have them of every live shadow.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::directory::keys_of;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::{Attributes, Class};
use std::collections::BTreeSet;

fn of_value(connection: ConnectionNumber, class: Class, attribute: &str, value: &str) -> Key {
    Key::new().connection(connection).class(class).text(attribute).bounded_text(value)
}

/// No class has the number 0.
fn mark(connection: ConnectionNumber) -> Key {
    Key::new().connection(connection).u8(0)
}

/// The rows that a shadow should have.
fn keys(shadow: Option<&Shadow>) -> BTreeSet<(&'static str, String)> {
    shadow.filter(|shadow| shadow.state == ShadowState::Live).map(|live| keys_of(&live.attributes)).unwrap_or_default()
}

/// Reading the values by which shadows are looked up.
pub trait ReadShadowKeys: Read {
    /// True if every live shadow of the connection can be looked up.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_shadow_keys(&self, connection: ConnectionNumber) -> Result<bool, StoreError> {
        self.has(Table::ShadowKeys, mark(connection).as_bytes())
    }

    /// The live shadows with a value, which is folded as [`rosterd_model::directory::fold`] does it; in order of ordinals.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadows_with(
        &self,
        connection: ConnectionNumber,
        class: Class,
        attribute: &str,
        value: &str,
    ) -> Result<impl Iterator<Item = Result<u32, StoreError>>, StoreError> {
        let rows = self.prefix(Table::ShadowKeys, of_value(connection, class, attribute, value).as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::ShadowKeys, &row.key);
            let (_, _, _, _) = (parts.connection()?, parts.class()?, parts.text()?, parts.text()?);
            let ordinal = parts.u32()?;
            parts.end()?;
            Ok(ordinal)
        }))
    }
}
impl<R: Read> ReadShadowKeys for R {}

/// Writing them.
pub trait WriteShadowKeys: Write {
    /// Puts the rows of a shadow in the place of those that it had.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_shadow_keys(
        &mut self,
        connection: ConnectionNumber,
        ordinal: u32,
        before: Option<&Shadow>,
        after: &Shadow,
    ) -> Result<(), StoreError> {
        let (old, new) = (keys(before), keys(Some(after)));
        let row =
            |(attribute, value): &(&str, String)| of_value(connection, after.class, attribute, value).u32(ordinal);
        old.difference(&new).try_for_each(|key| self.remove(Table::ShadowKeys, row(key).as_bytes()).map(drop))?;
        new.difference(&old).try_for_each(|key| self.put(Table::ShadowKeys, row(key).as_bytes(), &[]))
    }

    /// Puts the rows of a shadow that had none; `values` are its [`keys_of`].
    ///
    /// # Errors
    /// The store can not be written.
    fn add_shadow_keys(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        values: &[(&'static str, String)],
    ) -> Result<(), StoreError> {
        values.iter().try_for_each(|(attribute, value)| {
            let key = of_value(connection, class, attribute, value).u32(ordinal);
            self.put(Table::ShadowKeys, key.as_bytes(), &[])
        })
    }

    /// Removes the rows of a shadow that goes.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_shadow_keys(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        attributes: &Attributes,
    ) -> Result<(), StoreError> {
        keys_of(attributes).iter().try_for_each(|(attribute, value)| {
            let key = of_value(connection, class, attribute, value).u32(ordinal);
            self.remove(Table::ShadowKeys, key.as_bytes()).map(drop)
        })
    }

    /// Notes that every live shadow of the connection has its rows.
    ///
    /// # Errors
    /// The store can not be written.
    fn complete_shadow_keys(&mut self, connection: ConnectionNumber) -> Result<(), StoreError> {
        self.put(Table::ShadowKeys, mark(connection).as_bytes(), &[])
    }

    /// Removes all rows of a connection and the mark.
    ///
    /// # Errors
    /// The store can not be written.
    fn drop_shadow_keys(&mut self, connection: ConnectionNumber) -> Result<(), StoreError> {
        self.remove_prefix(Table::ShadowKeys, Key::new().connection(connection).as_bytes(), u64::MAX).map(drop)
    }
}
impl<W: Write> WriteShadowKeys for W {}
