//! With which configuration each connection was last applied: what differs from it makes the next run a plan.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key};
use crate::kv::{Read, Write};
use crate::schema::Table;
use serde::{Deserialize, Serialize};

/// What decides plans about a connection, in digests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accepted {
    /// Mapping, scope, correlation and authority.
    pub mapping: String,
    /// Settings of the connection.
    pub settings: String,
    /// The connector; empty for a destination.
    pub connector: String,
}

/// In which role a connection was applied: one that is read and written to has both, each with a configuration of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliedRole {
    /// It was read by a job.
    Source = 0,
    /// It was delivered to.
    Destination = 1,
}

fn key(connection: ConnectionNumber, role: AppliedRole) -> Key {
    Key::new().connection(connection).u8(role as u8)
}

/// Reading what was accepted.
pub trait ReadAccepted: Read {
    /// With what a connection was last applied; none: never.
    ///
    /// # Errors
    /// The store can not be read.
    fn accepted(&self, connection: ConnectionNumber, role: AppliedRole) -> Result<Option<Accepted>, StoreError> {
        self.value(Table::Accepted, key(connection, role).as_bytes())
    }
}
impl<R: Read> ReadAccepted for R {}

/// Writing what was accepted.
pub trait WriteAccepted: Write {
    /// Notes with what a connection was applied; writes nothing if that is known.
    ///
    /// # Errors
    /// The store can not be written.
    fn accept(
        &mut self,
        connection: ConnectionNumber,
        role: AppliedRole,
        accepted: &Accepted,
    ) -> Result<(), StoreError> {
        if self.accepted(connection, role)?.as_ref() == Some(accepted) {
            return Ok(());
        }
        self.put_value(Table::Accepted, key(connection, role).as_bytes(), accepted)
    }
}
impl<W: Write> WriteAccepted for W {}
