//! The machine dies at any moment: whatever the disk holds then, the store opens, keeps its rules, and is what one of
//! the commits left.

use super::outbox_entry;
use crate::digest::content_digest;
use crate::prelude::*;
use crate::testing::{Recorder, Seed, seed};
use crate::verify::verify_with;
use crate::{Store, StoreError};
use rosterd_model::Class;
use std::time::Duration;

fn digest(store: &Store) -> [u8; 32] {
    content_digest(&store.snapshot().unwrap(), &[]).unwrap()
}

/// What every state in between looks like, and after which sync it was durable at the latest.
struct Past {
    disk: Recorder,
    states: Vec<([u8; 32], usize)>,
}

impl Past {
    fn note(&mut self, store: &Store) {
        self.states.push((digest(store), self.disk.syncs()));
    }
}

/// An import, deliveries and a purge, some of it without sync; the store is closed at the end.
fn workload() -> Past {
    let mut past = Past { disk: Recorder::new(), states: Vec::new() };
    let store = past.disk.open().unwrap();
    // As if each were one of many large ones.
    store.commits().few = 0;
    store.commits().longest = Duration::MAX;
    past.note(&store);
    let seeded = seed_and_note(&store, &mut past);
    for index in (1..40_u32).step_by(2) {
        let entity = Seed::entity(index);
        let work = |writer: &mut crate::Writer<'_>| -> Result<(), StoreError> {
            let entry = writer.outbox_entry(seeded.destination, Class::Account, entity)?.unwrap();
            match index % 3 {
                0 => writer.remove_outbox(seeded.destination, Class::Account, entity).map(drop),
                1 => {
                    let order = writer.next_order()?;
                    let moved = rosterd_model::outbox::OutboxEntry {
                        destination: entry.destination,
                        ..outbox_entry(entity, order)
                    };
                    writer.put_outbox(seeded.destination, &moved).map(drop)
                }
                _ => {
                    writer.remove_claims(entity, seeded.source)?;
                    writer.remove_link(seeded.source, Class::Account, index)?;
                    writer.purge_shadow(seeded.source, Class::Account, &Seed::external_id(index)).map(drop)
                }
            }
        };
        if index % 5 == 0 { store.commit("test", work) } else { store.commit_unsynced("test", work) }.unwrap();
        past.note(&store);
    }
    store.close().unwrap();
    past
}

fn seed_and_note(store: &Store, past: &mut Past) -> Seed {
    let seeded = seed(store, 200).unwrap();
    past.note(store);
    seeded
}

/// Opens a disk and checks the store on it; returns its digest.
fn check(image: Vec<u8>, when: &str) -> [u8; 32] {
    let store = Recorder::of_image(image).open().unwrap_or_else(|error| panic!("{when}: {error}"));
    let report = verify_with(&store.snapshot().unwrap(), &Seed::keys).unwrap();
    assert!(report.is_clean(), "{when}: {:?}", report.problems);
    digest(&store)
}

#[test]
fn every_image_of_a_dying_machine_is_one_of_the_states() {
    let past = workload();
    let (created, seeded) = (past.states[0].1, past.states[1].1);
    let known = |digest: &[u8; 32]| past.states.iter().position(|(state, _)| state == digest);
    let mut latest = 0;
    for sync in created..=past.disk.syncs() {
        let found = check(past.disk.image(sync), &format!("after sync {sync}"));
        if sync >= seeded {
            let state = known(&found).unwrap_or_else(|| panic!("sync {sync} left a state that never was"));
            assert!(state >= latest, "sync {sync} went back from state {latest} to {state}");
            latest = state;
        }
    }
    assert_eq!(latest, past.states.len() - 1, "the last state is durable once the store is closed");
}

#[test]
fn every_torn_image_is_one_of_the_states() {
    let past = workload();
    for sync in past.states[1].1..=past.disk.syncs() {
        let durable = check(past.disk.image(sync), "whole");
        let from = past.states.iter().position(|(state, _)| *state == durable).unwrap();
        for seed in 1..4 {
            let when = format!("after sync {sync}, torn by {seed}");
            let found = check(past.disk.torn_image(sync, seed), &when);
            let state = past.states.iter().position(|(state, _)| *state == found);
            assert!(state.is_some_and(|state| state >= from), "{when}: from {from} to {state:?}");
        }
        for writes in [1, 3, 7] {
            check(past.disk.killed_image(sync, writes), &format!("killed after sync {sync} and {writes} writes"));
        }
    }
}

#[test]
fn what_was_not_synced_is_lost_as_a_whole_and_what_was_is_kept() {
    let disk = Recorder::new();
    let store = disk.open().unwrap();
    store.commits().few = 0;
    store.commits().longest = Duration::MAX;
    let put = |number: u8| move |writer: &mut crate::Writer<'_>| writer.put_mapping([number; 8], "text");
    store.commit::<_, StoreError>("test", put(1)).unwrap();
    let syncs = disk.syncs();
    store.commit_unsynced::<_, StoreError>("test", put(2)).unwrap();
    store.commit_unsynced::<_, StoreError>("test", put(3)).unwrap();
    assert_eq!(disk.syncs(), syncs, "an unsynced commit does not wait for the disk");
    let kept = |image| {
        let store = Recorder::of_image(image).open().unwrap();
        let snapshot = store.snapshot().unwrap();
        [1, 2, 3, 4].map(|number| snapshot.mapping([number; 8]).unwrap().is_some())
    };
    assert_eq!(kept(disk.killed_image(syncs, usize::MAX)), [true, false, false, false]);
    store.commit::<_, StoreError>("test", put(4)).unwrap();
    assert_eq!(kept(disk.image(disk.syncs())), [true; 4]);
}

#[test]
fn a_small_commit_waits_for_the_disk_and_one_of_sixteen_large_ones() {
    let disk = Recorder::new();
    let store = disk.open().unwrap();
    store.commits().longest = Duration::MAX;
    let turns = std::cell::Cell::new(0);
    let put = |rows: u64| {
        let before = disk.syncs();
        // Other texts each time: a row that stands there already is not written.
        turns.set(turns.get() + 1);
        let text = format!("text {}", turns.get());
        let work =
            |writer: &mut crate::Writer<'_>| (0..rows).try_for_each(|row| writer.put_mapping(row.to_be_bytes(), &text));
        store.commit_unsynced::<_, StoreError>("test", work).unwrap();
        disk.syncs() > before
    };
    // While the file grows the engine syncs by itself.
    for _ in 0..48 {
        put(1_000);
    }
    assert!(put(999));
    let waited: Vec<bool> = (0..32).map(|_| put(1_000)).collect();
    let expected: Vec<bool> = (1..=32).map(|number| number % 16 == 0).collect();
    assert_eq!(waited, expected);
    assert!(!put(1_000) && put(1));
}

#[test]
fn what_belongs_to_the_next_commit_is_shown_to_nobody_outside_before_that() {
    let disk = Recorder::new();
    let store = disk.open().unwrap();
    let put = |number: u8| move |writer: &mut crate::Writer<'_>| writer.put_mapping([number; 8], "text");
    let inside = || [1, 2, 3].map(|number| store.snapshot().unwrap().mapping([number; 8]).unwrap().is_some());
    let outside = || [1, 2, 3].map(|number| store.durable_snapshot().unwrap().mapping([number; 8]).unwrap().is_some());
    let waits = store.counters().waits();
    store.commit_with_next::<_, StoreError>("test", put(1)).unwrap();
    store.commit_with_next::<_, StoreError>("test", put(2)).unwrap();
    assert_eq!((inside(), outside()), ([true, true, false], [false; 3]));
    assert_eq!(store.counters().waits(), waits);
    store.commit::<_, StoreError>("test", put(3)).unwrap();
    assert_eq!((inside(), outside()), ([true; 3], [true; 3]));
    assert_eq!(store.counters().waits(), waits + 1);
    // Work that fails is no commit, and keeps nothing from anybody.
    store.commit_with_next::<(), StoreError>("test", |_| Err(StoreError::ReadOnly)).unwrap_err();
    store.commit::<_, StoreError>("test", put(4)).unwrap();
    assert!(store.durable_snapshot().unwrap().mapping([4; 8]).unwrap().is_some());
}

#[test]
fn so_many_commits_belong_to_the_next_one_and_no_more() {
    let store = Recorder::new().open().unwrap();
    let waits = store.counters().waits();
    for number in 0..=255_u8 {
        store.commit_with_next::<_, StoreError>("test", |w| w.put_mapping([number; 8], "text")).unwrap();
        assert_eq!(store.counters().waits() - waits, u64::from(number == 255));
    }
}
