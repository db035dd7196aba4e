//! Tables that came after stores were made without them.

use super::{memory, name};
use crate::prelude::*;
use crate::schema::Table;
use crate::verify::verify;
use crate::{ClientRow, FormerSecret, OpenOptions, SecretHash, Store, StoreError};
use rosterd_model::Timestamp;
use std::path::Path;

const NEW: OpenOptions = OpenOptions { cache_bytes: 1 << 20, create: true };

fn client() -> ClientRow {
    ClientRow {
        connection: name("okta"),
        scopes: vec!["accounts:read".to_owned()],
        org_units: vec!["sales".into()],
        secret: SecretHash([1; 32]),
        former: Some(FormerSecret { hash: SecretHash([2; 32]), until: Timestamp(10) }),
        created: Timestamp(1),
        rotated: Some(Timestamp(5)),
        revoked: None,
        by: "ada".to_owned(),
    }
}

/// A store as it was before there were late tables.
fn old(path: &Path) {
    Store::open(path, NEW).unwrap().close().unwrap();
    let database = redb::Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    for table in Table::ALL.iter().filter(|table| table.is_late()) {
        assert!(transaction.delete_table(table.definition()).unwrap());
    }
    transaction.commit().unwrap();
}

#[test]
fn a_reader_of_a_store_without_a_late_table_finds_nothing_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    old(&path);
    let store = Store::open_read_only(&path, 1 << 20).unwrap();
    let view = store.snapshot().unwrap();
    assert_eq!(view.client("okta").unwrap(), None);
    assert_eq!(view.clients().unwrap().count(), 0);
    assert_eq!(view.row_count(Table::Clients).unwrap(), 0);
    assert!(verify(&view).unwrap().is_clean());
    assert_eq!(store.size().unwrap().tables.len(), Table::ALL.len());
    store.backup(&folder.path().join("backup")).unwrap();
}

#[test]
fn a_writer_makes_late_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    old(&path);
    let store = Store::open(&path, OpenOptions { create: false, ..NEW }).unwrap();
    store.commit::<_, StoreError>("test", |writer| writer.put_client("okta", &client())).unwrap();
    store.close().unwrap();
    let view = Store::open_read_only(&path, 1 << 20).unwrap().snapshot().unwrap();
    assert_eq!(view.client("okta").unwrap(), Some(client()));
    assert!(verify(&view).unwrap().is_clean());
}

#[test]
fn a_table_of_the_first_version_that_is_missing_is_an_error_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    Store::open(&path, NEW).unwrap().close().unwrap();
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(Table::Runs.definition()).unwrap());
    transaction.commit().unwrap();
    drop(database);
    let view = Store::open_read_only(&path, 1 << 20).unwrap().snapshot().unwrap();
    assert!(view.row_count(Table::Runs).is_err());
}

#[test]
fn the_secrets_of_a_client_count_until_they_are_over() {
    let counts = |client: &ClientRow, now: u64| client.hashes(Timestamp(now)).map(|hash| hash.0[0]).collect::<Vec<_>>();
    assert_eq!(counts(&client(), 9), [1, 2]);
    assert_eq!(counts(&client(), 10), [1]);
    let revoked = ClientRow { revoked: Some(Timestamp(3)), ..client() };
    assert!(counts(&revoked, 9).is_empty());
    assert!(!format!("{:?}", client()).contains("[1, 1"), "no hash is shown");
}

#[test]
fn clients_are_listed_by_name() {
    let store = memory();
    let put = |name: &str| {
        store.commit::<_, StoreError>("test", |writer| writer.put_client(name, &client())).unwrap();
    };
    put("workday");
    put("okta");
    let view = store.snapshot().unwrap();
    let names: Vec<String> = view.clients().unwrap().map(|row| row.unwrap().0).collect();
    assert_eq!(names, ["okta", "workday"]);
}
