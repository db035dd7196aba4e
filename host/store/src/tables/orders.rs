//! What a person disabled, and why. The row stays while the person is away for other reasons, so that nobody is enabled
//! again by coming back.

use crate::error::StoreError;
use crate::key::Key;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::{Class, EntityId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// The order of a person that an entity be disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who ordered it.
    pub by: String,
    /// Why, in the words of that person.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// The run that did it.
    pub run: RunId,
}

/// Reading orders.
pub trait ReadOrders: Read {
    /// The order that stands for an entity.
    ///
    /// # Errors
    /// The store can not be read.
    fn order(&self, class: Class, entity: EntityId) -> Result<Option<Order>, StoreError> {
        self.value(Table::Orders, key(class, entity).as_bytes())
    }
}
impl<R: Read> ReadOrders for R {}

/// Writing orders.
pub trait WriteOrders: Write {
    /// Puts the order for an entity.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_order(&mut self, class: Class, entity: EntityId, order: &Order) -> Result<(), StoreError> {
        self.put_value(Table::Orders, key(class, entity).as_bytes(), order)
    }

    /// Removes the order for an entity; false if there was none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_order(&mut self, class: Class, entity: EntityId) -> Result<bool, StoreError> {
        self.remove(Table::Orders, key(class, entity).as_bytes())
    }
}
impl<W: Write> WriteOrders for W {}

fn key(class: Class, entity: EntityId) -> Key {
    Key::new().class(class).entity(entity)
}
