//! Runs by number.

use crate::codec;
use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::RunId;
use rosterd_model::run::Run;

/// Reading runs.
pub trait ReadRuns: Read {
    /// A run.
    ///
    /// # Errors
    /// The store can not be read.
    fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        self.value(Table::Runs, &id.0.to_be_bytes())
    }

    /// All runs, newest first.
    ///
    /// # Errors
    /// The store can not be read.
    fn runs(&self) -> Result<impl Iterator<Item = Result<Run, StoreError>>, StoreError> {
        Ok(self.prefix(Table::Runs, b"")?.rev().map(|row| codec::decode(Table::Runs, &row?.value)))
    }
}
impl<R: Read> ReadRuns for R {}

/// Writing runs.
pub trait WriteRuns: Write {
    /// Puts a run under its number.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_run(&mut self, run: &Run) -> Result<(), StoreError> {
        self.put_value(Table::Runs, &run.id.0.to_be_bytes(), run)
    }
}
impl<W: Write> WriteRuns for W {}
