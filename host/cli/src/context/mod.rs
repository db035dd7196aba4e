//! What commands share: flags, environment and configuration resolved once, and everything costly opened on first use.
//! A command that needs no configuration works without one, and `--version` touches nothing of this.

mod connections;
mod passwords;
pub(crate) mod plugins;
pub(crate) mod principal;
mod scratch;
mod taken;

pub(crate) use connections::{Directories, HubConnections, grants, reference, secret_store, settings};
pub(crate) use passwords::{owner as password_owner, password_key};

use crate::args::Global;
use crate::config::{self, Config};
use crate::error::{CommandError, ErrorKind};
use crate::output::Talk;
use crate::serve::hub::Hub;
use rosterd_connector::tape::Recording;
use rosterd_connector::{ConnectorHost, HostSettings};
use rosterd_engine::engine::Delivering;
use rosterd_engine::{Events, Gate};
use rosterd_store::{OpenOptions, Store, StoreError};
use std::cell::OnceCell;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What commands share.
pub(crate) struct Context {
    named_config: Option<PathBuf>,
    talk: Talk,
    config: OnceCell<Arc<Config>>,
    store: OnceCell<Arc<Store>>,
    host: OnceCell<ConnectorHost>,
    runtime: OnceCell<tokio::runtime::Runtime>,
    recording: OnceCell<Recording>,
    gate: Gate,
    delivering: Delivering,
    principal: String,
    /// What the process was called with, for whoever finds the store taken.
    words: String,
    /// The service inside of which the command is done.
    hub: Option<Arc<Hub>>,
    connections: Option<Arc<HubConnections>>,
}

impl Context {
    /// A context in which nothing is open yet.
    pub(crate) fn new(global: &Global, talk: Talk) -> Self {
        Self {
            named_config: global.config.clone(),
            talk,
            config: OnceCell::new(),
            store: OnceCell::new(),
            host: OnceCell::new(),
            runtime: OnceCell::new(),
            recording: OnceCell::new(),
            gate: Gate::default(),
            delivering: Delivering::default(),
            principal: principal::principal(),
            words: taken::words(),
            hub: None,
            connections: None,
        }
    }

    /// A context over this configuration, wherever it came from.
    pub(crate) fn over(config: Config, talk: Talk) -> Self {
        Self {
            named_config: None,
            talk,
            config: OnceCell::from(Arc::new(config)),
            store: OnceCell::new(),
            host: OnceCell::new(),
            runtime: OnceCell::new(),
            recording: OnceCell::new(),
            gate: Gate::default(),
            delivering: Delivering::default(),
            principal: principal::principal(),
            words: taken::words(),
            hub: None,
            connections: None,
        }
    }

    /// From now on connections are recorded; said once, before any is opened.
    pub(crate) fn record(&self, recording: Recording) {
        let _ = self.recording.set(recording);
    }

    /// The context of a command that somebody else typed and the service does: with what the service has open, as it is
    /// now and until the command ends.
    pub(crate) fn inside(hub: &Arc<Hub>, talk: Talk, principal: String) -> Self {
        let generation = hub.generation();
        Self {
            named_config: Some(hub.path.clone()),
            talk,
            config: OnceCell::from(Arc::clone(&generation.config)),
            store: OnceCell::from(Arc::clone(&hub.store)),
            host: OnceCell::from(hub.host.clone()),
            runtime: OnceCell::new(),
            recording: OnceCell::new(),
            gate: hub.gate.clone(),
            delivering: hub.delivering.clone(),
            principal,
            words: String::new(),
            hub: Some(Arc::clone(hub)),
            connections: Some(Arc::clone(&generation.connections)),
        }
    }

    /// The service inside of which the command is done.
    pub(crate) const fn hub(&self) -> Option<&Arc<Hub>> {
        self.hub.as_ref()
    }

    /// Whose turn it is on each connection.
    pub(crate) const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Which destinations are written to.
    pub(crate) const fn delivering(&self) -> &Delivering {
        &self.delivering
    }

    /// Who acts.
    pub(crate) fn principal(&self) -> &str {
        &self.principal
    }

    /// Events of a command go to `own`, and to who listens to the service.
    pub(crate) fn events(&self, own: Events) -> Events {
        match &self.hub {
            Some(hub) => Events::all(vec![own, hub.events.clone()]),
            None => own,
        }
    }

    /// Path of the configuration.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn config_path(&self) -> Result<PathBuf, CommandError> {
        config::find(self.named_config.as_deref())
    }

    /// The way to stderr.
    pub(crate) const fn talk(&self) -> &Talk {
        &self.talk
    }

    /// The configuration, read on first use.
    ///
    /// # Errors
    /// There is none, or it has problems.
    pub(crate) fn config(&self) -> Result<&Config, CommandError> {
        let config = once(&self.config, || {
            let path = self.config_path()?;
            self.talk.detail(format!("configuration: {}", path.display()));
            Config::load(&path).map(Arc::new)
        });
        config.map(|config| &**config)
    }

    /// The configuration, with names and expressions checked too: for commands that plan.
    ///
    /// # Errors
    /// As [`Context::config`], and with everything that does not fit together.
    pub(crate) fn checked_config(&self) -> Result<&Config, CommandError> {
        self.config()?.checked()
    }

    /// The folder in which plugins are installed and the cache lies: that of rosterd.toml, or this one if there is none.
    ///
    /// # Errors
    /// A configuration was named that is not there.
    pub(crate) fn home(&self) -> Result<PathBuf, CommandError> {
        match config::find(self.named_config.as_deref()) {
            Ok(path) => Ok(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).into()),
            Err(_) if self.named_config.is_none() => Ok(PathBuf::from(".")),
            Err(error) => Err(error),
        }
    }

    /// Path of the store, by the configuration.
    ///
    /// # Errors
    /// As [`Context::config`].
    pub(crate) fn store_path(&self) -> Result<PathBuf, CommandError> {
        let config = self.config()?;
        Ok(config.resolve(&config.file.store.path))
    }

    /// The store for reading and writing, opened on first use and made if it is not there.
    ///
    /// # Errors
    /// It can not be opened.
    pub(crate) fn store(&self) -> Result<&Arc<Store>, CommandError> {
        once(&self.store, || {
            let path = self.store_path()?;
            if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                make_private(dir)?;
            }
            let options = OpenOptions { cache_bytes: self.cache_bytes()?, create: true };
            let store = self.open(&path, || Store::open(&path, options)).map(Arc::new)?;
            rosterd_store::holder::announce(&path, &self.words);
            Ok(store)
        })
    }

    /// The store for looking at it. Does not make one, and leaves one alone that is there.
    ///
    /// # Errors
    /// There is none yet, or it can not be opened.
    pub(crate) fn reading_store(&self) -> Result<Arc<Store>, CommandError> {
        if let Some(store) = self.store.get() {
            return Ok(Arc::clone(store));
        }
        let path = self.store_path()?;
        if !path.exists() {
            return Err(CommandError::new(ErrorKind::Store, format!("there is no store {} yet", path.display()))
                .hint("the first run makes it: rosterd plan JOB"));
        }
        let cache = self.cache_bytes()?;
        match Store::open_read_only(&path, cache) {
            Ok(store) => Ok(Arc::new(store)),
            // A writer repairs and upgrades.
            Err(StoreError::NeedsRepair { .. } | StoreError::Older { .. }) => self.store().map(Arc::clone),
            // A writer keeps readers out: non-durable commits, which make imports fast, can not be shared.
            Err(StoreError::Locked { .. }) => self.open(&path, || Store::open_read_only(&path, cache)).map(Arc::new),
            Err(error) => Err(error.into()),
        }
    }

    fn cache_bytes(&self) -> Result<usize, CommandError> {
        Ok(usize::try_from(self.config()?.file.store.cache.0).unwrap_or(usize::MAX))
    }

    /// The host of connectors, made on first use.
    ///
    /// # Errors
    /// It can not be set up on this machine.
    pub(crate) fn connector_host(&self) -> Result<&ConnectorHost, CommandError> {
        once(&self.host, || {
            // Compiled components lie beside the configuration, where its owner can write; else in the user's cache.
            let home = self.home()?.join(".rosterd/cache");
            let cache_dir = match make_private(&home) {
                Ok(()) => home,
                Err(error) => cache_home().map(|cache| cache.join("components")).ok_or(error)?,
            };
            let runtime = self.handle()?;
            ConnectorHost::new(HostSettings { cache_dir, runtime })
                .map_err(|error| CommandError::internal("failed to set the connector host up").because(&error))
        })
    }

    /// The connections of the configuration; with `store`, their scratch values are kept there.
    ///
    /// # Errors
    /// As [`Context::config`] and [`Context::connector_host`].
    pub(crate) fn connections(&self, store: Option<Arc<Store>>) -> Result<Arc<HubConnections>, CommandError> {
        // What is recorded is recorded of this command only, so it gets connections of its own.
        if let Some(connections) = self.connections.as_ref().filter(|_| self.recording.get().is_none()) {
            return Ok(Arc::clone(connections));
        }
        let host = self.connector_host()?.clone();
        Ok(Arc::new(HubConnections::new(self.config()?, host, store).recorded(self.recording.get().cloned())))
    }

    /// The runtime of everything that waits, made on first use.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(crate) fn handle(&self) -> Result<tokio::runtime::Handle, CommandError> {
        if let Some(hub) = &self.hub {
            return Ok(hub.runtime.clone());
        }
        let runtime = once(&self.runtime, || {
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .thread_name("rosterd")
                .build()
                .map_err(|error| CommandError::internal("failed to start the runtime").because(&error))
        });
        runtime.map(|runtime| runtime.handle().clone())
    }

    /// Runs a future to its end.
    ///
    /// # Errors
    /// As [`Context::handle`], or those of the future.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
        self.handle()?.block_on(work)
    }
}

/// The value of a cell, made on first use.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, CommandError>) -> Result<&T, CommandError> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let value = make()?;
            Ok(cell.get_or_init(|| value))
        }
    }
}

/// The user's cache folder of rosterd: `$XDG_CACHE_HOME/rosterd`, or `~/.cache/rosterd`.
pub(crate) fn cache_home() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("rosterd"))
}

/// Makes a folder that only its owner may enter; leaves one that is there as it is.
pub(crate) fn make_private(dir: &Path) -> Result<(), CommandError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| {
        CommandError::new(ErrorKind::Store, format!("failed to make the folder {}", dir.display())).because(&error)
    })
}
