//! Keys that a line keeps back: nobody sees that they are, and no crash separates them from whom they lead to.

use crate::prelude::*;
use crate::testing::Recorder;
use crate::{Line, Store, StoreError};
use proptest::prelude::*;
use rosterd_model::{Attributes, Class, Entity, EntityId, Lifecycle, RunId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What one draft does, and what happens before the next one.
#[derive(Debug, Clone)]
struct Turn {
    /// Who is made, with which key.
    makes: Vec<(u8, u8)>,
    /// Who gets another key.
    renames: Option<(u8, u8)>,
    then: Then,
}

#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    Look,
    Write,
    EndTheLine,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let then = prop_oneof![4 => Just(Then::Nothing), 1 => Just(Then::Look), 1 => Just(Then::Write), 1 => Just(Then::EndTheLine)];
    let makes = prop::collection::vec((any::<u8>(), any::<u8>()), 1..12);
    let renames = prop::option::weighted(0.2, (any::<u8>(), any::<u8>()));
    let turn = (makes, renames, then).prop_map(|(makes, renames, then)| Turn { makes, renames, then });
    prop::collection::vec(turn, 1..30)
}

fn id(number: u8) -> EntityId {
    EntityId::from_bytes([number; 16])
}

/// The key of the entity is its only attribute, so that an image of a disk tells by itself whether all is there.
fn make(w: &mut impl Write, number: u8, key: u8) -> Result<(), StoreError> {
    let before = w.entity(Class::Account, id(number))?;
    if let Some(before) = before {
        let old = before.attributes.get("key").map(ToString::to_string).unwrap_or_default();
        if !w.remove_entity_key(Class::Account, "key", "", &old, before.id)? {
            return Err(StoreError::ReadOnly);
        }
    }
    let key = key.to_string();
    let mut attributes = Attributes::new();
    attributes.set("key", key.as_str().into());
    let (run, lifecycle) = (RunId(1), Lifecycle::Active);
    let entity = Entity {
        id: id(number),
        class: Class::Account,
        attributes,
        lifecycle,
        revision: 1,
        created: run,
        changed: run,
    };
    w.put_entity(&entity)?;
    w.put_entity_key(Class::Account, "key", "", &key, entity.id)
}

fn play(w: &mut impl Write, turn: &Turn, known: &BTreeMap<u8, u8>) -> Result<(), StoreError> {
    // Whoever is there already would be renamed; a turn says by itself when it wants that.
    for (number, key) in turn.makes.iter().filter(|(number, _)| !known.contains_key(number)) {
        make(w, *number, *key)?;
    }
    match turn.renames {
        Some((number, key)) if known.contains_key(&number) => make(w, number, key),
        _ => Ok(()),
    }
}

/// Everybody by key, and the number of keys; an error where somebody can not be found by his.
fn look(store: &Store) -> Result<BTreeMap<u8, u8>, String> {
    let view = store.snapshot().map_err(|error| error.to_string())?;
    let mut found = BTreeMap::new();
    for entity in view.entities(Class::Account, None).unwrap() {
        let entity = entity.unwrap();
        let key = entity.attributes.get("key").unwrap().to_string();
        let holders = view.entities_with(Class::Account, "key", "", &key, 300).unwrap();
        if !holders.contains(&entity.id) {
            return Err(format!("{} can not be found by {key}", entity.id));
        }
        found.insert(entity.id.as_bytes()[0], key.parse().unwrap());
    }
    let keys = view.row_count(crate::Table::EntityKeys).unwrap();
    if keys == found.len() as u64 { Ok(found) } else { Err(format!("{keys} keys lead to {} entities", found.len())) }
}

fn store(disk: &Recorder, most_kept: usize) -> Arc<Store> {
    let store = disk.open().unwrap();
    // As if each draft were one of many large ones.
    let mut commits = store.commits();
    (commits.few, commits.longest, commits.most_kept) = (0, Duration::MAX, most_kept);
    drop(commits);
    Arc::new(store)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn everybody_is_found_by_his_key_whenever_somebody_looks(turns in turns(), most_kept in 0..80_usize) {
        let disk = Recorder::new();
        let store = store(&disk, most_kept);
        let mut line = None;
        let mut model: BTreeMap<u8, u8> = BTreeMap::new();
        for turn in &turns {
            loop {
                let mut open = match line.take() {
                    Some(open) => open,
                    None => Line::begin(&store, "line").unwrap(),
                };
                let mut draft = open.draft();
                match play(&mut draft, turn, &model) {
                    Ok(()) if open.store(draft).unwrap() => line = Some(open),
                    Ok(()) => continue,
                    Err(StoreError::Unflushed { .. }) => {
                        prop_assert!(open.end().unwrap());
                        store.commit::<_, StoreError>("alone", |w| { w.gather(); play(w, turn, &model) }).unwrap();
                    }
                    Err(error) => panic!("{error}"),
                }
                break;
            }
            let known = model.clone();
            for (number, key) in &turn.makes {
                // The last of several within one turn counts, as it renames the first.
                if !known.contains_key(number) {
                    model.insert(*number, *key);
                }
            }
            if let Some((number, key)) = turn.renames.filter(|(number, _)| known.contains_key(number)) {
                model.insert(number, key);
            }
            match turn.then {
                Then::Nothing => {}
                Then::Look => {
                    if let Some(line) = &mut line {
                        prop_assert!(line.end().unwrap());
                    }
                    prop_assert_eq!(look(&store).map_err(TestCaseError::fail)?, model.clone());
                }
                Then::Write => {
                    if let Some(line) = &mut line {
                        prop_assert!(line.end().unwrap());
                    }
                    store.commit::<_, StoreError>("other", |w| w.put_mapping([1; 8], "text")).unwrap();
                }
                Then::EndTheLine => drop(line.take()),
            }
        }
        drop(line);
        prop_assert_eq!(look(&store).map_err(TestCaseError::fail)?, model);
        Arc::into_inner(store).unwrap().close().unwrap();
        for sync in 1..=disk.syncs() {
            let Ok(image) = Recorder::of_image(disk.image(sync)).open() else { continue };
            look(&image).map_err(|problem| TestCaseError::fail(format!("after sync {sync}: {problem}")))?;
        }
    }
}

#[test]
fn keys_wait_for_the_disk_and_for_whoever_looks() {
    let disk = Recorder::new();
    let store = store(&disk, 1_000);
    let mut line = Line::begin(&store, "line").unwrap();
    for number in 0..3 {
        let mut draft = line.draft();
        make(&mut draft, number, number).unwrap();
        assert!(line.store(draft).unwrap() && line.end().unwrap());
    }
    assert_eq!(store.commits().kept.len(), 3, "none was written");
    let lacking = store.snapshot_without_keys().unwrap();
    assert!(lacking.entities_with(Class::Account, "key", "", "1", 9).unwrap().is_empty());
    assert!(lacking.entity(Class::Account, id(1)).unwrap().is_some());
    assert_eq!(look(&store).unwrap().len(), 3);
    assert!(store.commits().kept.is_empty());
    // The line goes on: what was stored for the one who looked is nothing that its drafts have read.
    let mut draft = line.draft();
    make(&mut draft, 3, 3).unwrap();
    assert!(line.store(draft).unwrap() && line.end().unwrap());
    assert_eq!(store.commits().kept.len(), 1);
    drop(line);
    assert!(store.commits().kept.is_empty(), "the end of a line stores all");
}
