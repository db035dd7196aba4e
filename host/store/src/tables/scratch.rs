//! What a connector remembers between its calls. Nothing in here is needed: losing it costs a connector time, not data.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, MAX_TEXT};
use crate::kv::{Read, Write};
use crate::schema::Table;

fn scratch_key(connection: ConnectionNumber, key: &str) -> Key {
    Key::new().connection(connection).text(key)
}

/// Reading scratch.
pub trait ReadScratch: Read {
    /// What a connector stored under a key.
    ///
    /// # Errors
    /// The store can not be read.
    fn scratch(&self, connection: ConnectionNumber, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get(Table::Scratch, scratch_key(connection, key).as_bytes())?.map(|value| value.to_vec()))
    }
}
impl<R: Read> ReadScratch for R {}

/// Writing scratch.
pub trait WriteScratch: Write {
    /// Stores bytes of a connector; how many it may store is the business of its host.
    ///
    /// # Errors
    /// The store can not be written, or the key is longer than [`MAX_TEXT`] bytes.
    fn put_scratch(&mut self, connection: ConnectionNumber, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if key.len() > MAX_TEXT {
            return Err(StoreError::TooLong { what: "key of a connector", bytes: key.len(), most: MAX_TEXT });
        }
        self.put(Table::Scratch, scratch_key(connection, key).as_bytes(), value)
    }

    /// Removes bytes of a connector; false if there were none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_scratch(&mut self, connection: ConnectionNumber, key: &str) -> Result<bool, StoreError> {
        self.remove(Table::Scratch, scratch_key(connection, key).as_bytes())
    }
}
impl<W: Write> WriteScratch for W {}
