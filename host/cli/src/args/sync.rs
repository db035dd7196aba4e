//! Planning.

use super::RecordArgs;
use clap::{Args, Subcommand};

/// `rosterd plan`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct PlanArgs {
    #[command(subcommand)]
    pub(crate) command: Option<PlanCommand>,
    /// The job
    #[arg(required = true)]
    pub(crate) job: Option<String>,
    /// Let a source that has become empty empty the directory
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Read everything, even where the source can say what changed
    #[arg(long)]
    pub(crate) full: bool,
    /// Plan from what the source showed last, without reading it: after a change of the configuration
    #[arg(long, conflicts_with_all = ["full", "allow_empty", "record"])]
    pub(crate) without_reading: bool,
    /// Exit with 9 when changes are pending
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
}

/// What can be done with a stored plan.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Show a stored plan
    Show {
        /// The plan; its first 8 or more characters
        digest: String,
    },
    /// Approve what a guard holds, once
    Approve {
        /// The plan; its first 8 or more characters
        digest: String,
    },
}

/// `rosterd run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The job
    pub(crate) job: String,
    /// Let a source that has become empty empty the directory
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Apply although mappings, scopes, authority or the connector changed since the last time
    #[arg(long)]
    pub(crate) accept_configuration: bool,
    /// Read everything, even where the source can say what changed
    #[arg(long)]
    pub(crate) full: bool,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
}
