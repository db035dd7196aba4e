//! What commands share: flags, environment and configuration resolved once, and everything costly opened on first use.
//! A command that needs no configuration works without one, and `--version` touches nothing of this.

mod connections;
pub(crate) mod plugins;
pub(crate) mod principal;
mod scratch;

pub(crate) use connections::{HubConnections, grants, secret_store, settings};
pub(crate) use principal::principal;

use crate::args::Global;
use crate::config::{self, Config};
use crate::error::{CommandError, ErrorKind};
use crate::output::Talk;
use rosterd_connector::tape::Recording;
use rosterd_connector::{ConnectorHost, HostSettings};
use rosterd_store::{OpenOptions, Store, StoreError};
use std::cell::OnceCell;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What commands share.
pub(crate) struct Context {
    named_config: Option<PathBuf>,
    talk: Talk,
    config: OnceCell<Config>,
    store: OnceCell<Arc<Store>>,
    host: OnceCell<ConnectorHost>,
    runtime: OnceCell<tokio::runtime::Runtime>,
    recording: OnceCell<Recording>,
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
        }
    }

    /// A context over this configuration, wherever it came from.
    pub(crate) fn over(config: Config, talk: Talk) -> Self {
        Self {
            named_config: None,
            talk,
            config: OnceCell::from(config),
            store: OnceCell::new(),
            host: OnceCell::new(),
            runtime: OnceCell::new(),
            recording: OnceCell::new(),
        }
    }

    /// From now on connections are recorded; said once, before any is opened.
    pub(crate) fn record(&self, recording: Recording) {
        let _ = self.recording.set(recording);
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
        once(&self.config, || {
            let path = config::find(self.named_config.as_deref())?;
            self.talk.detail(format!("configuration: {}", path.display()));
            Config::load(&path)
        })
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
            Ok(Arc::new(Store::open(&path, options)?))
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
        match Store::open_read_only(&path, self.cache_bytes()?) {
            Ok(store) => Ok(Arc::new(store)),
            // A writer repairs and upgrades.
            Err(StoreError::NeedsRepair { .. } | StoreError::Older { .. }) => self.store().map(Arc::clone),
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
            let runtime = self.runtime()?.handle().clone();
            ConnectorHost::new(HostSettings { cache_dir, runtime })
                .map_err(|error| CommandError::internal("failed to set the connector host up").because(&error))
        })
    }

    /// The connections of the configuration; with `store`, their scratch values are kept there.
    ///
    /// # Errors
    /// As [`Context::config`] and [`Context::connector_host`].
    pub(crate) fn connections(&self, store: Option<Arc<Store>>) -> Result<Arc<HubConnections>, CommandError> {
        let host = self.connector_host()?.clone();
        Ok(Arc::new(HubConnections::new(self.config()?, host, store).recorded(self.recording.get().cloned())))
    }

    /// The runtime of everything that waits, made on first use.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(crate) fn runtime(&self) -> Result<&tokio::runtime::Runtime, CommandError> {
        once(&self.runtime, || {
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .thread_name("rosterd")
                .build()
                .map_err(|error| CommandError::internal("failed to start the runtime").because(&error))
        })
    }

    /// Runs a future to its end.
    ///
    /// # Errors
    /// As [`Context::runtime`], or those of the future.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
        self.runtime()?.block_on(work)
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
