use crate::digest::content_digest;
use crate::prelude::*;
use crate::testing::{Seed, seed};
use crate::verify::verify_with;
use crate::{OpenOptions, Store, StoreError, Table};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const NEW: OpenOptions = OpenOptions { cache_bytes: 4 << 20, create: true };

fn digest(store: &Store) -> [u8; 32] {
    content_digest(&store.snapshot().unwrap(), &[]).unwrap()
}

fn seeded(path: &Path) -> Store {
    let store = Store::open(path, NEW).unwrap();
    seed(&store, 300).unwrap();
    store
}

#[test]
fn a_backup_of_an_open_store_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let store = seeded(&path);
    store.backup(&copy).unwrap();
    assert!(matches!(store.backup(&copy), Err(StoreError::Exists { .. })));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let before = digest(&store);
    assert_eq!(digest(&Store::open_read_only(&copy, 1 << 20).unwrap()), before);
    store.commit::<_, StoreError>("test", |writer| writer.next_sequence()).unwrap();
    assert_ne!(digest(&store), before);
    assert_eq!(content_digest(&store.snapshot().unwrap(), &[Table::Meta]).unwrap(), {
        let copy = Store::open_read_only(&copy, 1 << 20).unwrap();
        content_digest(&copy.snapshot().unwrap(), &[Table::Meta]).unwrap()
    });
}

#[test]
fn a_restored_store_says_so_and_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let store = seeded(&path);
    store.backup(&copy).unwrap();
    assert!(matches!(Store::restore(&copy, &path, false), Err(StoreError::Exists { .. })));
    assert!(matches!(Store::restore(&copy, &path, true), Err(StoreError::Locked { .. })));
    store.commit::<_, StoreError>("test", |writer| writer.put_mapping([1; 8], "later")).unwrap();
    store.close().unwrap();
    Store::restore(&copy, &path, true).unwrap();
    let store = Store::open(&path, NEW).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert!(snapshot.restored().unwrap());
    assert_eq!(snapshot.mapping([1; 8]).unwrap(), None);
    let report = verify_with(&snapshot, &Seed::keys).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    store.commit::<_, StoreError>("test", |writer| writer.put_restored(false)).unwrap();
    assert!(!store.snapshot().unwrap().restored().unwrap());
    // The backup itself is as it was, and serves again where no store can be opened any more.
    store.close().unwrap();
    fs::write(&path, b"nonsense").unwrap();
    Store::restore(&copy, &path, true).unwrap();
    drop(Store::open(&path, NEW).unwrap());
}

#[test]
fn a_backup_that_breaks_the_rules_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let bad = seeded(&copy);
    bad.commit::<_, StoreError>("test", |writer| {
        writer.remove_entity(rosterd_model::Class::Account, Seed::entity(7)).map(drop)
    })
    .unwrap();
    bad.close().unwrap();
    let error = Store::restore(&copy, &path, true).unwrap_err();
    assert!(matches!(error, StoreError::BadBackup { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn sizes_name_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let store = seeded(&folder.path().join("store"));
    let size = store.size().unwrap();
    assert_eq!(size.tables.len(), Table::ALL.len());
    let shadows = size.tables.iter().find(|table| table.table == Table::Shadows).unwrap();
    assert!(shadows.rows == 300 && shadows.stored_bytes > 300 * 29);
    assert!(size.file_bytes > size.tables.iter().map(|table| table.stored_bytes).sum());
}
