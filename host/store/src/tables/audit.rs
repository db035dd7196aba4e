//! Who did what: rows that are only ever added, each with a hash over itself and the hash before it.
//!
//! Changing, removing or moving a row breaks the chain, and `verify` says where. Removing the newest rows does not break
//! it; that is noticed because the number of the last row is kept apart.

use crate::codec;
use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::meta::{Counter, ReadMeta, WriteMeta};
use rosterd_model::Timestamp;
use serde::{Deserialize, Serialize};

/// One row of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When.
    pub at: Timestamp,
    /// Who: a user of the operating system, a client, or the hub itself.
    pub principal: String,
    /// What was done, as a word: "plan-approve".
    pub what: String,
    /// To what, as a sentence. Never a secret.
    pub detail: String,
    /// Hash of the row before; zeros for the first.
    pub previous: [u8; 32],
    /// BLAKE3 over the number, the fields above with their lengths, and `previous`.
    pub hash: [u8; 32],
}

impl AuditRow {
    /// The hash that the row should have as number `number`.
    #[must_use]
    pub fn expected_hash(&self, number: u64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&number.to_be_bytes()).update(&self.at.0.to_be_bytes());
        for text in [&self.principal, &self.what, &self.detail] {
            hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
        }
        *hasher.update(&self.previous).finalize().as_bytes()
    }
}

/// Reading the audit.
pub trait ReadAudit: Read {
    /// A row of the audit by its number.
    ///
    /// # Errors
    /// The store can not be read.
    fn audit_row(&self, number: u64) -> Result<Option<AuditRow>, StoreError> {
        self.value(Table::Audit, &number.to_be_bytes())
    }

    /// The rows with their numbers, from the number `from` on, oldest first.
    ///
    /// # Errors
    /// The store can not be read.
    fn audit(
        &self,
        from: u64,
    ) -> Result<impl DoubleEndedIterator<Item = Result<(u64, AuditRow), StoreError>>, StoreError> {
        let rows = self.prefix_from(Table::Audit, b"", &from.to_be_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            Ok((codec::number(Table::Audit, &row.key)?, codec::decode(Table::Audit, &row.value)?))
        }))
    }
}
impl<R: Read> ReadAudit for R {}

/// Writing the audit.
pub trait WriteAudit: Write {
    /// Adds a row; returns its number.
    ///
    /// # Errors
    /// The store can not be written.
    fn add_audit(&mut self, at: Timestamp, principal: &str, what: &str, detail: &str) -> Result<u64, StoreError> {
        let last = self.last_number(Counter::Audit)?;
        let previous = self.audit_row(last)?.map_or([0; 32], |row| row.hash);
        let number = self.next_number(Counter::Audit)?;
        let (principal, what, detail) = (principal.to_owned(), what.to_owned(), detail.to_owned());
        let mut row = AuditRow { at, principal, what, detail, previous, hash: [0; 32] };
        row.hash = row.expected_hash(number);
        self.put_value(Table::Audit, &number.to_be_bytes(), &row)?;
        Ok(number)
    }
}
impl<W: Write> WriteAudit for W {}
