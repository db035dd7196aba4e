//! What a connection's scans left: the scan under way, the cursor of the next delta, the last licensed scan, and the
//! configuration that it was last planned with.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, of_class};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::bitmaps::WriteBitmaps;
use rosterd_model::run::ScanCounts;
use rosterd_model::{Class, RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// A scan under way. Stored in the transaction that stores a page, so that an interrupted scan goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanProgress {
    /// The run that scans.
    pub run: RunId,
    /// Sequence when the scan began: what has a greater one changed while it ran.
    pub started_seq: u64,
    /// Where to go on; none: at the beginning, and what was seen counts for nothing.
    pub resume: Option<String>,
    /// What was read so far.
    pub counts: ScanCounts,
    /// Anything that the engine must remember with it, in a form of its own.
    pub extra: String,
}

/// The last licensed scan of a class, with which the next one is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastScan {
    /// Records of the class that it showed.
    pub records: u64,
    /// Version of the source that it read, where the source has one.
    pub source_version: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// The run.
    pub run: RunId,
}

/// Reading what scans left.
pub trait ReadScans: Read {
    /// The scan under way of a connection.
    ///
    /// # Errors
    /// The store can not be read.
    fn scan_progress(&self, connection: ConnectionNumber) -> Result<Option<ScanProgress>, StoreError> {
        self.value(Table::ScanProgress, &connection.0.to_be_bytes())
    }

    /// The cursor of the next delta.
    ///
    /// # Errors
    /// The store can not be read.
    fn cursor(&self, connection: ConnectionNumber) -> Result<Option<String>, StoreError> {
        self.text(Table::Cursors, &connection.0.to_be_bytes())
    }

    /// The last licensed scan of a connection and class.
    ///
    /// # Errors
    /// The store can not be read.
    fn last_scan(&self, connection: ConnectionNumber, class: Class) -> Result<Option<LastScan>, StoreError> {
        self.value(Table::LastScan, of_class(connection, class).as_bytes())
    }

    /// Fingerprint of the delivery that a destination was last planned with.
    ///
    /// # Errors
    /// The store can not be read.
    fn delivery_state(&self, destination: ConnectionNumber) -> Result<Option<String>, StoreError> {
        self.text(Table::MappingState, Key::new().connection(destination).u8(1).as_bytes())
    }

    /// Fingerprint of the configuration that a connection was last planned with.
    ///
    /// # Errors
    /// The store can not be read.
    fn mapping_state(&self, connection: ConnectionNumber) -> Result<Option<String>, StoreError> {
        self.text(Table::MappingState, &connection.0.to_be_bytes())
    }

    /// What [`WriteScans::put_applied_mapping`] put.
    ///
    /// # Errors
    /// The store can not be read.
    fn applied_mapping(&self, connection: ConnectionNumber, class: Class) -> Result<Option<String>, StoreError> {
        self.text(Table::MappingState, of_applied(connection, class).as_bytes())
    }
}
impl<R: Read> ReadScans for R {}

fn of_applied(connection: ConnectionNumber, class: Class) -> Key {
    Key::new().connection(connection).u8(2).class(class)
}

/// Writing what scans left.
pub trait WriteScans: Write {
    /// Puts the scan under way of a connection.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_scan_progress(&mut self, connection: ConnectionNumber, progress: &ScanProgress) -> Result<(), StoreError> {
        self.put_value(Table::ScanProgress, &connection.0.to_be_bytes(), progress)
    }

    /// Ends the scan under way of a connection: forgets its progress and what it showed.
    ///
    /// # Errors
    /// The store can not be written.
    fn clear_scan(&mut self, connection: ConnectionNumber) -> Result<(), StoreError> {
        self.remove(Table::ScanProgress, &connection.0.to_be_bytes())?;
        self.clear_seen(connection)
    }

    /// Puts the cursor of the next delta; none removes it.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_cursor(&mut self, connection: ConnectionNumber, cursor: Option<&str>) -> Result<(), StoreError> {
        let key = connection.0.to_be_bytes();
        match cursor {
            Some(cursor) => self.put(Table::Cursors, &key, cursor.as_bytes()),
            None => self.remove(Table::Cursors, &key).map(drop),
        }
    }

    /// Puts the last licensed scan of a connection and class.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_last_scan(&mut self, connection: ConnectionNumber, class: Class, scan: &LastScan) -> Result<(), StoreError> {
        self.put_value(Table::LastScan, of_class(connection, class).as_bytes(), scan)
    }

    /// Puts the fingerprint of the delivery that a destination was planned with. A connection that is source and
    /// destination has both.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_delivery_state(&mut self, destination: ConnectionNumber, fingerprint: &str) -> Result<(), StoreError> {
        self.put_unless_same(
            Table::MappingState,
            Key::new().connection(destination).u8(1).as_bytes(),
            fingerprint.as_bytes(),
        )
    }

    /// Puts the fingerprint of the configuration that a connection was planned with.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_mapping_state(&mut self, connection: ConnectionNumber, fingerprint: &str) -> Result<(), StoreError> {
        self.put_unless_same(Table::MappingState, &connection.0.to_be_bytes(), fingerprint.as_bytes())
    }

    /// Puts the text of the mapping of a class that every settled record of a connection was planned with; it begins with
    /// whatever must be the same so that it counts.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_applied_mapping(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        text: &str,
    ) -> Result<(), StoreError> {
        self.put_unless_same(Table::MappingState, of_applied(connection, class).as_bytes(), text.as_bytes())
    }
}
impl<W: Write> WriteScans for W {}
