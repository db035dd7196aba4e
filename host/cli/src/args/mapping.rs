//! Commands about mappings, and about the first day of a destination.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `rosterd mapping`.
#[derive(Debug, Subcommand)]
pub(crate) enum MappingCommand {
    /// Show what the rules of a connection make of one record, step by step; stores nothing
    Test(MappingTestArgs),
}

/// `rosterd mapping test`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("specimen").required(true).multiple(false))]
pub(crate) struct MappingTestArgs {
    /// The connection
    pub(crate) connection: String,
    /// A file with one JSON object, as the source would say it
    #[arg(long, value_name = "FILE", group = "specimen")]
    pub(crate) record: Option<PathBuf>,
    /// What the connection last said about this account: a user name or an id
    #[arg(long, value_name = "NAME", group = "specimen")]
    pub(crate) account: Option<String>,
    /// What kind of object the record is
    #[arg(long, value_enum, default_value_t = Kind::Account)]
    pub(crate) class: Kind,
}

/// Kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A person's account
    Account,
    /// A unit of the organisation's tree
    OrgUnit,
    /// A group
    Group,
}

/// `rosterd adopt`.
#[derive(Debug, Args)]
pub(crate) struct AdoptArgs {
    /// The destination
    pub(crate) destination: String,
    /// Write the proposals here, one JSON object a line, to be looked at
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub(crate) out: Option<PathBuf>,
    /// Make a plan of the links of this file, as it is after a person looked at it
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}
