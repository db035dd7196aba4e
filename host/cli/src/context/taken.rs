//! A store that somebody else has open: if that is `rosterd serve`, the command is done there.

use super::Context;
use crate::error::{CommandError, ErrorKind};
use crate::output::Printer;
use crate::serve::{client, socket};
use rosterd_store::{Store, StoreError};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// A service that is about to begin or to end answers, or leaves the store, within this time.
const TRIES: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(50);

impl Context {
    /// Opens the store with `open`. If the service has it, the error says so and is meant to be forwarded.
    pub(super) fn open(
        &self,
        path: &Path,
        open: impl Fn() -> Result<Store, StoreError>,
    ) -> Result<Store, CommandError> {
        let mut tries = 0;
        loop {
            let error = match open() {
                Ok(store) => return Ok(store),
                Err(error @ StoreError::Locked { .. }) => error,
                Err(error) => return Err(error.into()),
            };
            if self.hub.is_none() && socket::connect(&socket::path_beside(path)).is_ok() {
                return Err(CommandError { forward: true, ..CommandError::from(error) });
            }
            let holder = rosterd_store::holder::of(path);
            let service = holder.as_ref().is_some_and(|holder| holder.what == SERVICE);
            if !service || tries >= TRIES {
                return Err(taken(path, holder));
            }
            // It has the store and does not listen yet, or any more.
            tries += 1;
            std::thread::sleep(BETWEEN);
        }
    }

    /// What is wrong with a configuration is no matter to a service that runs with an older one: the command is done there.
    pub(crate) fn or_service(&self, error: CommandError) -> CommandError {
        let forward = self.hub.is_none() && self.service_answers().unwrap_or(false);
        CommandError { forward, ..error }
    }

    /// True if a service answers beside the store.
    ///
    /// # Errors
    /// As [`Context::config`].
    pub(crate) fn service_answers(&self) -> Result<bool, CommandError> {
        Ok(socket::connect(&socket::path_beside(&self.store_path()?)).is_ok())
    }

    /// The error of what only a running service can do: it is forwarded to one, if there is one.
    ///
    /// # Errors
    /// As [`Context::config`].
    pub(crate) fn only_in_service(&self) -> Result<CommandError, CommandError> {
        let forward = self.service_answers()?;
        let error = CommandError::usage("rosterd serve does not run").hint("start it: rosterd serve");
        Ok(CommandError { forward, ..error })
    }

    /// Lets the service do this command.
    ///
    /// # Errors
    /// It can not be reached, or stopped in the middle.
    pub(crate) fn forward(&self, printer: &Printer) -> Result<ExitCode, CommandError> {
        client::forward(&socket::path_beside(&self.store_path()?), printer)
    }
}

/// What the service calls itself beside the store.
pub(crate) const SERVICE: &str = "rosterd serve";

/// The first words of this process: `rosterd run hr`. What comes behind may be long, or private.
pub(super) fn words() -> String {
    let plain = |word: &String| !word.starts_with('-');
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let named: Vec<&str> = words.iter().filter(|word| plain(word)).take(2).map(String::as_str).collect();
    if named.first() == Some(&"serve") { SERVICE.to_owned() } else { format!("rosterd {}", named.join(" ")) }
}

fn taken(path: &Path, holder: Option<rosterd_store::holder::Holder>) -> CommandError {
    let who = holder
        .map_or_else(|| "another process".to_owned(), |holder| format!("process {} ({})", holder.pid, holder.what));
    CommandError::new(ErrorKind::Store, format!("the store {} is open in {who}", path.display()))
        .hint("wait until it has ended, or stop it; beside rosterd serve every command works")
}
