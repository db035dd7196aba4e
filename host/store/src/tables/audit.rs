//! Who did what: rows that are only ever added, each with a hash over itself and the hash before it.
//!
//! Changing, removing or moving a row breaks the chain, and `verify` says where. Removing the newest rows does not break
//! it; that is noticed because the number of the last row is kept apart.
//!
//! The chain covers a salted hash of what a row says and not the text itself, so that a text that names an erased person
//! can be taken out: its row, its place and its hash stay.

use crate::codec;
use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::meta::{Counter, ReadMeta, WriteMeta};
use rosterd_model::{Rule, Timestamp};
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
    /// To what, as a sentence. Never a secret. None: it named somebody who was erased.
    pub detail: Option<String>,
    /// Random bytes, so that nobody finds an erased text by trying; zeros once it is erased.
    pub salt: [u8; 16],
    /// BLAKE3 over salt and detail as they were written.
    pub detail_hash: [u8; 32],
    /// Hash of the row before; zeros for the first.
    pub previous: [u8; 32],
    /// BLAKE3 over the number, time, principal and word with their lengths, the hash of the detail, and `previous`.
    pub hash: [u8; 32],
}

impl AuditRow {
    /// The hash that the row should have as number `number`.
    #[must_use]
    pub fn expected_hash(&self, number: u64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&number.to_be_bytes()).update(&self.at.0.to_be_bytes());
        for text in [&self.principal, &self.what] {
            hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
        }
        *hasher.update(&self.detail_hash).update(&self.previous).finalize().as_bytes()
    }

    /// False if the row or its text is not what was written.
    #[must_use]
    pub fn is_true(&self, number: u64) -> bool {
        let detail = self.detail.as_ref().is_none_or(|detail| detail_hash(&self.salt, detail) == self.detail_hash);
        detail && self.hash == self.expected_hash(number)
    }
}

fn detail_hash(salt: &[u8; 16], detail: &str) -> [u8; 32] {
    *blake3::Hasher::new().update(salt).update(detail.as_bytes()).finalize().as_bytes()
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditProblem {
    /// A row is not there.
    Missing(u64),
    /// A row does not continue the one before it.
    Loose(u64),
    /// A row is not what was written.
    Changed(u64),
    /// Rows at the end are not there: the last one that is, and the last that was written.
    Cut(u64, u64),
}

impl std::fmt::Display for AuditProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(row) => write!(f, "row {row} of the audit is missing"),
            Self::Loose(row) => write!(f, "row {row} of the audit does not continue the row before it"),
            Self::Changed(row) => write!(f, "row {row} of the audit was changed"),
            Self::Cut(end, last) => write!(f, "the audit ends with row {end}, but {last} were written"),
        }
    }
}

/// Follows a chain row by row.
#[derive(Debug, Default)]
pub struct AuditChain {
    last: u64,
    previous: [u8; 32],
}

impl AuditChain {
    /// Looks at the next row.
    pub fn next(&mut self, number: u64, row: &AuditRow) -> Option<AuditProblem> {
        let expected = self.last + 1;
        let loose = row.previous != self.previous;
        (self.last, self.previous) = (number, row.hash);
        if number != expected && Rule::AuditChain.on() {
            return Some(AuditProblem::Missing(expected));
        }
        if !row.is_true(number) && Rule::AuditChain.on() {
            return Some(AuditProblem::Changed(number));
        }
        (loose && Rule::AuditChain.on()).then_some(AuditProblem::Loose(number))
    }

    /// Looks at the end: `written` is the number of the last row that was ever written.
    #[must_use]
    pub fn end(&self, written: u64) -> Option<AuditProblem> {
        (self.last != written && Rule::AuditChain.on()).then_some(AuditProblem::Cut(self.last, written))
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
        let mut salt = [0; 16];
        // Without random numbers of the system the text is only as well hidden as its words.
        let _ = getrandom::fill(&mut salt);
        let (principal, what) = (principal.to_owned(), what.to_owned());
        let (detail_hash, detail) = (detail_hash(&salt, detail), Some(detail.to_owned()));
        let mut row = AuditRow { at, principal, what, detail, salt, detail_hash, previous, hash: [0; 32] };
        row.hash = row.expected_hash(number);
        self.put_value(Table::Audit, &number.to_be_bytes(), &row)?;
        Ok(number)
    }

    /// Takes the text out of a row, and keeps its place in the chain.
    ///
    /// # Errors
    /// The store can not be written.
    fn erase_audit_detail(&mut self, number: u64) -> Result<(), StoreError> {
        let Some(row) = self.audit_row(number)? else { return Ok(()) };
        self.put_value(Table::Audit, &number.to_be_bytes(), &AuditRow { detail: None, salt: [0; 16], ..row })
    }
}
impl<W: Write> WriteAudit for W {}
