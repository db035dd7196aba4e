//! Commands that look at the directory and what happened to it.

use clap::{Args, Subcommand};

/// `rosterd account`.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// List accounts
    List(ListArgs),
    /// Show one account
    Show {
        /// User name or id
        account: String,
    },
    /// Show how an account changed
    History {
        /// User name or id
        account: String,
    },
    /// Show where each attribute comes from, and why it was chosen
    Why {
        /// NAME.ATTRIBUTE, such as li.wei.mail; or a user name or id alone, with the attribute behind it
        account: String,
        /// The attribute, if it is not part of the first word
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
    /// Close a case: its record is judged anew by the next plan
    Release {
        /// The case
        case: String,
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
