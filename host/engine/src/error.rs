//! Why the engine could not do what it was asked: who must act decides the exit code.

use rosterd_model::{ConnectionId, Fault};
use rosterd_store::StoreError;
use std::fmt;

/// A failure of a command of the engine.
#[derive(Debug)]
pub enum EngineError {
    /// The configuration can not be used.
    Configuration(String),
    /// What was named does not exist.
    NotFound(String),
    /// What was asked is not allowed in the present state.
    Refused(String),
    /// The store failed.
    Store(StoreError),
    /// A connection failed.
    Connection {
        /// Which.
        connection: ConnectionId,
        /// How.
        fault: Fault,
    },
    /// The process was asked to end; what was done is stored, and the next run goes on from there.
    Stopped,
    /// A task of our own ended without an answer.
    Internal(String),
}

impl EngineError {
    /// The fault of a connection.
    pub(crate) fn of(connection: &ConnectionId) -> impl Fn(Fault) -> Self + '_ {
        move |fault| Self::Connection { connection: connection.clone(), fault }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(text) | Self::NotFound(text) | Self::Refused(text) | Self::Internal(text) => {
                f.write_str(text)
            }
            Self::Stopped => {
                f.write_str("rosterd was asked to stop; what was done is stored, and the next run goes on from there")
            }
            Self::Store(error) => fmt::Display::fmt(error, f),
            Self::Connection { connection, fault } => write!(f, "connection {connection}: {fault}"),
        }
    }
}
impl std::error::Error for EngineError {}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
