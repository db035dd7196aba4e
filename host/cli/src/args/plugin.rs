//! The verbs of plugin authors and of those who install plugins.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `rosterd plugin`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Start a new plugin, with the SDK beside it
    New(NewArgs),
    /// Compile plugins to components
    Build(BuildArgs),
    /// Show what a component is and what it asks for
    Inspect(InspectArgs),
    /// Load a component and show what it says about itself: settings, classes, attributes
    Describe(DescribeArgs),
    /// Run a component in the real sandbox and print what it reads; or repeat a tape with it
    Test(TestArgs),
    /// Put a component among the installed plugins
    Install {
        /// The component
        file: PathBuf,
        /// Replace an installed plugin of the same name
        #[arg(long)]
        replace: bool,
    },
    /// List installed plugins
    List,
}

/// `rosterd plugin new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Name of the plugin: lower-case letters, digits and hyphens
    pub(crate) name: String,
    /// What it does first
    #[arg(long, value_enum, default_value_t = PluginKind::Source)]
    pub(crate) kind: PluginKind,
    /// The folder to make it in
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) path: PathBuf,
}

/// What a new plugin does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PluginKind {
    /// It reads people
    Source,
    /// It writes people
    Destination,
}

/// `rosterd plugin build`.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Folders of the plugins
    #[arg(required = true, value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// A Rust toolchain (the folder above its bin/); default: searched
    #[arg(long, value_name = "PATH")]
    pub(crate) toolchain: Option<PathBuf>,
    /// Where the components go; default: the folder of each plugin
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Optimise across crates, for plugins that are handed over: a little faster, twice the build time
    #[arg(long)]
    pub(crate) packaged: bool,
}

/// `rosterd plugin inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The component, or the name of an installed plugin
    pub(crate) file: String,
    /// Compare its requests with the grants of this connection
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
}

/// `rosterd plugin test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The component, or the name of an installed plugin
    pub(crate) file: String,
    /// What would stand in [connection.NAME]: TOML with the tables settings, secrets, grants, limits, tls
    #[arg(long, value_name = "FILE", required_unless_present = "tape")]
    pub(crate) settings: Option<PathBuf>,
    /// Ask what it asked when this tape was recorded, answer from the tape, and print what is different
    #[arg(long, value_name = "FILE", conflicts_with_all = ["settings", "record"])]
    pub(crate) tape: Option<PathBuf>,
    /// The connection of the tape; default: the only one with a plugin of this name
    #[arg(long, value_name = "NAME", requires = "tape")]
    pub(crate) connection: Option<String>,
    /// How many records to print
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) limit: usize,
    /// Record on a tape
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

/// `rosterd plugin describe`.
#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The component, or the name of an installed plugin
    pub(crate) file: String,
}
