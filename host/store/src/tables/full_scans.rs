//! The last full scan of each connection that knows deltas: when, by which connector and for which mapping. From it
//! follows whether the next run may read a delta.

use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::{RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// A full scan that reached its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullScan {
    /// When it ended.
    pub at: Timestamp,
    /// The run.
    pub run: RunId,
    /// Digest of the connector.
    pub connector: String,
    /// Fingerprint of the mapping that it was read for.
    pub mapping: String,
    /// Open cases of the connection when it ended.
    pub parked: u64,
}

/// Reading the last full scans.
pub trait ReadFullScans: Read {
    /// The last full scan of a connection; none if it knows no deltas, or was never read to the end.
    ///
    /// # Errors
    /// The store can not be read.
    fn full_scan(&self, connection: ConnectionNumber) -> Result<Option<FullScan>, StoreError> {
        self.value(Table::FullScans, &connection.0.to_be_bytes())
    }
}
impl<R: Read> ReadFullScans for R {}

/// Writing the last full scans.
pub trait WriteFullScans: Write {
    /// Puts the last full scan of a connection.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_full_scan(&mut self, connection: ConnectionNumber, scan: &FullScan) -> Result<(), StoreError> {
        self.put_value(Table::FullScans, &connection.0.to_be_bytes(), scan)
    }
}
impl<W: Write> WriteFullScans for W {}
