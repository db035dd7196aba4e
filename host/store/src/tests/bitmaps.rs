use super::{commit, hr, memory};
use crate::prelude::*;
use crate::tables::bitmaps::CHUNK_BITS;
use crate::{Table, Writer};
use proptest::prelude::*;
use rosterd_model::shadow::ShadowHead;
use rosterd_model::{Class, ExternalId};
use std::collections::BTreeSet;

/// Puts a head, which sets or clears the live bit.
fn put(writer: &mut Writer<'_>, connection: crate::ConnectionNumber, ordinal: u32, live: bool) {
    let head = ShadowHead { ordinal, hash: [0; 16], seq: 1, live };
    writer.put_shadow_head(connection, Class::Group, &ExternalId::from(ordinal.to_string()), &head).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_live_and_was_not_seen_is_unseen(
        total in 1_u32..3 * CHUNK_BITS,
        live in prop::collection::btree_set(0_u32..3 * CHUNK_BITS, 0..200),
        seen in prop::collection::btree_set(0_u32..3 * CHUNK_BITS, 0..200),
        gone in prop::collection::btree_set(0_u32..3 * CHUNK_BITS, 0..50),
    ) {
        let within = |set: BTreeSet<u32>| set.into_iter().filter(|ordinal| *ordinal < total).collect::<BTreeSet<_>>();
        let (live, seen, gone) = (within(live), within(seen), within(gone));
        let store = memory();
        let hr = hr(&store);
        commit(&store, |writer| {
            for _ in 0..total {
                writer.take_ordinal(hr, Class::Group)?;
            }
            live.iter().for_each(|ordinal| put(writer, hr, *ordinal, true));
            for ordinal in &seen {
                assert!(!writer.mark_seen(hr, Class::Group, *ordinal)?);
                assert!(writer.mark_seen(hr, Class::Group, *ordinal)?);
            }
            Ok(())
        });
        commit(&store, |writer| {
            gone.iter().for_each(|ordinal| put(writer, hr, *ordinal, false));
            Ok(())
        });
        let snapshot = store.snapshot().unwrap();
        let alive: BTreeSet<u32> = live.difference(&gone).copied().collect();
        let found: Vec<u32> = snapshot.live_ordinals(hr, Class::Group).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(&found, &alive.iter().copied().collect::<Vec<_>>());
        let unseen: Vec<u32> = snapshot.unseen(hr, Class::Group).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(unseen, alive.difference(&seen).copied().collect::<Vec<_>>());
        prop_assert_eq!(snapshot.live_count(hr, Class::Group).unwrap(), alive.len() as u64);
        prop_assert_eq!(snapshot.seen_count(hr, Class::Group).unwrap(), seen.len() as u64);
    }
}

#[test]
fn the_end_of_a_scan_forgets_what_it_showed_even_in_the_same_transaction() {
    let store = memory();
    let hr = hr(&store);
    commit(&store, |writer| {
        writer.take_ordinal(hr, Class::Account)?;
        writer.mark_seen(hr, Class::Account, 0)?;
        assert!(writer.is_seen(hr, Class::Account, 0)?);
        writer.clear_scan(hr)?;
        assert!(!writer.is_seen(hr, Class::Account, 0)?);
        Ok(())
    });
    assert_eq!(store.snapshot().unwrap().row_count(Table::Seen).unwrap(), 0);
}

#[test]
fn a_chunk_without_bits_leaves_no_row() {
    let store = memory();
    let hr = hr(&store);
    commit(&store, |writer| writer.take_ordinal(hr, Class::Group));
    for live in [true, false] {
        commit(&store, |writer| {
            put(writer, hr, 0, live);
            Ok(())
        });
        assert_eq!(store.snapshot().unwrap().row_count(Table::Live).unwrap(), u64::from(live));
    }
}
