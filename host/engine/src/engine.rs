//! What all commands of the engine share.

pub use crate::deliver::{Delivering, Overlap};
use crate::error::EngineError;
use crate::event::Events;
use crate::gate::Gate;
use crate::policy::Policy;
use rosterd_model::port::{Clock, Connections};
use rosterd_model::{ConnectionId, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Store};
use std::sync::Arc;

/// Sizes of pages and transactions.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Records that a connector is asked for at once.
    pub page_size: u32,
    /// Changed records in one transaction.
    pub observe_batch: usize,
    /// Steps in one transaction, when planned and when applied.
    pub apply_batch: usize,
    /// Operations that a destination is given at once.
    pub deliver_batch: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { page_size: 500, observe_batch: 10_000, apply_batch: 10_000, deliver_batch: 2_000 }
    }
}

/// The engine: a store, connections, a policy, a clock. Cheap to clone.
///
/// What takes a while returns a boxed future: the code of an `async fn` is made anew in every crate that awaits it, that of
/// a boxed one only here.
#[derive(Clone)]
pub struct Engine {
    /// The store.
    pub store: Arc<Store>,
    /// Where connections come from.
    pub connections: Arc<dyn Connections>,
    /// The compiled configuration.
    pub policy: Arc<Policy>,
    /// Sizes.
    pub settings: Settings,
    /// The time of policy.
    pub clock: Arc<dyn Clock>,
    /// Who listens.
    pub events: Events,
    /// Whose turn it is on each connection; shared by all engines of the process that use the store.
    pub gate: Gate,
    /// Who acts: recorded with runs and approvals.
    pub principal: String,
    /// Which destinations are written to right now. Engines of one store share it.
    pub delivering: Delivering,
}

impl Engine {
    /// The number of a connection, which it gets when it is first used.
    pub(crate) fn number(&self, connection: &ConnectionId) -> Result<ConnectionNumber, EngineError> {
        if let Some(number) = self.store.snapshot()?.connection_number(connection)? {
            return Ok(number);
        }
        self.store.commit::<_, EngineError>("connection", |w| Ok(w.intern_connection(connection)?))
    }

    /// The time of policy, which never goes back.
    pub(crate) fn now(&self) -> Result<Timestamp, EngineError> {
        Ok(self.store.snapshot()?.policy_now(self.clock.now())?)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("principal", &self.principal).finish_non_exhaustive()
    }
}
