//! Commands about clients.

use crate::config::Span;
use clap::{Args, Subcommand};
use rosterd_server::Scope;

/// `rosterd client`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Make a client of a connection, and print its secret once
    Create(CreateArgs),
    /// List clients
    List,
    /// Show one client
    Show {
        /// The client
        name: String,
    },
    /// Give a client another secret, and print it once
    Rotate {
        /// The client
        name: String,
        /// How long the secret before still counts, as 24h; at most 30d
        #[arg(long, value_name = "SPAN", value_parser = span)]
        overlap: Option<Span>,
    },
    /// End a client for good, with its secrets and tokens
    Revoke {
        /// The client
        name: String,
    },
}

/// `rosterd client create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name: lower-case letters, digits and hyphens
    pub(crate) name: String,
    /// The connection in whose name it acts
    #[arg(long)]
    pub(crate) connection: String,
    /// What it may do: accounts:read, accounts:write, org-units:read, org-units:write, groups:read, groups:write, hub:read
    #[arg(long = "scope", value_name = "SCOPE", required = true, num_args = 1..)]
    pub(crate) scopes: Vec<Scope>,
    /// It sees and changes only what is in this org unit or below; its id at the connection
    #[arg(long = "org-unit", value_name = "ID", num_args = 1..)]
    pub(crate) org_units: Vec<String>,
}

fn span(text: &str) -> Result<Span, String> {
    crate::config::parse_span(text)
}
