//! The directory that the service gives to its connections. Whoever has it asks the configuration of this moment: a reload
//! does not leave a connection with what was.

use super::hub::Hub;
use crate::context::Directories;
use rosterd_model::directory::{Directory, LargePart, Listing, Query, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Record};
use std::sync::{Arc, Weak};

/// What the service gives to connections; it does not keep the service alive.
pub(super) fn directories(hub: &Arc<Hub>) -> Directories {
    let hub = Arc::downgrade(hub);
    Arc::new(move |connection| Arc::new(Served { hub: hub.clone(), connection: connection.clone() }))
}

/// One connection's part.
struct Served {
    hub: Weak<Hub>,
    connection: ConnectionId,
}

impl Served {
    /// The connection itself acts: which of its clients it was, it knows.
    fn present(&self) -> Result<Arc<dyn Directory>, Fault> {
        let ended = || Fault::new(FaultKind::Transient, "the hub ends; try again later");
        let hub = self.hub.upgrade().ok_or_else(ended)?;
        let engine = hub.engine(&format!("connection {}", self.connection));
        engine.directory_aside(&self.connection).map_err(|error| Fault::new(FaultKind::Unsupported, error.to_string()))
    }
}

impl Directory for Served {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            match self.present() {
                Ok(directory) => directory.submit(submissions).await,
                Err(fault) => submissions.iter().map(|_| Err(fault.clone())).collect(),
            }
        })
    }

    fn store(&self, part: LargePart) -> BoxFuture<'_, Vec<Result<(), Fault>>> {
        Box::pin(async move {
            match self.present() {
                Ok(directory) => directory.store(part).await,
                Err(fault) => part.submissions.iter().map(|_| Err(fault.clone())).collect(),
            }
        })
    }

    fn get_all(&self, class: Class, ids: Vec<ExternalId>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            match self.present() {
                Ok(directory) => directory.get_all(class, ids).await,
                Err(fault) => ids.iter().map(|_| Err(fault.clone())).collect(),
            }
        })
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async move { self.present()?.get(class, id).await })
    }

    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async move { self.present()?.query(class, query).await })
    }
}
