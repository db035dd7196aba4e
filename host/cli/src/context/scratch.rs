//! Small values of a connection, kept in the store beside its cursor.

use rosterd_connector::Scratch;
use rosterd_model::ConnectionId;
use rosterd_store::prelude::*;
use rosterd_store::{Store, StoreError};
use std::sync::Arc;

/// The scratch of one connection.
pub(crate) struct StoredScratch {
    store: Arc<Store>,
    connection: ConnectionId,
}

impl StoredScratch {
    /// The scratch of `connection` in `store`.
    pub(crate) const fn new(store: Arc<Store>, connection: ConnectionId) -> Self {
        Self { store, connection }
    }

    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let snapshot = self.store.snapshot()?;
        match snapshot.connection_number(&self.connection)? {
            Some(number) => snapshot.scratch(number, key),
            None => Ok(None),
        }
    }
}

impl Scratch for StoredScratch {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.read(key).unwrap_or_else(|error| {
            // The contract has no failure here; a value that can not be read is one that was lost, which connectors must
            // be able to bear.
            tracing::warn!(connection = %self.connection, key, %error, "scratch could not be read");
            None
        })
    }

    fn set(&self, key: &str, value: Option<Vec<u8>>) -> Result<(), String> {
        let write = |writer: &mut rosterd_store::Writer<'_>| -> Result<(), StoreError> {
            let number = writer.intern_connection(&self.connection)?;
            match &value {
                Some(value) => writer.put_scratch(number, key, value),
                None => writer.remove_scratch(number, key).map(|_| ()),
            }
        };
        self.store.commit("scratch", write).map_err(|error| error.to_string())
    }
}
