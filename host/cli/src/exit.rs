//! Exit codes. They are part of the stable interface: scripts and service managers act on them.

use std::process::ExitCode;

/// How a command ended.
///
/// | code | meaning | who acts |
/// |---|---|---|
/// | 0 | done | nobody |
/// | 1 | a failure of rosterd itself | report it |
/// | 2 | wrong usage of the command line | the caller |
/// | 3 | the configuration is wrong or missing | whoever edits rosterd.toml |
/// | 4 | the store cannot be opened, read or written | the operator of this machine |
/// | 5 | a connector failed, or asks for more than it was granted | the message says who |
/// | 6 | a guard holds the plan | a person who may approve |
/// | 7 | done in part: something was quarantined, parked or skipped | whoever minds the quarantine |
/// | 8 | the scan was incomplete: nothing was removed | whoever minds the source |
/// | 9 | only with `plan --exit-code`: changes are pending | the caller asked for it |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// A failure of rosterd itself.
    Internal = 1,
    /// Wrong usage.
    Usage = 2,
    /// Wrong or missing configuration.
    Config = 3,
    /// The store failed.
    Store = 4,
    /// A connector failed or was refused.
    Connector = 5,
    /// Held by a guard.
    Held = 6,
    /// Done in part.
    Partial = 7,
    /// Incomplete scan.
    Incomplete = 8,
    /// Changes are pending, on request only.
    Pending = 9,
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
