//! One module for each command: a function from its arguments to an [`Output`]. Nothing here prints.

mod account;
mod account_override;
mod adopt;
mod audit;
mod check;
mod client;
mod completions;
mod config;
mod connection;
mod drift;
mod erase;
pub(crate) mod init;
mod mapping;
mod outbox;
mod outbox_replay;
mod pause;
mod plan_view;
mod plugin;
mod quarantine;
mod replay;
mod runs;
mod secret;
mod serve;
mod status;
mod store;
mod sync;
mod tape;
pub(crate) mod transfer;

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
        Command::Plan(args) => sync::plan(context, args),
        Command::Apply { digest } => sync::apply(context, &digest),
        Command::Run(args) => sync::run(context, &args),
        Command::Replay(args) => replay::run(context, &args),
        Command::Verify { job } => sync::verify(context, &job),
        Command::Drift { destination, release } => drift::run(context, &destination, release),
        Command::Account(command) => account::run(context, command),
        Command::Client(command) => client::run(context, command),
        Command::Audit(command) => audit::run(context, command),
        Command::Quarantine(command) => quarantine::run(context, command),
        Command::Adopt(args) => adopt::run(context, &args),
        Command::Recorrelate { job } => sync::recorrelate(context, &job),
        Command::Mapping(command) => mapping::run(context, command),
        Command::Outbox(command) => outbox::run(context, command),
        Command::Pause(args) => pause::pause(context, args),
        Command::Resume(args) => pause::resume(context, args),
        Command::Runs(command) => runs::run(context, command),
        Command::Serve(args) => serve::run(context, &args),
        Command::Status => status::run(context),
        Command::Store(command) => store::run(context, command),
        Command::Import { file, id } => transfer::import(context, &file, &id),
        Command::Export { file, raw } => transfer::export(context, &file, raw),
    }
}
