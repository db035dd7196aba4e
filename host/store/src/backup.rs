//! Copies of a store: taken while it is open, and put back.
//!
//! A backup is itself a store: it is copied row by row out of one snapshot, so it is consistent whatever is written
//! meanwhile, and it is as small as its contents. It gets its name when it is complete.

use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::migrate;
use crate::open::{OpenOptions, Store, publish, sibling};
use crate::schema::Table;
use crate::snapshot::Snapshot;
use crate::tables::WriteMeta;
use crate::verify::verify;
use std::path::Path;

/// Rows per transaction of a copy: few enough for the memory of a small cache.
const ROWS: usize = 50_000;
/// Memory of a copy. It is written in order and never read again, so more would hold pages that nobody asks for.
const COPY: OpenOptions = OpenOptions { cache_bytes: 8 << 20, create: true };
/// Memory for the backup that is verified: its tables are compared with each other.
const VERIFIED_CACHE_BYTES: usize = 32 << 20;

impl Store {
    /// Writes a copy of the store to a file that does not exist yet (mode 0600).
    ///
    /// # Errors
    /// [`StoreError::Exists`], or file operations or the engine failed; then there is no file of that name.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        if to.exists() {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        copy(&self.whole_snapshot()?, to, false, false)
    }

    /// Writes the store anew, row by row, and puts the new file in the place of the old one: it is as small as its contents,
    /// and holds nothing of rows that were removed. Afterwards nothing can be written through this handle any more: open
    /// the store again.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], or file operations or the engine failed; then the store is as it was.
    pub fn rewrite(&self) -> Result<(), StoreError> {
        if self.path().as_os_str().is_empty() {
            return Ok(());
        }
        self.retire(|| copy(&self.whole_snapshot()?, self.path(), true, false))
    }

    /// Puts a backup in the place of a store that nobody has open. The backup is verified first. The restored store says
    /// so ([`crate::tables::ReadMeta::restored`]): what destinations did since the backup is not known in it, so jobs
    /// only plan until a person applies a plan.
    ///
    /// # Errors
    /// [`StoreError::BadBackup`]; [`StoreError::Exists`] if there is a store and `force` is false;
    /// [`StoreError::Locked`] if it is open; what [`Store::open_read_only`] says of the backup. Nothing was changed then.
    pub fn restore(from: &Path, to: &Path, force: bool) -> Result<(), StoreError> {
        let backup = Self::open_read_only(from, VERIFIED_CACHE_BYTES)?;
        let snapshot = backup.snapshot()?;
        migrate::require_current(&snapshot)?;
        let report = verify(&snapshot)?;
        if let Some(first) = report.problems.first() {
            let (path, first) = (from.to_owned(), first.clone());
            return Err(StoreError::BadBackup { path, problems: report.problem_count, first });
        }
        // Held until the new store has its name, so that nobody opens the old one meanwhile.
        let _replaced = match to.exists() {
            true if !force => return Err(StoreError::Exists { path: to.to_owned() }),
            true => match Self::open_file(to, COPY) {
                Ok(store) => Some(store),
                Err(error @ StoreError::Locked { .. }) => return Err(error),
                // It can not be opened, which may be why a backup is restored.
                Err(_) => None,
            },
            false => None,
        };
        copy(&snapshot, to, true, true)
    }
}

fn copy(snapshot: &Snapshot, to: &Path, replace: bool, restored: bool) -> Result<(), StoreError> {
    let draft = sibling(to, ".new");
    let copy = Store::create_draft(&draft, to, COPY)?;
    for table in Table::ALL {
        copy_table(snapshot, &copy, *table)?;
    }
    if restored {
        copy.commit("store-restore", |writer| writer.put_restored(true))?;
    }
    copy.close()?;
    publish(&draft, to, replace)
}

fn copy_table(snapshot: &Snapshot, copy: &Store, table: Table) -> Result<(), StoreError> {
    let mut rows = snapshot.prefix(table, b"")?;
    let mut more = true;
    while more {
        more = copy.commit::<_, StoreError>("store-copy", |writer| {
            let mut count = 0;
            for row in rows.by_ref().take(ROWS) {
                let row = row?;
                writer.put(table, &row.key, &row.value)?;
                count += 1;
            }
            Ok(count == ROWS)
        })?;
    }
    Ok(())
}
