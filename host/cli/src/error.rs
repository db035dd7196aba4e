//! The one error of commands: what failed, why, and what to do next.

use crate::exit::Exit;
use rosterd_model::{Fault, FaultKind};
use serde::Serialize;
use std::fmt;

/// Who has to act; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ErrorKind {
    /// rosterd itself, or the machine that it runs on.
    Internal,
    /// The caller.
    Usage,
    /// Whoever edits rosterd.toml.
    Config,
    /// The operator of the store.
    Store,
    /// The connector, or whoever grants it powers.
    Connector,
    /// A person who may approve a plan.
    Held,
    /// Whoever minds the source.
    Incomplete,
}

impl ErrorKind {
    /// The exit code of this kind.
    pub(crate) const fn exit(self) -> Exit {
        match self {
            Self::Internal => Exit::Internal,
            Self::Usage => Exit::Usage,
            Self::Config => Exit::Config,
            Self::Store => Exit::Store,
            Self::Connector => Exit::Connector,
            Self::Held => Exit::Held,
            Self::Incomplete => Exit::Incomplete,
        }
    }
}

/// Why a command failed. Printed as `error: ...`, `cause: ...` and `hint: ...` lines, or as one JSON object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CommandError {
    /// Who has to act.
    pub(crate) kind: ErrorKind,
    /// What failed and where, as a sentence without its full stop.
    pub(crate) message: String,
    /// What lies beneath, outermost first.
    pub(crate) causes: Vec<String>,
    /// What to do next; each stands for itself.
    pub(crate) hints: Vec<String>,
    /// Single problems with their places in a file; `message` sums them up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<Problem>,
    /// True: the running service can do the command, because it has the store.
    #[serde(skip)]
    pub(crate) forward: bool,
}

/// One problem at one place of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Problem {
    /// The file as the caller named it.
    pub(crate) file: String,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hints: Vec<String>,
    /// The line with carets under the place; none where the line may hold a secret.
    #[serde(skip)]
    pub(crate) excerpt: Option<String>,
}

impl CommandError {
    /// An error without causes and hints.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            problems: Vec::new(),
            forward: false,
        }
    }

    /// A failure of rosterd itself.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// A mistake of the caller.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A mistake in the configuration.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// The same error with a cause and the causes beneath it.
    #[must_use]
    pub(crate) fn because(mut self, cause: &dyn std::error::Error) -> Self {
        self.causes.push(cause.to_string());
        let mut below = cause.source();
        while let Some(cause) = below {
            let text = cause.to_string();
            // Many errors repeat their source in their own text.
            if !self.causes.iter().any(|known| known.contains(&text)) {
                self.causes.push(text);
            }
            below = cause.source();
        }
        self
    }

    /// The same error with a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for CommandError {}

/// A fault that ended the command.
impl From<Fault> for CommandError {
    fn from(fault: Fault) -> Self {
        let kind = match fault.kind {
            FaultKind::Settings => ErrorKind::Config,
            FaultKind::Held => ErrorKind::Held,
            FaultKind::Incomplete => ErrorKind::Incomplete,
            _ => ErrorKind::Connector,
        };
        Self::new(kind, fault.to_string()).hint(fault.kind.remedy())
    }
}
