//! Runs by number.

use crate::codec;
use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::run::Run;
use rosterd_model::{RunId, Timestamp};

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

/// The number that the first run not before a time has, or would have.
///
/// # Errors
/// The store can not be read.
pub fn first_run_since(view: &impl Read, since: Timestamp) -> Result<RunId, StoreError> {
    let mut last = RunId(0);
    for row in view.prefix(Table::Runs, b"")? {
        let run: Run = codec::decode(Table::Runs, &row?.value)?;
        if run.started >= since {
            return Ok(run.id);
        }
        last = run.id;
    }
    Ok(RunId(last.0 + 1))
}

/// Writing runs.
pub trait WriteRuns: Write {
    /// Puts a run under its number.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_run(&mut self, run: &Run) -> Result<(), StoreError> {
        self.put_value(Table::Runs, &run.id.0.to_be_bytes(), run)
    }

    /// Removes runs that ended before `before`, oldest first, at most `most` of them; stops at the first that did not.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_runs(&mut self, before: Timestamp, most: usize) -> Result<u64, StoreError> {
        let mut old = Vec::new();
        for row in self.prefix(Table::Runs, b"")?.take(most) {
            let row = row?;
            let run: Run = codec::decode(Table::Runs, &row.value)?;
            if run.ended.is_none_or(|ended| ended >= before) {
                break;
            }
            old.push(row.key.to_vec());
        }
        for key in &old {
            self.remove(Table::Runs, key)?;
        }
        Ok(old.len() as u64)
    }
}
impl<W: Write> WriteRuns for W {}
