use super::{commit, hr, memory};
use crate::prelude::*;
use crate::{Counter, StoreError, Table};
use rosterd_model::Timestamp;

#[test]
fn work_that_fails_stores_nothing_and_gives_its_numbers_back() {
    let store = memory();
    hr(&store);
    let failed = store.commit::<(), StoreError>("test", |writer| {
        assert_eq!(writer.next_sequence()?, 1);
        writer.put_mapping([1; 8], "text")?;
        Err(StoreError::ReadOnly)
    });
    assert!(matches!(failed, Err(StoreError::ReadOnly)));
    let snapshot = store.snapshot().unwrap();
    assert_eq!((snapshot.sequence().unwrap(), snapshot.mapping([1; 8]).unwrap()), (0, None));
    assert_eq!(commit(&store, |writer| writer.next_sequence()), 1);
}

#[test]
fn numbers_go_on_over_transactions_and_kinds_do_not_mix() {
    let store = memory();
    let take = |times| commit(&store, |writer| (0..times).map(|_| writer.next_number(Counter::Order)).last().unwrap());
    assert_eq!((take(3), take(2)), (3, 5));
    assert_eq!(commit(&store, |writer| writer.next_plan()), 1);
    assert_eq!(store.snapshot().unwrap().last_number(Counter::Order).unwrap(), 5);
}

#[test]
fn a_snapshot_does_not_see_later_commits() {
    let store = memory();
    let before = store.snapshot().unwrap();
    commit(&store, |writer| writer.put_mapping([1; 8], "text"));
    assert_eq!(before.mapping([1; 8]).unwrap(), None);
    assert_eq!(store.snapshot().unwrap().mapping([1; 8]).unwrap().as_deref(), Some("text"));
}

#[test]
fn policy_time_never_goes_back() {
    let store = memory();
    let times = [5, 3, 8, 1].map(|now| commit(&store, |writer| writer.advance_clock(Timestamp(now))).0);
    assert_eq!(times, [5, 5, 8, 8]);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.policy_now(Timestamp(2)).unwrap(), Timestamp(8));
    assert_eq!(snapshot.policy_now(Timestamp(9)).unwrap(), Timestamp(9));
}

#[test]
fn an_edited_row_reads_as_edited_and_gives_way_to_a_put() {
    let store = memory();
    commit(&store, |writer| {
        writer.edit(Table::Meta, b"a")?.extend_from_slice(b"edited");
        assert_eq!(writer.get(Table::Meta, b"a")?.as_deref(), Some(b"edited".as_slice()));
        assert!(matches!(writer.row_count(Table::Meta), Err(StoreError::Unflushed { .. })));
        assert_eq!(writer.replace(Table::Meta, b"a", b"put")?.as_deref(), Some(b"edited".as_slice()));
        assert_eq!(writer.get(Table::Meta, b"a")?.as_deref(), Some(b"put".as_slice()));
        writer.edit(Table::Meta, b"a")?.clear();
        assert!(!writer.has(Table::Meta, b"a")?);
        assert!(!writer.remove(Table::Meta, b"a")?);
        assert!(writer.edit(Table::Runs, b"a").is_err());
        Ok(())
    });
    assert!(!store.snapshot().unwrap().has(Table::Meta, b"a").unwrap());
}

#[test]
fn removing_by_prefix_stops_at_the_limit_and_at_the_end_of_the_prefix() {
    let store = memory();
    let left = commit(&store, |writer| {
        for key in [b"aa", b"ab", b"ac", b"b0"] {
            writer.put(Table::Scratch, key, b"")?;
        }
        assert_eq!(writer.remove_prefix(Table::Scratch, b"a", 2)?, 2);
        assert!(writer.has(Table::Scratch, b"ac")?);
        assert_eq!(writer.remove_prefix(Table::Scratch, b"a", u64::MAX)?, 1);
        writer.row_count(Table::Scratch)
    });
    assert_eq!(left, 1);
}

#[test]
fn rows_are_counted() {
    let store = memory();
    let (read, written) = (store.counters().rows_read(), store.counters().rows_written());
    commit(&store, |writer| (0..10_u8).try_for_each(|number| writer.put(Table::Scratch, &[number], b"")));
    assert_eq!(store.counters().rows_written() - written, 10);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.prefix(Table::Scratch, b"").unwrap().count(), 10);
    assert_eq!(store.counters().rows_read() - read, 10);
}

#[test]
fn stores_snapshots_and_errors_go_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<crate::Store>();
    shared::<crate::Snapshot>();
    shared::<StoreError>();
}
