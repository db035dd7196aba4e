//! First passwords that wait to be handed over, sealed with a key that the store does not have.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::outbox::entry_key;
use rosterd_model::{Class, EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// The first password of an account at a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPassword {
    /// Key of the operation for which it was made.
    pub operation: String,
    /// The password, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub at: Timestamp,
}

/// Reading first passwords.
pub trait ReadPasswords: Read {
    /// The password that waits for an account at a destination.
    ///
    /// # Errors
    /// The store can not be read.
    fn password(&self, destination: ConnectionNumber, account: EntityId) -> Result<Option<SealedPassword>, StoreError> {
        self.value(Table::Passwords, key(destination, account).as_bytes())
    }

    /// The accounts for which a password of a destination waits.
    ///
    /// # Errors
    /// The store can not be read.
    fn passwords(
        &self,
        destination: ConnectionNumber,
    ) -> Result<impl Iterator<Item = Result<EntityId, StoreError>>, StoreError> {
        let prefix = Key::new().connection(destination);
        Ok(self.prefix(Table::Passwords, prefix.as_bytes())?.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::Passwords, &row.key);
            let (_, _, account) = (parts.connection()?, parts.class()?, parts.entity()?);
            parts.end()?;
            Ok(account)
        }))
    }
}
impl<R: Read> ReadPasswords for R {}

/// Writing first passwords.
pub trait WritePasswords: Write {
    /// Keeps the password of an account at a destination.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_password(
        &mut self,
        destination: ConnectionNumber,
        account: EntityId,
        password: &SealedPassword,
    ) -> Result<(), StoreError> {
        self.put_value(Table::Passwords, key(destination, account).as_bytes(), password)
    }

    /// Forgets the password of an account at a destination; false if there was none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_password(&mut self, destination: ConnectionNumber, account: EntityId) -> Result<bool, StoreError> {
        self.remove(Table::Passwords, key(destination, account).as_bytes())
    }
}
impl<W: Write> WritePasswords for W {}

fn key(destination: ConnectionNumber, account: EntityId) -> Key {
    entry_key(destination, Class::Account, account)
}
