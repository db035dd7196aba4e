//! Connections are interned: keys carry a number of two bytes, not the name. A number is never given to another name.

use crate::codec;
use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::ConnectionId;

/// Looking up connections.
pub trait ReadConnections: Read {
    /// The number of a connection; none if nothing was ever stored for it.
    ///
    /// # Errors
    /// The store can not be read.
    fn connection_number(&self, connection: &ConnectionId) -> Result<Option<ConnectionNumber>, StoreError> {
        let value = self.get(Table::Connections, connection.as_str().as_bytes())?;
        value.map(|value| number(&value)).transpose()
    }

    /// All connections that something was stored for, by name.
    ///
    /// # Errors
    /// The store can not be read.
    fn connections(&self) -> Result<Vec<(ConnectionId, ConnectionNumber)>, StoreError> {
        let rows = self.prefix(Table::Connections, b"")?;
        rows.map(|row| {
            let row = row?;
            let name = codec::text(Table::Connections, &row.key)?;
            let name = name.parse().map_err(|_| StoreError::corrupt(Table::Connections, "its key is no name"))?;
            Ok((name, number(&row.value)?))
        })
        .collect()
    }

    /// The name of a number; none if it was not given out.
    ///
    /// # Errors
    /// The store can not be read.
    fn connection_name(&self, number: ConnectionNumber) -> Result<Option<ConnectionId>, StoreError> {
        Ok(self.connections()?.into_iter().find(|(_, known)| *known == number).map(|(name, _)| name))
    }
}
impl<R: Read> ReadConnections for R {}

/// Interning connections.
pub trait WriteConnections: Write {
    /// The number of a connection, given out now if there is none.
    ///
    /// # Errors
    /// The store can not be written, or all 65536 numbers are taken.
    fn intern_connection(&mut self, connection: &ConnectionId) -> Result<ConnectionNumber, StoreError> {
        if let Some(number) = self.connection_number(connection)? {
            return Ok(number);
        }
        // Names are never removed, so the number of rows is the next free number.
        let next = u16::try_from(self.row_count(Table::Connections)?);
        let next = next.map_err(|_| StoreError::Exhausted { what: "connection" })?;
        self.put(Table::Connections, connection.as_str().as_bytes(), &next.to_be_bytes())?;
        Ok(ConnectionNumber(next))
    }
}
impl<W: Write> WriteConnections for W {}

fn number(value: &[u8]) -> Result<ConnectionNumber, StoreError> {
    let bytes = value.try_into().map_err(|_| StoreError::corrupt(Table::Connections, "its value is no number"))?;
    Ok(ConnectionNumber(u16::from_be_bytes(bytes)))
}
