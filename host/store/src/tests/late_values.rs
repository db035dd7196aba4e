//! Values by which clients look up what they submit, kept back: who looks finds them, and no crash separates them from whom they
//! lead to.

use super::{hr, memory};
use crate::prelude::*;
use crate::testing::Recorder;
use crate::verify::verify;
use crate::{ConnectionNumber, Line, Snapshot, Store, StoreError, Writer};
use rosterd_model::shadow::{Shadow, ShadowHead, ShadowState};
use rosterd_model::{Attributes, Class, ExternalId};
use std::sync::Arc;
use std::time::Duration;

const CLASS: Class = Class::Account;

fn begin(store: &Store) -> ConnectionNumber {
    let number = hr(store);
    store.commit::<_, StoreError>("test", |w| w.complete_shadow_keys(number)).unwrap();
    number
}

fn id(number: u64) -> ExternalId {
    ExternalId::from(format!("id-{number}"))
}

/// A new object, as whoever takes submissions in stores it.
fn put(w: &mut Writer<'_>, connection: ConnectionNumber, number: u64) -> Result<(), StoreError> {
    w.gather();
    let (ordinal, seq) = (w.take_ordinal(connection, CLASS)?, w.next_sequence()?);
    let name = format!("user{number}");
    let attributes = [("userName".to_owned(), name.as_str().into()), ("displayName".to_owned(), "anybody".into())];
    let attributes: Attributes = attributes.into_iter().collect();
    let head = ShadowHead { ordinal, hash: [1; 16], seq, live: true };
    w.put_shadow_head(connection, CLASS, &id(number), &head)?;
    let (version, state, id) = (None, ShadowState::Live, id(number));
    let shadow = Shadow { class: CLASS, id, version, hash: [1; 16], seq, partial: false, attributes, state };
    w.put_shadow_keys(connection, ordinal, None, &shadow)?;
    w.put_shadow(connection, ordinal, &shadow)?;
    w.put_unsettled(connection, CLASS, ordinal, seq)
}

fn keep(store: &Store, connection: ConnectionNumber, number: u64) {
    store.commit_keeping::<_, StoreError>("test", |w| put(w, connection, number)).unwrap();
}

fn found(view: &Snapshot, connection: ConnectionNumber, number: u64) -> usize {
    view.shadows_with(connection, CLASS, "userName", &format!("user{number}")).unwrap().count()
}

#[test]
fn values_are_kept_back_from_whoever_does_not_look_for_them_and_from_nobody_else() {
    let store = memory();
    let connection = begin(&store);
    keep(&store, connection, 1);
    keep(&store, connection, 2);
    let view = store.snapshot().unwrap();
    let fails = |error| matches!(error, StoreError::Unflushed { table: crate::Table::ShadowKeys });
    assert!(view.shadows_with(connection, CLASS, "userName", "user1").is_err_and(fails), "they are not stored yet");
    assert!(view.row_count(crate::Table::ShadowKeys).is_err_and(fails), "nor can be counted");
    assert!(view.shadow_of(connection, CLASS, &id(2)).unwrap().is_some(), "all else is");
    let view = store.whole_snapshot().unwrap();
    assert_eq!((found(&view, connection, 1), found(&view, connection, 2)), (1, 1));
    let view = store.snapshot().unwrap();
    assert_eq!((found(&view, connection, 1), found(&view, connection, 2)), (1, 1));
    assert!(verify(&view).unwrap().is_clean());
}

#[test]
fn a_commit_that_waits_for_the_disk_stores_them() {
    let store = memory();
    let connection = begin(&store);
    keep(&store, connection, 1);
    store.commit::<_, StoreError>("test", |w| w.put_mapping([1; 8], "text")).unwrap();
    assert_eq!(found(&store.durable_snapshot().unwrap(), connection, 1), 1);
}

#[test]
fn whoever_takes_one_away_finds_it_though_it_was_kept_back() {
    let store = memory();
    let connection = begin(&store);
    for number in 1..=3 {
        keep(&store, connection, number);
    }
    let purge = |w: &mut Writer<'_>| w.purge_shadow(connection, CLASS, &id(1));
    assert!(store.commit_with_next::<_, StoreError>("test", purge).unwrap());
    // The same while others are added that would be kept back.
    let both = |w: &mut Writer<'_>| {
        put(w, connection, 4)?;
        w.purge_shadow(connection, CLASS, &id(2))
    };
    assert!(store.commit_keeping::<_, StoreError>("test", both).unwrap());
    let view = store.whole_snapshot().unwrap();
    assert_eq!([1, 2, 3, 4].map(|number| found(&view, connection, number)), [0, 0, 1, 1]);
    assert!(verify(&view).unwrap().is_clean());
}

#[test]
fn so_many_are_kept_back_and_no_more() {
    let store = memory();
    let connection = begin(&store);
    store.commits().most_values = 4;
    for number in 1..=3 {
        keep(&store, connection, number);
    }
    let view = store.snapshot().unwrap();
    assert_eq!([1, 2, 3].map(|number| found(&view, connection, number)), [1; 3]);
}

#[test]
fn whatever_a_crash_leaves_has_its_values() {
    let disk = Recorder::new();
    let store = disk.open().unwrap();
    let connection = begin(&store);
    for number in 1..=40 {
        keep(&store, connection, number);
        if number % 7 == 0 {
            store.commit::<_, StoreError>("test", |w| w.put_mapping([1; 8], "text")).unwrap();
        }
    }
    store.close().unwrap();
    assert_eq!(most_found(&disk), 40, "a store that was closed has all");
}

/// Every object that any image of the disk shows can be looked up. Returns the most that one shows.
fn most_found(disk: &Recorder) -> usize {
    let mut most = 0;
    for sync in 1..=disk.syncs() {
        for image in [disk.image(sync), disk.torn_image(sync, 3), disk.killed_image(sync, 2)] {
            let Ok(store) = Recorder::of_image(image).open() else { continue };
            let view = store.snapshot().unwrap();
            assert_eq!(verify(&view).unwrap().problems, Vec::<String>::new(), "after sync {sync}");
            let Some(connection) = view.connection_number(&super::name("hr")).unwrap() else { continue };
            most = most.max((1..=40).map(|number| found(&view, connection, number)).sum());
        }
    }
    most
}

#[test]
fn a_view_that_had_keys_stored_still_says_that_it_lacks_values() {
    let store = Arc::new(memory());
    let connection = begin(&store);
    keep(&store, connection, 1);
    (store.commits().few, store.commits().longest) = (2, Duration::MAX);
    let mut line = Line::begin(&store, "line").unwrap();
    let mut rows = line.draft();
    rows.put(crate::Table::EntityKeys, b"key", b"").unwrap();
    assert!(line.store(rows).unwrap() && line.end().unwrap());
    assert_eq!(store.commits().kept.len(), 1);
    let view = store.snapshot().unwrap();
    assert_eq!(store.commits().kept.len(), 0);
    assert!(view.shadows_with(connection, CLASS, "userName", "user1").is_err());
}

#[test]
fn a_draft_that_waits_for_the_disk_stores_all_of_them() {
    let disk = Recorder::new();
    let store = Arc::new(disk.open().unwrap());
    let connection = begin(&store);
    (1..=40).for_each(|number| keep(&store, connection, number));
    (store.commits().few, store.commits().longest) = (0, Duration::ZERO);
    let mut line = Line::begin(&store, "line").unwrap();
    let mut rows = line.draft();
    rows.put(crate::Table::Cursors, b"row", b"").unwrap();
    assert!(line.store(rows).unwrap() && line.end().unwrap());
    assert!(store.commits().values.is_empty());
    drop(line);
    Arc::into_inner(store).unwrap().close().unwrap();
    assert_eq!(most_found(&disk), 40);
}

#[test]
fn beside_drafts_they_are_stored_in_parts_and_a_commit_that_waits_takes_the_rest() {
    for (very_many, runs) in [(usize::MAX, 0), (10, 2)] {
        stored_in_parts(very_many, runs);
    }
}

fn stored_in_parts(very_many: usize, runs: u8) {
    let disk = Recorder::new();
    let store = Arc::new(disk.open().unwrap());
    let connection = begin(&store);
    for number in 1..=30 {
        keep(&store, connection, number);
    }
    // As if each draft were one of many large ones.
    (store.commits().few, store.commits().longest, store.commits().values.very_many) = (0, Duration::MAX, very_many);
    let mut left = Vec::new();
    let mut line = Line::begin(&store, "line").unwrap();
    for draft in 0..5_u8 {
        let mut rows = line.draft();
        (0..10).for_each(|row| rows.put(crate::Table::Cursors, &[draft, row], b"row").unwrap());
        assert!(line.store(rows).unwrap() && line.end().unwrap());
        left.push(store.commits().values.len());
    }
    assert_eq!(left, [55, 50, 45, 40, 35]);
    drop(line);
    // Others come while some are left.
    for number in 31..=40 {
        keep(&store, connection, number);
    }
    assert_eq!(store.commits().values.len(), 55);
    store.commit::<_, StoreError>("test", |w| w.put_mapping([1; 8], "text")).unwrap();
    assert!(store.commits().values.is_empty());
    let view = store.snapshot().unwrap();
    assert_eq!(view.shadow_key_runs(connection).unwrap(), runs);
    assert_eq!((1..=40).map(|number| found(&view, connection, number)).sum::<usize>(), 40);
    Arc::into_inner(store).unwrap().close().unwrap();
    assert_eq!(most_found(&disk), 40);
}

#[test]
fn very_many_values_are_runs_of_their_own_until_they_are_moved() {
    let disk = Recorder::new();
    let store = disk.open().unwrap();
    let connection = begin(&store);
    store.commits().values.very_many = 20;
    // Whoever was there before, and two runs: what comes last is too little for a third.
    keep(&store, connection, 1);
    for numbers in [2..=14, 15..=34, 35..=40] {
        store.commit::<_, StoreError>("test", |w| w.put_mapping([1; 8], "text")).unwrap();
        numbers.for_each(|number| keep(&store, connection, number));
    }
    let all = |view: &Snapshot| (1..=40).map(|number| found(view, connection, number)).collect::<Vec<_>>();
    let runs = || store.whole_snapshot().unwrap().shadow_key_runs(connection).unwrap();
    assert_eq!((runs(), all(&store.snapshot().unwrap())), (2, vec![1; 40]));
    assert!(verify(&store.snapshot().unwrap()).unwrap().is_clean());
    // Whoever goes, and whoever has another name, is found by his old one in no run.
    store
        .commit::<_, StoreError>("test", |w| {
            w.purge_shadow(connection, CLASS, &id(20))?;
            let (ordinal, before) = w.shadow_of(connection, CLASS, &id(3))?.unwrap();
            let mut after = before.clone();
            after.attributes.set("userName", "user20".into());
            w.put_shadow_keys(connection, ordinal, Some(&before), &after)?;
            w.put_shadow(connection, ordinal, &after)
        })
        .unwrap();
    let mut expected = vec![1; 40];
    expected[2] = 0;
    assert_eq!(all(&store.snapshot().unwrap()), expected);
    let mut moves = 0;
    while store.commit::<_, StoreError>("test", |w| w.fold_shadow_keys(connection, 4)).unwrap() {
        moves += 1;
        let view = store.snapshot().unwrap();
        assert_eq!(all(&view), expected);
        let anybody = view.shadows_with(connection, CLASS, "displayName", "anybody").unwrap();
        let ordinals: Vec<u32> = anybody.map(Result::unwrap).collect();
        assert_eq!((ordinals.len(), ordinals.is_sorted()), (39, true));
        assert!(verify(&view).unwrap().is_clean());
    }
    assert_eq!((runs(), moves), (0, 10 + 7), "38 rows and 25, four in each move");
    store.close().unwrap();
    assert_eq!(most_found(&disk), 39, "one had gone when the last ones were stored");
}
