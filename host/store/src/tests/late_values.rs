//! Values by which clients look up what they submit, kept back: who looks finds them, and no crash separates them from whom they
//! lead to.

use super::{hr, memory};
use crate::prelude::*;
use crate::testing::Recorder;
use crate::verify::verify;
use crate::{ConnectionNumber, Snapshot, Store, StoreError, WithoutValues, Writer};
use rosterd_model::shadow::{Shadow, ShadowHead, ShadowState};
use rosterd_model::{Attributes, Class, ExternalId};

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
    let attributes: Attributes = [("userName".to_owned(), format!("user{number}").into())].into_iter().collect();
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
    {
        let _without = WithoutValues::begin();
        let view = store.snapshot().unwrap();
        assert_eq!((found(&view, connection, 1), found(&view, connection, 2)), (0, 0), "they are not stored yet");
        assert!(view.shadow_of(connection, CLASS, &id(2)).unwrap().is_some(), "all else is");
    }
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
    let view = store.snapshot().unwrap();
    assert_eq!([1, 2, 3, 4].map(|number| found(&view, connection, number)), [0, 0, 1, 1]);
    assert!(verify(&view).unwrap().is_clean());
}

#[test]
fn so_many_are_kept_back_and_no_more() {
    let store = memory();
    let connection = begin(&store);
    store.commits().most_values = 2;
    for number in 1..=3 {
        keep(&store, connection, number);
    }
    let _without = WithoutValues::begin();
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
    assert_eq!(most, 40, "a store that was closed has all");
}
