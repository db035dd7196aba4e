//! The one error that crosses a port: who must act, and when to try again.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The classification of a fault. Words are those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of wit/v0.1/types.wit, explained there and in `remedy`")]
pub enum FaultKind {
    Settings,
    Unauthorized,
    Forbidden,
    NotFound,
    AlreadyExists,
    Conflict,
    Invalid,
    Unsupported,
    RateLimited,
    Timeout,
    Transient,
    CursorInvalid,
    Incomplete,
    Denied,
    Held,
    Cancelled,
    Internal,
}

impl FaultKind {
    /// The word for the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
            Self::RateLimited => "rate-limited",
            Self::Timeout => "timeout",
            Self::Transient => "transient",
            Self::CursorInvalid => "cursor-invalid",
            Self::Incomplete => "incomplete",
            Self::Denied => "denied",
            Self::Held => "held",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// Who must act and what to do, for faults that do not say it themselves.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Settings => "correct the settings of this connection in rosterd.toml",
            Self::Unauthorized => "renew the credentials of this connection",
            Self::Forbidden => "give the connection's account the missing permission in the remote system",
            Self::NotFound | Self::AlreadyExists | Self::Conflict => "plan again: the remote object is not as expected",
            Self::Invalid => "correct the value at its source or the mapping that makes it",
            Self::Unsupported => "remove what the remote system can not do from the mapping",
            Self::RateLimited | Self::Timeout | Self::Transient => "try again later",
            Self::CursorInvalid => "run a full scan",
            Self::Incomplete => "nothing was removed; mend the source and run again",
            Self::Denied => "add the grant that is named, if this connector should have it",
            Self::Held => "let a person approve the plan",
            Self::Cancelled => "run again",
            Self::Internal => "report this to the author of the connector",
        }
    }
}
impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A failure that crossed a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Who must act.
    pub kind: FaultKind,
    /// What failed and where, as a sentence.
    pub message: String,
    /// Not before so many milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// The attribute at fault, or the id that is in the way.
    pub subject: Option<String>,
    /// A JSON object for operators: endpoint, vendor code, request id. `{}` if there is none.
    pub detail: String,
}

impl Fault {
    /// A fault with nothing but a kind and a sentence.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after_ms: None, subject: None, detail: "{}".to_owned() }
    }

    /// The same fault about `subject`.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.kind)
    }
}
impl std::error::Error for Fault {}
