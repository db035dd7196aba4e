//! Whether connections may be written to, and what is under way to them.

use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::circuit::{Circuit, Pause};
use rosterd_model::outbox::Lane;
use serde::{Deserialize, Serialize};

/// Stands for all connections.
const ALL: ConnectionNumber = ConnectionNumber(u16::MAX);

/// Entries of the outbox that may have been sent, and whose answers are not stored: those of a lane whose order lies
/// within. One row says it for thousands of entries; a process that dies leaves it behind, and who finds it looks before
/// anything is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// The lane.
    pub lane: Lane,
    /// Order of the first entry.
    pub from: u64,
    /// Order of the last one.
    pub to: u64,
}

/// Reading breakers, pauses and what is under way.
pub trait ReadCircuits: Read {
    /// The breaker of a connection; a closed one if nothing is remembered.
    ///
    /// # Errors
    /// The store can not be read.
    fn circuit(&self, connection: ConnectionNumber) -> Result<Circuit, StoreError> {
        Ok(self.value(Table::Circuits, &connection.0.to_be_bytes())?.unwrap_or_default())
    }

    /// The pause of a connection, or the one of all connections; `None` asks for the latter alone.
    ///
    /// # Errors
    /// The store can not be read.
    fn pause(&self, connection: Option<ConnectionNumber>) -> Result<Option<Pause>, StoreError> {
        let all = self.value(Table::Pauses, &ALL.0.to_be_bytes())?;
        match (all, connection) {
            (None, Some(connection)) => self.value(Table::Pauses, &connection.0.to_be_bytes()),
            (all, _) => Ok(all),
        }
    }

    /// What may have been sent to a connection without an answer.
    ///
    /// # Errors
    /// The store can not be read.
    fn in_flight(&self, connection: ConnectionNumber) -> Result<Vec<InFlight>, StoreError> {
        Ok(self.value(Table::InFlight, &connection.0.to_be_bytes())?.unwrap_or_default())
    }
}
impl<R: Read> ReadCircuits for R {}

/// Writing breakers, pauses and what is under way.
pub trait WriteCircuits: Write {
    /// Puts the breaker of a connection; one that has nothing to remember is removed.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_circuit(&mut self, connection: ConnectionNumber, circuit: &Circuit) -> Result<(), StoreError> {
        if *circuit == Circuit::default() {
            return self.remove(Table::Circuits, &connection.0.to_be_bytes()).map(drop);
        }
        self.put_value(Table::Circuits, &connection.0.to_be_bytes(), circuit)
    }

    /// Pauses a connection, or all of them.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_pause(&mut self, connection: Option<ConnectionNumber>, pause: &Pause) -> Result<(), StoreError> {
        self.put_value(Table::Pauses, &connection.unwrap_or(ALL).0.to_be_bytes(), pause)
    }

    /// Ends the pause of a connection, or the one of all; false if there was none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_pause(&mut self, connection: Option<ConnectionNumber>) -> Result<bool, StoreError> {
        self.remove(Table::Pauses, &connection.unwrap_or(ALL).0.to_be_bytes())
    }

    /// Notes what is about to be sent to a connection; nothing: every answer is stored.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_in_flight(&mut self, connection: ConnectionNumber, flight: &[InFlight]) -> Result<(), StoreError> {
        if flight.is_empty() {
            return self.remove(Table::InFlight, &connection.0.to_be_bytes()).map(drop);
        }
        self.put_value(Table::InFlight, &connection.0.to_be_bytes(), &flight)
    }
}
impl<W: Write> WriteCircuits for W {}
