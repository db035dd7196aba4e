//! A byte stream to a granted host and port: LDAP, databases, WebSocket.

use crate::fault::Fault;
use crate::secrets::{Segment, host_segments};

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::byte_stream as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::stream as host;

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub struct Connection(host::Connection);

/// What came of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// These bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing in time.
    Nothing,
    /// The other side has closed.
    End,
}

/// Opens a connection; TLS details are the operator's settings of this connection, applied by the host.
///
/// # Errors
/// `denied`, `timeout`, `transient`.
pub fn connect(address: &str, port: u16, tls: bool, timeout_ms: u32) -> Result<Connection, Fault> {
    host::connect(address, port, tls, timeout_ms).map(Connection)
}

/// Indexes of the connections that can be read now, waiting at most `timeout_ms` for the first.
#[must_use]
pub fn ready(connections: &[&Connection], timeout_ms: u32) -> Vec<u32> {
    let connections: Vec<&host::Connection> = connections.iter().map(|connection| &connection.0).collect();
    host::ready(&connections, timeout_ms)
}

impl Connection {
    /// At most `max` bytes, waiting at most `timeout_ms`.
    ///
    /// # Errors
    /// `transient` if the connection broke.
    pub fn read(&self, max: u32, timeout_ms: u32) -> Result<Received, Fault> {
        Ok(match self.0.read(max, timeout_ms)? {
            None => Received::Nothing,
            Some(bytes) if bytes.is_empty() => Received::End,
            Some(bytes) => Received::Bytes(bytes),
        })
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// `transient`; `denied` for a secret that may not go there.
    pub fn write(&self, segments: &[Segment<'_>]) -> Result<(), Fault> {
        self.0.write(&host_segments(segments))
    }

    /// Turns the connection into a TLS one after the protocol has agreed on it.
    ///
    /// # Errors
    /// `transient`, or `settings` for a certificate that does not fit.
    pub fn start_tls(&self, server_name: &str) -> Result<(), Fault> {
        self.0.start_tls(server_name)
    }
}
