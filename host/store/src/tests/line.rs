//! Drafts that are stored one behind the other: as if each were a transaction.

use crate::prelude::*;
use crate::schema::Table;
use crate::{Draft, Line, Store, StoreError, Writer};
use proptest::prelude::*;
use std::sync::Arc;

/// What a transaction does: of two tables, one of which is changed in memory and one gathered, and of one that is neither.
#[derive(Debug, Clone)]
enum Act {
    Put(u8, u8),
    Remove(u8),
    Edit(u8, u8),
    Take(u8),
}

const TABLES: [Table; 3] = [Table::Live, Table::Entities, Table::Runs];

fn acts() -> impl Strategy<Value = Vec<Vec<(usize, Act)>>> {
    let act = prop_oneof![
        (any::<u8>(), any::<u8>()).prop_map(|(key, value)| Act::Put(key % 8, value)),
        any::<u8>().prop_map(|key| Act::Remove(key % 8)),
        (any::<u8>(), any::<u8>()).prop_map(|(key, value)| Act::Edit(key % 8, value)),
        any::<u8>().prop_map(|key| Act::Take(key % 8)),
    ];
    prop::collection::vec(prop::collection::vec((0..3_usize, act), 1..20), 1..8)
}

/// Does it, and says what it saw.
fn play(w: &mut impl Write, acts: &[(usize, Act)]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let mut seen = Vec::new();
    for (table, act) in acts {
        let table = TABLES[*table];
        match act {
            Act::Put(key, value) => w.put(table, &[*key], &[*value, 1])?,
            Act::Remove(key) => {
                let had = w.remove(table, &[*key])?;
                seen.push(Some(vec![u8::from(had)]));
            }
            Act::Edit(key, value) if table == Table::Live => w.edit(table, &[*key])?.push(*value),
            Act::Edit(key, value) => seen.push(w.replace(table, &[*key], &[*value, 2])?),
            Act::Take(key) => seen.push(w.take(table, &[*key])?),
        }
        for key in 0..8 {
            seen.push(w.get(table, &[key])?.map(|bytes| bytes.to_vec()));
        }
    }
    Ok(seen)
}

fn store() -> Arc<Store> {
    Arc::new(super::memory())
}

fn rows(store: &Store) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let view = store.snapshot().unwrap();
    let of = |table: Table| {
        let rows = view.prefix(table, b"").unwrap();
        rows.map(move |row| row.map(|row| (table, row.key.to_vec(), row.value.to_vec())).unwrap()).collect::<Vec<_>>()
    };
    TABLES.into_iter().flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn drafts_of_a_line_are_transactions_one_behind_the_other(acts in acts()) {
        let (one, other) = (store(), store());
        let mut line = Line::begin(&other, "line").unwrap();
        for acts in &acts {
            let gathered = |w: &mut Writer<'_>| { w.gather(); play(w, acts) };
            let expected = one.commit::<_, StoreError>("plain", gathered).unwrap();
            let mut draft = line.draft();
            let seen = play(&mut draft, acts).unwrap();
            prop_assert_eq!(seen, expected);
            prop_assert!(line.store(draft).unwrap());
        }
        prop_assert!(line.end().unwrap());
        prop_assert_eq!(rows(&other), rows(&one));
    }
}

#[test]
fn who_is_overtaken_stores_nothing() {
    let store = store();
    let put = |w: &mut Draft, key: u8| w.put(Table::Entities, &[key], &[key]);
    let mut line = Line::begin(&store, "line").unwrap();
    let mut draft = line.draft();
    put(&mut draft, 1).unwrap();
    assert!(line.store(draft).unwrap());
    assert!(line.end().unwrap());
    let mut draft = line.draft();
    put(&mut draft, 2).unwrap();
    store.commit::<_, StoreError>("other", |w| w.put(Table::Entities, &[9], &[9])).unwrap();
    assert!(!line.store(draft).unwrap());
    drop(line);
    assert_eq!(rows(&store).iter().map(|(_, key, _)| key[0]).collect::<Vec<_>>(), [1, 9]);
    // Somebody who only looks, and a commit that failed, overtake nobody.
    let mut line = Line::begin(&store, "line").unwrap();
    let failed = store.commit::<(), StoreError>("other", |_| Err(StoreError::ReadOnly));
    assert!(failed.is_err());
    let mut draft = line.draft();
    put(&mut draft, 3).unwrap();
    assert!(line.store(draft).unwrap() && line.end().unwrap());
}

#[test]
fn rows_that_are_on_their_way_can_not_be_listed() {
    let store = store();
    let mut line = Line::begin(&store, "line").unwrap();
    let mut draft = line.draft();
    draft.put(Table::Entities, &[1], &[1]).unwrap();
    assert!(line.store(draft).unwrap());
    let mut draft = line.draft();
    let unflushed = |table: Table, error: Result<u64, StoreError>| {
        assert!(matches!(error, Err(StoreError::Unflushed { table: of }) if of == table));
    };
    unflushed(Table::Entities, draft.prefix(Table::Entities, b"").map(|_| 0));
    unflushed(Table::Entities, draft.row_count(Table::Entities));
    assert_eq!(draft.row_count(Table::Claims).unwrap(), 0);
    draft.put(Table::Claims, &[1], &[1]).unwrap();
    unflushed(Table::Claims, draft.row_count(Table::Claims));
    assert!(line.end().unwrap());
}
