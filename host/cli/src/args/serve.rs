//! The service.

use super::Format;
use clap::{Args, Subcommand};

/// `rosterd serve`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ServeArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ServeCommand>,
    /// How the log on stderr is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) log_format: Format,
}

/// What can be asked of a service that runs.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ServeCommand {
    /// Let the running service take the configuration and the plugins as they are now
    Reload,
}
