//! `rosterd plugin`: the verbs of plugin authors and of those who install plugins.

mod build;
mod cargo;
mod component;
mod describe;
mod inspect;
mod install;
mod new;
mod test;
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
        PluginCommand::New(args) => new::run(context, &args),
        PluginCommand::Inspect(args) => inspect::run(context, &args),
        PluginCommand::Describe(args) => describe::run(context, &args),
        PluginCommand::Test(args) => test::run(context, &args),
        PluginCommand::Install { file, replace } => install::install(context, &file, replace),
        PluginCommand::List => install::list(context),
    }
}
