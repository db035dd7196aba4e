//! Commands about what is sent to destinations.

use clap::{Args, Subcommand};

/// `rosterd outbox`.
#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List what waits to be sent, and why
    List(OutboxListArgs),
    /// Send an entry again with the next delivery
    Retry {
        /// The entry, as `outbox list` prints it: CONNECTION/ID
        entry: String,
    },
    /// Send everything again that failed or is parked
    RetryAll {
        /// Only what goes to this connection
        connection: Option<String>,
    },
    /// Tell a destination again what it was told in a time: each object as it is now
    Replay(OutboxReplayArgs),
    /// Give an entry up: the destination keeps what it has until the object changes again
    Drop {
        /// The entry, as `outbox list` prints it: CONNECTION/ID
        entry: String,
    },
}

/// Which entries, and how many.
#[derive(Debug, Args)]
pub(crate) struct OutboxListArgs {
    /// Only what goes to this connection
    pub(crate) connection: Option<String>,
    /// Only what waits for a person
    #[arg(long)]
    pub(crate) parked: bool,
    /// Show at most so many
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// Whom to tell what again.
#[derive(Debug, Args)]
pub(crate) struct OutboxReplayArgs {
    /// The destination
    pub(crate) connection: String,
    /// From when on: 2026-11-26T20:00:00Z, or a day
    #[arg(long, value_name = "TIME")]
    pub(crate) since: String,
    /// Until when; now, if nothing is said
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only account, org-unit or group
    #[arg(long)]
    pub(crate) class: Option<String>,
    /// Count, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `rosterd pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// The connection; all of them if none is named
    pub(crate) connection: Option<String>,
    /// Why, for those who find it paused
    #[arg(long, default_value = "no reason given")]
    pub(crate) reason: String,
}

/// `rosterd resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The connection; without one the pause of all ends
    pub(crate) connection: Option<String>,
}
