//! What the service has: the store, the connections and the policy of the present configuration, and who listens.

use crate::config::Config;
use crate::context::HubConnections;
use rosterd_connector::ConnectorHost;
use rosterd_engine::engine::Delivering;
use rosterd_engine::scheduler::{Scheduler, Standing};
use rosterd_engine::{Engine, EngineError, Events, Gate, Policy, Settings};
use rosterd_model::Timestamp;
use rosterd_server::Metrics;
use rosterd_store::Store;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// What follows from one state of the configuration. Whoever works with it keeps it until he is done.
pub(crate) struct Generation {
    /// The configuration.
    pub(crate) config: Arc<Config>,
    /// Compiled.
    pub(crate) policy: Arc<Policy>,
    /// Its connections.
    pub(crate) connections: Arc<HubConnections>,
}

/// The service.
pub(crate) struct Hub {
    /// The configuration file.
    pub(crate) path: PathBuf,
    /// The store.
    pub(crate) store: Arc<Store>,
    /// The host of connectors.
    pub(crate) host: ConnectorHost,
    /// Where everything that waits waits.
    pub(crate) runtime: tokio::runtime::Handle,
    /// Whose turn it is on each connection.
    pub(crate) gate: Gate,
    /// Which destinations are written to.
    pub(crate) delivering: Delivering,
    /// Who listens to events.
    pub(crate) events: Events,
    /// Counters.
    pub(crate) metrics: Arc<Metrics>,
    /// When it was started.
    pub(crate) since: Timestamp,
    /// Set once the service runs.
    pub(crate) scheduler: OnceLock<Scheduler>,
    /// Why the service can not go on, and the call that ends it.
    pub(super) broken: tokio::sync::watch::Sender<Option<String>>,
    pub(super) generation: RwLock<Arc<Generation>>,
    /// Told whenever there is another configuration.
    pub(super) changed: tokio::sync::watch::Sender<()>,
}

impl Hub {
    /// The present configuration.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.generation.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An engine of the present configuration that acts in the name of `principal`.
    pub(crate) fn engine(&self, principal: &str) -> Engine {
        let generation = self.generation();
        Engine {
            store: Arc::clone(&self.store),
            connections: Arc::clone(&generation.connections) as Arc<_>,
            policy: Arc::clone(&generation.policy),
            settings: settings(&generation.config),
            clock: Arc::new(crate::clock::SystemClock),
            events: self.events.clone(),
            gate: self.gate.clone(),
            delivering: self.delivering.clone(),
            principal: principal.to_owned(),
        }
    }
}

impl Hub {
    /// Looks at an error: after a failure of the disk the open store can not be used any more, so the service ends, in
    /// order to be started again.
    pub(crate) fn examine(&self, error: &EngineError) {
        if let EngineError::Store(error) = error
            && error.needs_reopening()
        {
            self.broken.send_replace(Some(error.to_string()));
        }
    }
}

/// Sizes of pages and transactions.
pub(crate) fn settings(config: &Config) -> Settings {
    let limits = &config.file.limits;
    Settings {
        page_size: limits.page_size,
        observe_batch: limits.observe_batch,
        apply_batch: limits.apply_batch,
        deliver_batch: limits.deliver_batch,
    }
}

/// The jobs of a configuration, with when they last ran.
///
/// # Errors
/// A schedule can not be followed on this machine, or the store can not be read.
pub(super) fn standing(config: &Config, store: &Store) -> Result<Vec<Standing>, crate::error::CommandError> {
    let last = super::work::last_runs(store)?;
    let one = |(name, job): (&String, &crate::config::JobTable)| {
        let schedule = job.schedule.as_ref().map(|schedule| {
            schedule
                .compile()
                .map_err(|error| crate::error::CommandError::config(format!("[job.{name}.schedule]: {error}")))
        });
        let (last, last_full) = last.get(name).copied().unwrap_or_default();
        Ok(Standing {
            job: name.clone(),
            connection: job.spec.source.clone(),
            schedule: schedule.transpose()?,
            last,
            last_full,
        })
    };
    config.file.job.iter().map(one).collect()
}
