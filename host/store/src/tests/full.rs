//! A disk that is full: a clear refusal, and nothing is lost.

use crate::prelude::*;
use crate::testing::Recorder;
use crate::verify::verify;
use crate::{Store, StoreError};

fn rows(store: &Store) -> u64 {
    let report = verify(&store.snapshot().unwrap()).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    report.rows
}

fn fill(store: &Store) -> StoreError {
    let error = (0..10_000).find_map(|number| {
        store
            .commit::<_, StoreError>("fill", |writer| {
                let hr = writer.intern_connection(&"hr".parse().unwrap())?;
                writer.put_scratch(hr, &format!("key-{number}"), &[7; 4000])
            })
            .err()
    });
    error.expect("the disk becomes full")
}

#[test]
fn a_full_disk_is_named_and_what_was_committed_is_there_when_there_is_room_again() {
    let disk = Recorder::new();
    let store = disk.open().unwrap();
    crate::testing::seed(&store, 50).unwrap();
    disk.leave_room(Some(300_000));
    let error = fill(&store);
    assert!(error.to_string().starts_with("no space is left"), "{error}");
    assert!(error.needs_reopening());
    let later = store.commit::<_, StoreError>("later", |writer| writer.next_sequence()).unwrap_err();
    assert!(later.to_string().contains("start again"), "{later}");
    drop(store);
    disk.leave_room(None);
    let store = disk.open().unwrap();
    let kept = rows(&store);
    let hr = store.snapshot().unwrap().connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
    let written = (0..).take_while(|number| {
        let value = store.snapshot().unwrap().scratch(hr, &format!("key-{number}")).unwrap();
        value.as_deref() == Some(&[7; 4000][..])
    });
    assert!(written.count() > 10, "{kept} rows, and what was committed before is not among them");
    store.commit::<_, StoreError>("again", |writer| writer.next_sequence()).unwrap();
}

#[test]
fn a_disk_that_is_full_from_the_start_makes_no_store() {
    let disk = Recorder::new();
    disk.leave_room(Some(10_000));
    let error = disk.open().unwrap_err();
    assert!(error.to_string().contains("no space is left"), "{error}");
}
