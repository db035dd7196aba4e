//! Upgrading stores of earlier versions, step by step, with a backup beside the store.
//!
//! A step is one transaction that brings the rows from its version to the next and raises the version in the same
//! transaction: an upgrade that is interrupted goes on with the step that is missing. A store of a later version is
//! refused, because to guess at its rows would be to damage them.

use crate::error::StoreError;
use crate::kv::Read;
use crate::open::{Store, name_foreign, sibling};
use crate::schema::{SCHEMA_VERSION, Table};
use crate::tables::{ReadMeta, WriteMeta};
use crate::writer::Writer;
use std::path::Path;

/// One step of an upgrade.
pub(crate) struct Step {
    /// The version that it starts from; it ends at the next one.
    pub(crate) from: u32,
    /// What it does. The version is raised for it.
    pub(crate) run: fn(&mut Writer<'_>) -> Result<(), StoreError>,
}

/// The steps to [`SCHEMA_VERSION`], in order. None yet: version 1 is the first.
const STEPS: &[Step] = &[];

/// Brings a store to the present version.
pub(crate) fn upgrade(store: &Store, path: &Path) -> Result<(), StoreError> {
    upgrade_to(store, path, SCHEMA_VERSION, STEPS)?;
    if store.snapshot()?.lacks_tables()? {
        store.commit("store-upgrade", |writer| writer.create_tables())?;
    }
    Ok(())
}

fn upgrade_to(store: &Store, path: &Path, target: u32, steps: &[Step]) -> Result<(), StoreError> {
    let found = version(&store.snapshot()?).map_err(|error| name_foreign(error, path))?;
    if found > target {
        return Err(StoreError::Newer { found, known: target });
    }
    if found == target {
        return Ok(());
    }
    if !path.as_os_str().is_empty() {
        let backup = sibling(path, &format!(".version-{found}.backup"));
        // A backup of this version that is there already was made by an upgrade that was interrupted: it is the older
        // one that counts.
        if !backup.exists() {
            store.backup(&backup)?;
        }
    }
    for version in found..target {
        let step = steps.iter().find(|step| step.from == version);
        let step = step.ok_or(StoreError::Older { found: version, known: target })?;
        store.commit("store-upgrade", |writer| {
            writer.create_tables()?;
            (step.run)(writer)?;
            writer.put_schema_version(version + 1)
        })?;
    }
    Ok(())
}

/// Refuses a store that is not of the present version.
pub(crate) fn require_current(view: &impl Read) -> Result<(), StoreError> {
    let found = version(view)?;
    match found.cmp(&SCHEMA_VERSION) {
        std::cmp::Ordering::Less => Err(StoreError::Older { found, known: SCHEMA_VERSION }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StoreError::Newer { found, known: SCHEMA_VERSION }),
    }
}

/// True for a database that holds no table of ours yet.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn is_blank(store: &Store) -> Result<bool, StoreError> {
    match store.snapshot()?.schema_version() {
        Ok(version) => Ok(version.is_none()),
        Err(StoreError::Engine(error)) if matches!(*error, redb::Error::TableDoesNotExist(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

fn version(view: &impl Read) -> Result<u32, StoreError> {
    view.schema_version()?.ok_or(StoreError::corrupt(Table::Meta, "the schema version is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Write;
    use crate::open::OpenOptions;
    use tempfile::TempDir as Folder;

    const RENAME_CURSORS: &[Step] = &[Step {
        from: 1,
        run: |writer| {
            let old = writer.take(Table::Cursors, b"old")?.unwrap_or_default();
            writer.put(Table::Cursors, b"new", &old)
        },
    }];

    fn store_of_version_1(folder: &Folder) -> Store {
        let options = OpenOptions { create: true, cache_bytes: 1 << 20 };
        let store = Store::open(&folder.path().join("store"), options).unwrap();
        store.commit::<_, StoreError>("test", |writer| writer.put(Table::Cursors, b"old", b"value")).unwrap();
        store
    }

    #[test]
    fn a_step_runs_once_and_leaves_a_backup_of_what_was() {
        let folder = Folder::new().unwrap();
        let path = folder.path().join("store");
        let store = store_of_version_1(&folder);
        for _ in 0..2 {
            upgrade_to(&store, &path, 2, RENAME_CURSORS).unwrap();
            let snapshot = store.snapshot().unwrap();
            assert_eq!(snapshot.schema_version().unwrap(), Some(2));
            assert_eq!(snapshot.text(Table::Cursors, b"new").unwrap().as_deref(), Some("value"));
        }
        let backup = Store::open_read_only(&folder.path().join("store.version-1.backup"), 1 << 20).unwrap();
        assert_eq!(backup.snapshot().unwrap().text(Table::Cursors, b"old").unwrap().as_deref(), Some("value"));
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let folder = Folder::new().unwrap();
        let store = store_of_version_1(&folder);
        let steps = [Step {
            from: 1,
            run: |writer| {
                writer.remove(Table::Cursors, b"old")?;
                Err(StoreError::ReadOnly)
            },
        }];
        assert!(matches!(upgrade_to(&store, &folder.path().join("store"), 2, &steps), Err(StoreError::ReadOnly)));
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.schema_version().unwrap(), Some(1));
        assert!(snapshot.has(Table::Cursors, b"old").unwrap());
    }

    #[test]
    fn later_versions_and_missing_steps_are_refused() {
        let folder = Folder::new().unwrap();
        let path = folder.path().join("store");
        let store = store_of_version_1(&folder);
        assert!(matches!(upgrade_to(&store, &path, 2, &[]), Err(StoreError::Older { found: 1, known: 2 })));
        store.commit::<_, StoreError>("test", |writer| writer.put_schema_version(SCHEMA_VERSION + 1)).unwrap();
        store.close().unwrap();
        let error = Store::open(&path, OpenOptions::default()).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 2, known: 1 }), "{error}");
        let error = Store::open_read_only(&path, 1 << 20).unwrap_err();
        assert!(error.to_string().contains("install the rosterd that wrote it"), "{error}");
    }
}
