//! One module for each command: a function from its arguments to an [`Output`]. Nothing here prints.

mod check;
mod completions;
mod config;
mod connection;
mod init;
mod pending;
mod plugin;
mod secret;

use crate::args::Command;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::Output;

/// Runs a command.
///
/// # Errors
/// Those of the command.
pub(crate) fn dispatch(context: &Context, command: Command) -> Result<Output, CommandError> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(context, &args),
        Command::Connection(command) => connection::run(context, command),
        Command::Secret(command) => secret::run(context, &command),
        Command::Plugin(command) => plugin::run(context, command),
        Command::Config(command) => config::run(command),
        Command::Completions { shell } => Ok(completions::run(shell)),
        other => pending::run(context, &other),
    }
}
