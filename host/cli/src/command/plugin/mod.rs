//! `rosterd plugin`: the verbs of plugin authors and of those who install plugins.

mod build;
mod cargo;
mod component;
mod toolchain;

use crate::args::PluginCommand;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::Output;

/// Runs `rosterd plugin`.
///
/// # Errors
/// Those of the verb.
pub(crate) fn run(context: &Context, command: PluginCommand) -> Result<Output, CommandError> {
    match command {
        PluginCommand::Build(args) => build::run(context, &args),
        other => Err(CommandError::internal(format!("{other:?} is not built yet"))),
    }
}
