//! What commands share: flags, environment and configuration resolved once, and everything costly opened on first use.
//! A command that needs no configuration works without one, and `--version` touches nothing of this.

use crate::args::Global;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::output::Talk;
use std::cell::OnceCell;
use std::future::Future;
use std::path::PathBuf;

/// What commands share.
pub(crate) struct Context {
    named_config: Option<PathBuf>,
    talk: Talk,
    config: OnceCell<Config>,
    runtime: OnceCell<tokio::runtime::Runtime>,
}

impl Context {
    /// A context in which nothing is open yet.
    pub(crate) fn new(global: &Global, talk: Talk) -> Self {
        Self { named_config: global.config.clone(), talk, config: OnceCell::new(), runtime: OnceCell::new() }
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
fn once<'a, T>(cell: &'a OnceCell<T>, make: impl FnOnce() -> Result<T, CommandError>) -> Result<&'a T, CommandError> {
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
