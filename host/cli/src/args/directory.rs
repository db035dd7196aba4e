//! Commands that look at the directory and what happened to it.

use clap::{Args, Subcommand};

/// `rosterd account`.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// List accounts
    List(ListArgs),
    /// Show one account
    Show {
        /// User name, strong key or id
        account: String,
    },
    /// Show how an account changed
    History {
        /// User name, strong key or id
        account: String,
    },
    /// Show where each attribute comes from, and why it was chosen
    Why {
        /// User name, strong key or id
        account: String,
        /// Only this attribute
        attribute: Option<String>,
    },
}

/// How many rows, and from where.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Show at most so many
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
    /// Go on after this one
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
}

/// `rosterd quarantine`.
#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List open cases
    List(ListArgs),
    /// Show one case with its candidates
    Show {
        /// The case
        case: String,
    },
    /// Decide a case
    Release {
        /// The case
        case: String,
        /// Link the record to this account
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "create")]
        link: Option<String>,
        /// Let the record make an account of its own
        #[arg(long)]
        create: bool,
    },
}

/// `rosterd runs`.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List past runs, the last one first
    List(ListArgs),
    /// Show one run
    Show {
        /// The run
        run: String,
    },
}
