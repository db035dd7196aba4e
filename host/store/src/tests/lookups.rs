use super::{case, commit, entity_id, hr, memory, name, outbox_entry, plan};
use crate::prelude::*;
use crate::{ConnectionNumber, StoreError, Table};
use rosterd_model::outbox::{DeliveryState, Doubt, Lane, OutboxEntry};
use rosterd_model::plan::PlanDigest;
use rosterd_model::{Class, ExternalId};

#[test]
fn a_connection_keeps_its_number() {
    let store = memory();
    for _ in 0..2 {
        let numbers = ["b", "a"].map(|text| commit(&store, |writer| writer.intern_connection(&name(text))));
        assert_eq!(numbers, [ConnectionNumber(0), ConnectionNumber(1)]);
    }
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.connection_name(ConnectionNumber(1)).unwrap(), Some(name("a")));
    assert_eq!(snapshot.connection_number(&name("c")).unwrap(), None);
}

#[test]
fn several_entities_hold_one_value_within_attribute_and_space() {
    let store = memory();
    let long = "x".repeat(5000);
    commit(&store, |writer| {
        for (attribute, space, value, id) in [
            ("mail", "", "a", 1),
            ("mail", "", "a", 2),
            ("mail", "", "ab", 3),
            ("mail", "eu", "a", 4),
            ("m", "", "a", 5),
        ] {
            writer.put_entity_key(Class::Account, attribute, space, value, entity_id(id))?;
        }
        writer.put_entity_key(Class::Account, "mail", "", &long, entity_id(6))?;
        writer.remove_entity_key(Class::Account, "mail", "", "a", entity_id(9))
    });
    let snapshot = store.snapshot().unwrap();
    let with = |value: &str, most| snapshot.entities_with(Class::Account, "mail", "", value, most).unwrap();
    assert_eq!(with("a", 10), [entity_id(1), entity_id(2)]);
    assert_eq!(with("a", 1), [entity_id(1)]);
    assert_eq!(with(&long, 10), [entity_id(6)]);
    assert_eq!(with("", 10), []);
    assert_eq!(snapshot.entities_with(Class::Group, "mail", "", "a", 10).unwrap(), []);
}

#[test]
fn plans_are_found_by_the_beginning_of_their_digest() {
    let store = memory();
    let digest = |last| {
        let mut digest = [0xab; 32];
        digest[2] = last;
        digest
    };
    commit(&store, |writer| {
        for (number, job, last) in [(1, "import", 0x10), (2, "other", 0x1f), (3, "import", 0x10)] {
            assert_eq!(writer.next_plan()?, number);
            writer.put_plan(&plan(number, job, digest(last)))?;
        }
        writer.put_plan(&plan(2, "other", digest(0x1f)))
    });
    let snapshot = store.snapshot().unwrap();
    let number = |text: &str| snapshot.plan_of_prefix(text).map(|plan| plan.map(|plan| plan.number));
    assert_eq!(number("abab1f").unwrap(), Some(2));
    assert_eq!(number("ABAB10AB").unwrap(), Some(3), "the newest of two plans with one digest");
    assert_eq!(number("abab2").unwrap(), None);
    assert_eq!(number(&PlanDigest(digest(0x1f)).to_string()).unwrap(), Some(2));
    let error = number("abab1").unwrap_err().to_string();
    assert!(error.contains("abab10ababab") && error.contains("abab1fababab"), "{error}");
    for bad in ["aba", "abxx", "", "\u{e9}\u{e9}\u{e9}", &"a".repeat(65)] {
        assert!(matches!(number(bad), Err(StoreError::BadDigest { .. })), "{bad}");
    }
    let of_import: Vec<u64> =
        snapshot.plans_of(&"import".parse().unwrap()).unwrap().map(|plan| plan.unwrap().number).collect();
    assert_eq!(of_import, [3, 1]);
    assert_eq!(snapshot.plans().unwrap().count(), 3);
}

#[test]
fn a_newer_wish_inherits_the_doubt_and_the_same_wish_changes_nothing() {
    let store = memory();
    let hr = hr(&store);
    commit(&store, |writer| {
        let tried = OutboxEntry { doubt: Doubt::Attempt, attempts: 3, ..outbox_entry(entity_id(1), 1) };
        writer.put_outbox(hr, &tried)?;
        writer.queue_outbox(hr, outbox_entry(entity_id(1), 2))?;
        assert_eq!(writer.outbox_entry(hr, Class::Account, entity_id(1))?, Some(tried));
        writer.queue_outbox(hr, OutboxEntry { desired: [9; 16], ..outbox_entry(entity_id(1), 3) })?;
        let newer = writer.outbox_entry(hr, Class::Account, entity_id(1))?.unwrap();
        assert!(newer.doubt == Doubt::Older && newer.attempts == 0 && newer.order == 3);
        Ok(())
    });
}

#[test]
fn what_an_entry_waits_for_wakes_it_until_it_no_longer_waits() {
    let store = memory();
    let hr = hr(&store);
    let (one, two) = ((Class::OrgUnit, entity_id(8)), (Class::OrgUnit, entity_id(9)));
    commit(&store, |writer| {
        let state = DeliveryState::Blocked { on: vec![one, two] };
        let entry = OutboxEntry { state, ..outbox_entry(entity_id(1), 1) };
        writer.put_outbox(hr, &entry)?;
        assert_eq!(writer.waiting_for(hr, two.0, two.1)?, [(Class::Account, entity_id(1))]);
        writer.put_outbox(hr, &OutboxEntry { state: DeliveryState::Blocked { on: vec![two] }, ..entry.clone() })?;
        assert_eq!((writer.waiting_for(hr, one.0, one.1)?.len(), writer.waiting_for(hr, two.0, two.1)?.len()), (0, 1));
        writer.remove_outbox(hr, Class::Account, entity_id(1))?;
        assert_eq!(writer.row_count(Table::OutboxBlocked)?, 0);
        Ok(())
    });
}

#[test]
fn a_lane_is_read_from_where_it_was_left() {
    let store = memory();
    let hr = hr(&store);
    commit(&store, |writer| {
        for order in 1..=4 {
            writer.put_outbox(hr, &outbox_entry(entity_id(10 - u8::try_from(order).unwrap()), order))?;
        }
        writer.put_outbox(hr, &OutboxEntry { lane: Lane::Disable, ..outbox_entry(entity_id(20), 5) }).map(drop)
    });
    let view = store.snapshot().unwrap();
    let lane =
        |lane, after| view.outbox_lane(hr, lane, after).unwrap().map(|entry| entry.unwrap().order).collect::<Vec<_>>();
    assert_eq!(lane(Lane::Account, 0), [1, 2, 3, 4]);
    assert_eq!(lane(Lane::Account, 2), [3, 4]);
    assert_eq!((lane(Lane::Account, 4), lane(Lane::Disable, 0)), (Vec::new(), vec![5]));
}

#[test]
fn a_later_outbox_entry_takes_the_place_of_the_one_that_waits() {
    let store = memory();
    let hr = hr(&store);
    commit(&store, |writer| {
        assert!(!writer.put_outbox(hr, &outbox_entry(entity_id(1), 1))?);
        assert!(!writer.put_outbox(hr, &outbox_entry(entity_id(2), 2))?);
        assert!(writer.put_outbox(hr, &outbox_entry(entity_id(1), 3))?);
        let urgent = rosterd_model::outbox::OutboxEntry { lane: Lane::Urgent, ..outbox_entry(entity_id(3), 4) };
        writer.put_outbox(hr, &urgent)?;
        // A retry keeps its place.
        writer.put_outbox(hr, &rosterd_model::outbox::OutboxEntry { attempts: 1, ..outbox_entry(entity_id(2), 2) })
    });
    let snapshot = store.snapshot().unwrap();
    let waiting: Vec<_> = snapshot.outbox(hr).unwrap().map(|entry| entry.unwrap().entity).collect();
    assert_eq!(waiting, [entity_id(3), entity_id(2), entity_id(1)]);
    assert_eq!(snapshot.outbox_entry(hr, Class::Account, entity_id(2)).unwrap().unwrap().attempts, 1);
    commit(&store, |writer| {
        assert!(writer.remove_outbox(hr, Class::Account, entity_id(2))?);
        assert!(!writer.remove_outbox(hr, Class::Account, entity_id(2))?);
        Ok(())
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.outbox_count(hr).unwrap(), 2);
    assert_eq!(snapshot.row_count(Table::Outbox).unwrap(), 2);
}

#[test]
fn an_object_has_one_open_case() {
    let store = memory();
    let hr = hr(&store);
    let open = |id| commit(&store, |writer| writer.open_case(case(id)));
    assert_eq!((open(Some("x")), open(None), open(None), open(Some("x"))), (1, 2, 3, 4));
    let numbers = |store: &crate::Store| -> Vec<u64> {
        store.snapshot().unwrap().cases(hr).unwrap().map(|case| case.unwrap().number).collect()
    };
    assert_eq!(numbers(&store), [2, 3, 4]);
    let x = ExternalId::from("x");
    assert_eq!(store.snapshot().unwrap().case_of(hr, Some(Class::Account), &x).unwrap(), Some(4));
    assert!(commit(&store, |writer| writer.close_case(4)).is_some());
    assert!(commit(&store, |writer| writer.close_case(4)).is_none());
    assert_eq!(store.snapshot().unwrap().case_of(hr, Some(Class::Account), &x).unwrap(), None);
    assert_eq!(numbers(&store), [2, 3]);
    assert_eq!(store.snapshot().unwrap().case_count(hr).unwrap(), 2);
}

#[test]
fn ids_that_can_not_be_keys_are_refused() {
    let store = memory();
    let hr = hr(&store);
    let id = ExternalId::from("x".repeat(ExternalId::MAX_BYTES + 1));
    let head = rosterd_model::shadow::ShadowHead { ordinal: 0, hash: [0; 16], seq: 1, live: true };
    let put = store.commit::<_, StoreError>("test", |writer| writer.put_shadow_head(hr, Class::Account, &id, &head));
    assert!(matches!(put, Err(StoreError::TooLong { bytes: 1025, .. })));
}
