//! Another configuration and other plugins, without a restart. What is broken is refused with the reason, and the old one
//! stays; runs that are under way end with the one they began with.

use super::hub::{Generation, Hub, standing};
use crate::config::Config;
use crate::context::HubConnections;
use crate::error::{CommandError, ErrorKind};
use rosterd_connector::ConnectorHost;
use rosterd_store::Store;
use serde::Serialize;
use std::path::Path;
use std::sync::{Arc, PoisonError};

/// What a reload came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Reloaded {
    /// True: plans will differ.
    pub(crate) policy_changed: bool,
    /// Jobs there are now.
    pub(crate) jobs: Vec<String>,
    /// What changed in the file and waits for a restart.
    pub(crate) restart_for: Vec<String>,
}

impl Generation {
    /// Reads and checks a configuration, and makes what follows from it.
    ///
    /// # Errors
    /// It has problems.
    pub(super) fn load(path: &Path, host: &ConnectorHost, store: &Arc<Store>) -> Result<Self, CommandError> {
        let config = Config::load(path)?;
        config.checked()?;
        let policy = crate::engine::policy(&config)?;
        let connections = HubConnections::new(&config, host.clone(), Some(Arc::clone(store)));
        Ok(Self { config: Arc::new(config), policy: Arc::new(policy), connections: Arc::new(connections) })
    }

    /// Loads the components of all connections that jobs and deliveries use: a sentence for each that can not be loaded.
    pub(super) fn broken_plugins(&self) -> Vec<String> {
        let file = &self.config.file;
        let used = file.job.values().map(|job| &job.spec.source).chain(file.deliver.keys());
        // One that only clients use has no component.
        let has_one = |name: &&_| file.connection.get(*name).is_none_or(|table| table.plugin.is_some());
        let mut names: Vec<_> = used.filter(has_one).collect();
        names.sort();
        names.dedup();
        let broken = |name: &_| self.connections.preload(name).err().map(|fault| format!("connection {name}: {fault}"));
        names.into_iter().filter_map(broken).collect()
    }
}

impl Hub {
    /// Takes the configuration as it is in its file now.
    ///
    /// # Errors
    /// It is broken, a plugin can not be loaded, or it names another store. Nothing changed.
    pub(crate) fn reload(&self) -> Result<Reloaded, CommandError> {
        let taken = self.try_reload();
        self.metrics.reload(taken.is_ok());
        match &taken {
            Ok(reloaded) => {
                tracing::info!(policy_changed = reloaded.policy_changed, "the configuration was reloaded");
            }
            Err(error) => tracing::error!(%error, "the configuration was not reloaded; the old one stays"),
        }
        taken.map_err(|error| error.hint("rosterd serve goes on with the configuration that it had"))
    }

    fn try_reload(&self) -> Result<Reloaded, CommandError> {
        let old = self.generation();
        let new = Generation::load(&self.path, &self.host, &self.store)?;
        let place = |config: &Config| config.resolve(&config.file.store.path);
        if place(&new.config) != place(&old.config) {
            let message = "[store] names another path, which a service that runs can not change to";
            return Err(CommandError::config(message).hint("restart rosterd serve, or put the old path back"));
        }
        let broken = new.broken_plugins();
        if let Some(first) = broken.first() {
            return Err(CommandError::new(ErrorKind::Connector, first.clone()));
        }
        let jobs = standing(&new.config, &self.store)?;
        let reloaded = Reloaded {
            policy_changed: new.policy.digest != old.policy.digest,
            jobs: jobs.iter().map(|job| job.job.clone()).collect(),
            restart_for: restart_for(&old.config, &new.config),
        };
        if let Some(directories) = old.connections.directories() {
            new.connections.serve_directories(directories);
        }
        *self.generation.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        self.changed.send_replace(());
        if let Some(scheduler) = self.scheduler.get() {
            scheduler.replace(jobs);
        }
        Ok(reloaded)
    }
}

/// Keys that are read once, when the service starts.
fn restart_for(old: &Config, new: &Config) -> Vec<String> {
    let (old, new) = (&old.file, &new.file);
    let differs = [
        ("[store] cache", old.store.cache != new.store.cache),
        ("[serve] metrics", old.serve.metrics != new.serve.metrics),
        ("[serve] receive", old.serve.receive != new.serve.receive),
        ("[serve] public-url", old.serve.public_url != new.serve.public_url),
        ("[serve.tls]", old.serve.tls != new.serve.tls),
        ("[serve] at-once", old.serve.at_once != new.serve.at_once),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key.to_owned()).collect()
}
