//! What is put comes back, and what is removed does not.

use super::{commit, entity_id, hr, memory, name};
use crate::SealedPassword;
use crate::prelude::*;
use crate::tables::scans::{LastScan, ScanProgress};
use rosterd_model::claim::HistoryRow;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::{Reason, Step, StepObject};
use rosterd_model::run::ScanCounts;
use rosterd_model::shadow::{Missing, Shadow, ShadowHead, ShadowState};
use rosterd_model::{Attributes, Class, ExternalId, RunId, Timestamp, Value};

#[test]
fn shadows_with_their_heads() {
    let store = memory();
    let hr = hr(&store);
    let (class, id) = (Class::OrgUnit, ExternalId::from("ou=\u{0}\u{1}x".to_owned()));
    let head = ShadowHead { ordinal: 0, hash: [3; 16], seq: 9, live: false };
    let attributes = Attributes::from_iter([("a".to_owned(), Value::Decimal(1.5)), ("b".to_owned(), Value::Null)]);
    let state = ShadowState::Live;
    let shadow =
        Shadow { class, id: id.clone(), version: None, hash: [3; 16], seq: 9, partial: true, attributes, state };
    commit(&store, |writer| {
        let ordinal = writer.take_ordinal(hr, class)?;
        writer.put_shadow(hr, ordinal, &shadow)?;
        writer.put_shadow_head(hr, class, &id, &head)?;
        writer.put_unsettled(hr, class, ordinal, 9)
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.shadow_head(hr, class, &id).unwrap(), Some(head.clone()));
    assert_eq!(snapshot.shadow_of(hr, class, &id).unwrap(), Some((0, shadow.clone())));
    assert_eq!(snapshot.shadows(hr, class, 0).unwrap().map(Result::unwrap).collect::<Vec<_>>(), [(0, shadow)]);
    assert_eq!(snapshot.shadow_heads(hr, class).unwrap().map(Result::unwrap).collect::<Vec<_>>(), [(id.clone(), head)]);
    assert_eq!(snapshot.shadows(hr, class, 1).unwrap().count(), 0);
    assert_eq!(snapshot.shadow_heads(hr, Class::Account).unwrap().count(), 0);
    commit(&store, |writer| {
        assert!(writer.purge_shadow(hr, class, &id)?);
        assert!(!writer.purge_shadow(hr, class, &id)?);
        assert_eq!(writer.next_ordinal(hr, class)?, 1, "an ordinal is not used again");
        Ok(())
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.shadow(hr, class, 0).unwrap(), None);
    assert!(crate::verify::verify(&snapshot).unwrap().is_clean());
}

#[test]
fn a_shadow_that_changed_since_is_not_settled() {
    let store = memory();
    let hr = hr(&store);
    let class = Class::Account;
    commit(&store, |writer| {
        writer.put_unsettled(hr, class, 4, 7)?;
        assert!(!writer.settle(hr, class, 4, 6)?);
        assert_eq!(writer.unsettled(hr, class, 4)?, Some(7));
        assert_eq!(writer.all_unsettled(hr, class, 0)?.map(Result::unwrap).collect::<Vec<_>>(), [(4, 7)]);
        assert!(writer.settle(hr, class, 4, 7)?);
        assert!(!writer.settle(hr, class, 4, 7)?);
        Ok(())
    });
}

#[test]
fn what_scans_left() {
    let store = memory();
    let hr = hr(&store);
    let progress = ScanProgress {
        run: RunId(1),
        started_seq: 5,
        resume: Some("page 2".to_owned()),
        counts: ScanCounts { pages: 1, ..ScanCounts::default() },
        extra: "{}".to_owned(),
    };
    let scan = LastScan { records: 3, source_version: Some("v".to_owned()), at: Timestamp(1), run: RunId(1) };
    let missing = Missing { confirmations: 1, source_version: "v".to_owned(), at: Timestamp(1), first: Timestamp(1) };
    commit(&store, |writer| {
        writer.put_scan_progress(hr, &progress)?;
        writer.put_cursor(hr, Some("c"))?;
        writer.put_last_scan(hr, Class::Account, &scan)?;
        writer.put_mapping_state(hr, "f")?;
        writer.put_scratch(hr, "k", &[0, 1])?;
        writer.put_missing(hr, Class::Account, 3, &missing)
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.scan_progress(hr).unwrap(), Some(progress));
    assert_eq!(snapshot.cursor(hr).unwrap().as_deref(), Some("c"));
    assert_eq!(snapshot.last_scan(hr, Class::Account).unwrap(), Some(scan));
    assert_eq!(snapshot.last_scan(hr, Class::Group).unwrap(), None);
    assert_eq!(snapshot.mapping_state(hr).unwrap().as_deref(), Some("f"));
    assert_eq!(snapshot.scratch(hr, "k").unwrap(), Some(vec![0, 1]));
    assert_eq!(snapshot.missing(hr, Class::Account, 3).unwrap(), Some(missing));
    commit(&store, |writer| {
        writer.put_cursor(hr, None)?;
        writer.clear_scan(hr)?;
        assert!(writer.remove_scratch(hr, "k")? && writer.remove_missing(hr, Class::Account, 3)?);
        Ok(())
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!((snapshot.cursor(hr).unwrap(), snapshot.scan_progress(hr).unwrap()), (None, None));
}

#[test]
fn history_in_order_and_of_one_entity() {
    let store = memory();
    let row = |entity, after: &str| HistoryRow {
        entity: entity_id(entity),
        attribute: "title".into(),
        before: None,
        after: Some(after.into()),
        connection: Some(name("hr")),
        run: RunId(1),
    };
    commit(&store, |writer| {
        [(1, "a"), (2, "b"), (1, "c")].iter().try_for_each(|(id, text)| writer.add_history(&row(*id, text)).map(drop))
    });
    let snapshot = store.snapshot().unwrap();
    let found: Vec<_> = snapshot.history(entity_id(1)).unwrap().rev().map(Result::unwrap).collect();
    assert_eq!(found, [(3, row(1, "c")), (1, row(1, "a"))]);
    assert_eq!(commit(&store, |writer| writer.remove_history(entity_id(1))), 2);
}

#[test]
fn history_is_found_in_every_portion_of_the_sequence() {
    let store = memory();
    let row = |entity| HistoryRow {
        entity: entity_id(entity),
        attribute: "title".into(),
        before: None,
        after: None,
        connection: None,
        run: RunId(1),
    };
    let seqs = commit(&store, |writer| {
        let mut seqs = Vec::new();
        // Portions with a row of this entity, with rows of others alone, and with none.
        for (entity, skipped) in [(2, 0), (1, 40_000), (3, 70_000), (1, 300_000), (2, 70_000), (1, 10)] {
            for _ in 0..skipped {
                writer.next_sequence()?;
            }
            seqs.push((entity, writer.add_history(&row(entity))?));
        }
        Ok(seqs)
    });
    let snapshot = store.snapshot().unwrap();
    for entity in 1..=4 {
        let found: Vec<u64> = snapshot.history(entity_id(entity)).unwrap().map(|row| row.unwrap().0).collect();
        let own: Vec<u64> = seqs.iter().filter(|(of, _)| *of == entity).map(|(_, seq)| *seq).collect();
        assert_eq!(found, own, "of {entity}");
    }
}

#[test]
fn steps_in_order_from_any_place() {
    let store = memory();
    let step = |label: &str| Step {
        class: Class::Account,
        object: StepObject::Entity(entity_id(1)),
        label: label.into(),
        reason: Reason::Changed,
        source: None,
        claims: None,
        mapping: [0; 8],
        parts: Vec::new(),
    };
    commit(&store, |writer| {
        for (plan, lane, index) in
            [(1, Lane::Account, 0), (1, Lane::Account, 1), (1, Lane::Disable, 0), (2, Lane::Account, 0)]
        {
            writer.put_step(plan, lane, index, &step(&format!("{plan}")))?;
        }
        Ok(())
    });
    let snapshot = store.snapshot().unwrap();
    let places = |rows: Vec<crate::StepRow>| rows.into_iter().map(|row| (row.lane, row.index)).collect::<Vec<_>>();
    let all = places(snapshot.steps(1).unwrap().map(Result::unwrap).collect());
    assert_eq!(all, [(Lane::Account, 0), (Lane::Account, 1), (Lane::Disable, 0)]);
    assert_eq!(snapshot.step_place(1, 0).unwrap(), None);
    assert_eq!(snapshot.step_place(1, 2).unwrap(), Some((Lane::Account, 1)));
    assert_eq!(snapshot.step_place(1, 4).unwrap(), None);
    let rest = places(snapshot.steps_after(1, (Lane::Account, 1)).unwrap().map(Result::unwrap).collect());
    assert_eq!(rest, [(Lane::Disable, 0)]);
    assert_eq!(snapshot.step(2, Lane::Account, 0).unwrap(), Some(step("2")));
    assert_eq!(snapshot.interrupted_plans().unwrap(), [1, 2]);
    assert_eq!(commit(&store, |writer| writer.remove_steps(1, 2)), 2);
    assert_eq!(store.snapshot().unwrap().steps(1).unwrap().count(), 1);
}

#[test]
fn first_passwords_of_each_destination_until_they_are_removed() {
    let store = memory();
    let hr = hr(&store);
    let (one, two) = (entity_id(1), entity_id(2));
    let sealed = |byte| SealedPassword { operation: "k".to_owned(), sealed: vec![byte; 40], at: Timestamp(5) };
    let other = commit(&store, |writer| {
        let other = writer.intern_connection(&name("other"))?;
        writer.put_password(hr, one, &sealed(1))?;
        writer.put_password(hr, two, &sealed(2))?;
        writer.put_password(other, one, &sealed(3))?;
        Ok(other)
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.password(hr, one).unwrap(), Some(sealed(1)));
    assert_eq!(snapshot.password(other, one).unwrap(), Some(sealed(3)));
    let waiting: Vec<_> = snapshot.passwords(hr).unwrap().map(Result::unwrap).collect();
    assert_eq!(waiting, [one, two]);
    commit(&store, |writer| {
        assert!(writer.remove_password(hr, one)? && !writer.remove_password(hr, one)?);
        Ok(())
    });
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.password(hr, one).unwrap(), None);
    assert_eq!(snapshot.password(other, one).unwrap(), Some(sealed(3)));
}
