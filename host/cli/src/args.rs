//! What can be typed. Help texts are the reference of the command line: one sentence each, in the operator's words.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

mod client;
mod delivery;
mod directory;
mod mapping;
mod plugin;
mod serve;
mod sync;
mod tape;
pub(crate) use client::{ClientCommand, CreateArgs};
pub(crate) use delivery::{OutboxCommand, OutboxListArgs, OutboxReplayArgs, PauseArgs, ResumeArgs};
pub(crate) use directory::{
    AccountCommand, AuditCommand, ListArgs, OverrideArgs, QuarantineCommand, ResolveArgs, RunsCommand,
};
pub(crate) use mapping::{AdoptArgs, Kind, MappingCommand, MappingTestArgs};
pub(crate) use plugin::{BuildArgs, DescribeArgs, InspectArgs, NewArgs, PluginCommand, PluginKind, TestArgs};
pub(crate) use serve::{ServeArgs, ServeCommand};
pub(crate) use sync::{PlanArgs, PlanCommand, RunArgs};
pub(crate) use tape::{RecordArgs, ReplayArgs};

/// One hub between the systems that hold people.
#[derive(Debug, Parser)]
#[command(name = "rosterd", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The configuration; default: rosterd.toml here or in a folder above
    #[arg(long, global = true, value_name = "FILE", env = "ROSTERD_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// How results and errors are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Whether output is coloured; `auto` heeds NO_COLOR and colours terminals only
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
    /// Print the result and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say what is being done
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

/// How results and errors are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object; errors are one JSON object on stderr
    Json,
}

/// Whether output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On terminals
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first rosterd.toml
    Init(InitArgs),
    /// Check the configuration, its mappings and the grants of its plugins
    Check(CheckArgs),
    /// Read a source and show what would change; or show or approve a stored plan
    Plan(PlanArgs),
    /// Apply exactly the steps of a stored plan
    Apply {
        /// The plan, as `rosterd plan` printed it; its first 8 or more characters
        digest: String,
    },
    /// Plan and apply in one go; what a guard holds waits
    Run(RunArgs),
    /// Repeat a recorded run without network, files of the source and secrets; it must come to the same plan
    Replay(ReplayArgs),
    /// Run day and night: jobs by their schedules, and commands of others
    Serve(ServeArgs),
    /// Show what runs, what waits and what needs a person
    Status,
    /// Read a source in full, and say what events and deltas missed; plans and applies nothing
    Verify {
        /// The job
        job: String,
    },
    /// Read a destination back, and show what was changed there by hand
    Drift {
        /// The destination
        destination: String,
        /// Deliver again what was left alone because it went back and forth
        #[arg(long)]
        release: bool,
    },
    /// Look at accounts: what they are, and why
    #[command(subcommand)]
    Account(AccountCommand),
    /// Look at what was set aside, and release it
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Find out whose the accounts are that a destination had before the hub, and link them
    Adopt(AdoptArgs),
    /// Decide anew whom the records of a job are about, and plan what would move; links are not changed otherwise
    Recorrelate {
        /// The job
        job: String,
    },
    /// Try the rules of a connection on one record
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// Look at what waits to be sent, and send it again or drop it
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Write nothing to a connection, or to any
    Pause(PauseArgs),
    /// Go on writing
    Resume(ResumeArgs),
    /// Look at connections
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Say who may call the hub in the name of a connection
    #[command(subcommand)]
    Client(ClientCommand),
    /// Look at who did what, and check that nobody changed it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at past runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Plan and apply the people in a CSV file, for people in a hurry: needs the plugin `csv` and no [job]
    Import {
        /// The file
        file: PathBuf,
        /// The column that identifies people and never changes, as its header or as the attribute it means
        #[arg(long, value_name = "COLUMN", default_value = "employee_number")]
        id: String,
    },
    /// Write all accounts to a CSV file, all or nothing
    Export {
        /// The file
        file: PathBuf,
        /// Leave cells that a spreadsheet would take for formulas as they are
        #[arg(long)]
        raw: bool,
    },
    /// Make, look at and install plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Mind the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Keep secrets in the encrypted secret store
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Look at the form of the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// The same command as if it had been typed in `folder`: for a service that runs elsewhere.
    pub(crate) fn resolve_paths(&mut self, folder: &Path) {
        let resolve = |file: &mut PathBuf| *file = folder.join(&*file);
        match self {
            Self::Import { file, .. }
            | Self::Export { file, .. }
            | Self::Store(StoreCommand::Backup { file } | StoreCommand::Restore { file, .. }) => resolve(file),
            Self::Init(args) => resolve(&mut args.dir),
            Self::Run(args) => args.record.record.iter_mut().for_each(resolve),
            Self::Plan(args) => args.record.record.iter_mut().for_each(resolve),
            _ => {}
        }
    }

    /// How the log is written, if this is the service.
    pub(crate) const fn log_format(&self) -> Option<Format> {
        match self {
            Self::Serve(args) if args.command.is_none() => Some(args.log_format),
            _ => None,
        }
    }
}

/// `rosterd init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Where to write it
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
}

/// `rosterd check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Also ask the remote systems; writes nothing there
    #[arg(long)]
    pub(crate) online: bool,
}

/// `rosterd connection`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// List the configured connections
    List,
    /// Ask a remote system for its attributes
    Discover {
        /// The connection
        name: String,
    },
}

/// `rosterd store`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Check the invariants of the store
    Verify,
    /// Write a consistent copy of the store
    Backup {
        /// The copy; must not exist
        file: PathBuf,
    },
    /// Put a backup in the place of the store
    Restore {
        /// The backup
        file: PathBuf,
        /// Replace the store that is there
        #[arg(long)]
        force: bool,
    },
    /// Remove what is over for longer than [retention] says, and write the file anew, as small as its contents
    Compact,
    /// Count what is in the store
    Stats,
}

/// `rosterd secret`.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Make the key that opens the secret store
    Init,
    /// Store a secret, read from standard input
    Set {
        /// Its name, as in { store = "NAME" }
        name: String,
    },
    /// List the names of stored secrets
    List,
}

/// `rosterd config`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the JSON schema of rosterd.toml
    Schema,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn verify_cli() {
        Cli::command().debug_assert();
    }
}
