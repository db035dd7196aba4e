//! Recording and replaying.

use clap::Args;
use std::path::PathBuf;

/// Flags of commands that can be recorded.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RecordArgs {
    /// Record everything that crosses the boundary of a connector on a tape, for `rosterd replay FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Also keep the store as it is now, as FILE.store: a tape of a later run is replayed over it
    #[arg(long, requires = "record")]
    pub(crate) with_store: bool,
    /// Put pseudonyms in the place of people's data, and leave out what remote systems sent
    #[arg(long, requires = "record", conflicts_with = "with_store")]
    pub(crate) redact: bool,
}

/// `rosterd replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The tape
    pub(crate) file: PathBuf,
    /// The store as it was before the recorded run; it is copied, not changed. Default: FILE.store, else nothing
    #[arg(long, value_name = "COPY")]
    pub(crate) store: Option<PathBuf>,
}
