use crate::prelude::*;
use crate::{OpenOptions, Store, StoreError};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const NEW: OpenOptions = OpenOptions { cache_bytes: 1 << 20, create: true };
const OLD: OpenOptions = OpenOptions { create: false, ..NEW };

#[test]
fn a_store_is_made_only_if_asked_and_is_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    assert!(matches!(Store::open(&path, OLD), Err(StoreError::Missing { .. })));
    assert!(matches!(Store::open_read_only(&path, 1 << 20), Err(StoreError::Missing { .. })));
    let id = Store::open(&path, NEW).unwrap().snapshot().unwrap().store_id().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Store::open(&path, NEW).unwrap().snapshot().unwrap().store_id().unwrap(), id, "opened, not made again");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn an_open_store_is_locked_for_writers_and_readers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::open(&path, NEW).unwrap();
    let error = Store::open(&path, OLD).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("rosterd serve"), "{error}");
    assert!(matches!(Store::open_read_only(&path, 1 << 20), Err(StoreError::Locked { .. })));
    store.close().unwrap();
    let readers = [(); 2].map(|()| Store::open_read_only(&path, 1 << 20).unwrap());
    assert!(matches!(Store::open(&path, OLD), Err(StoreError::Locked { .. })));
    let write = readers[0].commit::<_, StoreError>("test", |writer| writer.next_sequence());
    assert!(matches!(write, Err(StoreError::ReadOnly)));
}

#[test]
fn what_an_interrupted_creation_left_is_replaced_and_one_under_way_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (path, draft) = (folder.path().join("store"), folder.path().join("store.new"));
    fs::write(&draft, b"half").unwrap();
    drop(Store::open(&path, NEW).unwrap());
    assert!(!draft.exists());
    fs::rename(&path, &draft).unwrap();
    let other = Store::open(&draft, OLD).unwrap();
    assert!(matches!(Store::open(&path, NEW), Err(StoreError::Locked { .. })));
    drop(other);
    drop(Store::open(&path, NEW).unwrap());
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for bytes in [b"".as_slice(), b"name,mail\nAda,ada@example.org\n", &[0; 8192]] {
        fs::write(&path, bytes).unwrap();
        for error in [Store::open(&path, NEW).unwrap_err(), Store::open_read_only(&path, 1 << 20).unwrap_err()] {
            assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::remove_file(&path).unwrap();
    drop(redb::Database::create(&path).unwrap());
    for error in [Store::open(&path, NEW).unwrap_err(), Store::open_read_only(&path, 1 << 20).unwrap_err()] {
        assert!(matches!(error, StoreError::Foreign { .. }), "a database of somebody else: {error}");
    }
}

#[test]
fn a_store_that_was_cut_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::open(&path, NEW).unwrap();
    crate::testing::seed(&store, 500).unwrap();
    store.close().unwrap();
    let whole = fs::read(&path).unwrap();
    for length in [100, 4096, whole.len() / 2] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = Store::open(&path, NEW).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. } | StoreError::Foreign { .. }), "{length}: {error}");
    }
}

#[test]
fn of_two_that_make_a_store_the_first_one_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, draft) = (folder.path().join("store"), folder.path().join("draft"));
    fs::write(&draft, b"second").unwrap();
    fs::write(&path, b"first").unwrap();
    let published = crate::open::publish(&draft, &path, false);
    assert!(matches!(published, Err(StoreError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"first");
    crate::open::publish(&draft, &path, true).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
}
