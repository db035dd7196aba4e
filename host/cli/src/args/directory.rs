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
    /// Set an attribute by hand, before all sources; the next plan carries it out
    Override(OverrideArgs),
    /// Disable an account, until it is enabled again
    Disable {
        /// User name or id
        account: String,
        /// Ahead of every hold and of everything that waits to be sent
        #[arg(long)]
        now: bool,
        /// Why: it is kept with the account and in the audit
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take back what `account disable` did
    Enable {
        /// User name or id
        account: String,
        /// Why: it is kept in the audit
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show where each attribute comes from, and why it was chosen
    Why {
        /// NAME.ATTRIBUTE, such as li.wei.mail; or a user name or id alone, with the attribute behind it
        account: String,
        /// The attribute, if it is not part of the first word
        attribute: Option<String>,
    },
    /// Hand over the first password of an account that the hub made, once; without a name: for whom one waits
    Password {
        /// User name or id
        account: Option<String>,
        /// The connection at which the account was made
        #[arg(long)]
        connection: String,
        /// Remove it without showing it: nobody needs it, or its key is lost
        #[arg(long, requires = "account")]
        forget: bool,
    },
    /// Remove everything that the store holds of an account; a hash of its ids stays
    Erase {
        /// User name or id
        account: String,
        /// Also if it is in use, or if destinations still have it
        #[arg(long)]
        force: bool,
    },
}

/// `rosterd account override`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(false))]
pub(crate) struct OverrideArgs {
    /// User name or id
    pub(crate) account: String,
    /// The attribute of the hub
    pub(crate) attribute: String,
    /// Its value, before whatever sources say
    #[arg(group = "what")]
    pub(crate) value: Option<String>,
    /// It has no value, whatever sources say
    #[arg(long, group = "what")]
    pub(crate) empty: bool,
    /// Take back what was set: sources decide again
    #[arg(long, group = "what")]
    pub(crate) end: bool,
    /// The last day on which it counts, as 2026-12-31
    #[arg(long, value_name = "DATE", conflicts_with = "end")]
    pub(crate) until: Option<String>,
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
    /// Decide about the record of a case: the next plan of its job does it
    Resolve(ResolveArgs),
    /// Close a case: its record is judged anew by the next plan
    Release {
        /// The case
        case: String,
    },
}

/// `rosterd quarantine resolve`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("verb").required(true).multiple(false))]
pub(crate) struct ResolveArgs {
    /// The case
    pub(crate) case: String,
    /// The record is about this entity: its id, or the user name of an account
    #[arg(long, value_name = "ENTITY", group = "verb")]
    pub(crate) link: Option<String>,
    /// The record is about somebody whom the hub does not know yet
    #[arg(long, group = "verb")]
    pub(crate) create: bool,
    /// Leave the record alone until its source changes it
    #[arg(long, group = "verb")]
    pub(crate) ignore: bool,
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

/// `rosterd audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, the last first
    List(ListArgs),
    /// Follow the chain of hashes from the first row to the last
    Verify,
    /// Print all rows as JSON lines, oldest first
    Export {
        /// Only rows behind this one
        #[arg(long, value_name = "ROW")]
        after: Option<u64>,
    },
}
