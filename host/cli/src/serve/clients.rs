//! The clients of the service: those of the store whose connections the present configuration has.

use super::hub::Hub;
use rosterd_model::ConnectionId;
use rosterd_model::directory::Directory;
use rosterd_model::port::BoxFuture;
use rosterd_server::{Clients, Unavailable};
use rosterd_store::prelude::*;
use rosterd_store::{ClientRow, Store, StoreError};
use std::sync::{Arc, Weak};

/// Looks clients up; it does not keep the service alive.
pub(super) struct StoredClients(pub(super) Weak<Hub>);

impl StoredClients {
    fn hub(&self) -> Result<Arc<Hub>, Unavailable> {
        self.0.upgrade().ok_or(Unavailable)
    }
}

impl Clients for StoredClients {
    fn client(&self, name: String) -> BoxFuture<'_, Result<Option<ClientRow>, Unavailable>> {
        Box::pin(async move {
            let hub = self.hub()?;
            // A row of a small table, which is in memory: to hand that to another thread takes longer than to read it.
            let read = |store: &Store| store.snapshot_without_keys()?.client(&name);
            let row = read(&hub.store).map_err(|error: StoreError| {
                tracing::error!(%error, "clients can not be looked up");
                Unavailable
            })?;
            // Of a connection that was taken out of the configuration nobody may act.
            let generation = hub.generation();
            Ok(row.filter(|row| generation.config.file.connection.contains_key(&row.connection)))
        })
    }

    fn directory(&self, connection: &ConnectionId, client: &str) -> Option<Arc<dyn Directory>> {
        self.hub().ok()?.engine(&format!("client {client}")).directory(connection).ok()
    }
}
