//! Rows of which only some attributes are wanted: the others are passed over, and nothing of them is copied.
//!
//! A new plan reads every account of a company this way, so it walks along the bytes ([`crate::wire`]) instead of asking a
//! deserializer for each field. What it comes to is what the whole row has; the tests compare both.

use crate::codec;
use crate::error::StoreError;
use crate::schema::Table;
use crate::wire::Wire;
use rosterd_model::claim::ClaimEntry;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, ClaimSet, Entity, Text, Value};

/// Claims about attributes that are wanted and no others, without the connector that said them.
pub(crate) fn claims(bytes: &[u8], wanted: &dyn Fn(&[u8]) -> bool) -> Result<ClaimSet, StoreError> {
    read(Table::Claims, bytes, |wire| {
        let (class, ordinal, external_id, further) = wire.value()?;
        wire.bytes()?;
        let mut entries = Vec::new();
        for _ in 0..wire.number()? {
            let name = wire.bytes()?;
            if wanted(name) {
                let (attribute, value) = (text(name)?, wire.value()?);
                let (since, mapping) = (wire.value()?, wire.array()?);
                make_room(&mut entries);
                entries.push(ClaimEntry { attribute, value, since, mapping });
            } else {
                wire.pass_value()?;
                wire.number()?;
                wire.array::<8>()?;
            }
        }
        Some(ClaimSet { class, ordinal, external_id, further, connector: Text::default(), entries })
    })
}

/// A shadow with the attributes that are wanted and no others.
pub(crate) fn shadow(bytes: &[u8], wanted: &dyn Fn(&[u8]) -> bool) -> Result<Shadow, StoreError> {
    read(Table::Shadows, bytes, |wire| {
        let (class, id, version) = wire.value()?;
        let hash = wire.array()?;
        let (seq, partial) = wire.value()?;
        let mut found = Vec::new();
        for _ in 0..wire.number()? {
            let name = wire.bytes()?;
            if wanted(name) {
                let pair: (Text, Value) = (text(name)?, wire.value()?);
                make_room(&mut found);
                found.push(pair);
            } else {
                wire.pass_value()?;
            }
        }
        let attributes = Attributes::stored(found);
        Some(Shadow { class, id, version, hash, seq, partial, attributes, state: wire.value()? })
    })
}

/// An entity: all of it.
pub(crate) fn entity(bytes: &[u8]) -> Result<Entity, StoreError> {
    read(Table::Entities, bytes, |wire| {
        let (id, class) = wire.value()?;
        let count = wire.number()?;
        // Each of them has two bytes at least: a damaged number must not ask for all memory.
        let mut pairs: Vec<(Text, Value)> = Vec::with_capacity(wire.at_most(count, 2));
        for _ in 0..count {
            pairs.push((text(wire.bytes()?)?, wire.any_value()?));
        }
        let (lifecycle, revision, created, changed) = wire.value()?;
        Some(Entity { id, class, attributes: Attributes::stored(pairs), lifecycle, revision, created, changed })
    })
}

/// Reads a value by a walk along its bytes; none: it has another layout.
fn read<'a, T>(table: Table, bytes: &'a [u8], walk: impl FnOnce(&mut Wire<'a>) -> Option<T>) -> Result<T, StoreError> {
    let mut wire = Wire::new(codec::body(table, bytes)?);
    let value = walk(&mut wire).ok_or(StoreError::corrupt(table, "its value has another layout"))?;
    if wire.is_over() { Ok(value) } else { Err(StoreError::corrupt(table, "something follows its value")) }
}

fn text(bytes: &[u8]) -> Option<Text> {
    std::str::from_utf8(bytes).ok().map(Text::from)
}

/// Mostly it stays at one.
fn make_room<T>(found: &mut Vec<T>) {
    if found.is_empty() {
        found.reserve_exact(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rosterd_model::record::DepartureCause;
    use rosterd_model::shadow::ShadowState;
    use rosterd_model::{Class, EntityId, Lifecycle, RunId, Timestamp};
    use std::collections::BTreeMap;

    fn value() -> impl Strategy<Value = Value> {
        let single = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            (-1e9..1e9).prop_map(Value::Decimal),
            ".{0,40}".prop_map(Value::from),
            (0..3_usize, ".{1,30}")
                .prop_map(|(class, id)| Value::Reference { class: Class::ALL[class], id: id.as_str().into() }),
        ];
        single.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map(".{0,5}", inner, 0..4).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_wanted_is_what_the_whole_row_has(
            entries in prop::collection::btree_map("[a-d]{1,2}|.{1,30}", value(), 0..6),
            wanted in prop::collection::vec("[a-d]{1,2}", 0..5),
            ordinal: u32, further in prop::collection::vec(any::<u32>(), 0..3),
        ) {
            let set_attributes = entries.clone();
            let entry = |(attribute, value): (String, Value)| ClaimEntry {
                attribute: attribute.into(), value, since: RunId(u64::from(ordinal)), mapping: [7; 8],
            };
            let set = ClaimSet {
                class: Class::Account, ordinal, external_id: "e-1".into(), further, connector: "c".repeat(64).into(),
                entries: entries.into_iter().map(entry).collect(),
            };
            let mut buffer = Vec::new();
            codec::encode(Table::Claims, &set, &mut buffer).unwrap();
            let mut expected = ClaimSet { connector: Text::default(), ..set };
            let asked = |name: &[u8]| wanted.iter().any(|wanted| wanted.as_bytes() == name);
            expected.entries.retain(|entry| asked(entry.attribute.as_bytes()));
            prop_assert_eq!(claims(&buffer, &asked).unwrap(), expected);

            let gone = ShadowState::Tombstone {
                cause: DepartureCause::Deleted, absent: true, at: Timestamp(u64::from(ordinal)), run: RunId(7),
            };
            let mut whole = Shadow {
                class: Class::Group, id: "s-1".into(), version: Some("v".to_owned()), hash: [9; 16], seq: u64::from(ordinal),
                partial: ordinal.is_multiple_of(2), attributes: set_attributes.into_iter().collect(), state: gone,
            };
            codec::encode(Table::Shadows, &whole, &mut buffer).unwrap();
            let attributes = whole.attributes.clone();
            whole.attributes = whole.attributes.into_iter().filter(|(name, _)| asked(name.as_bytes())).collect();
            prop_assert_eq!(shadow(&buffer, &asked).unwrap(), whole);

            let lifecycle = Lifecycle::Leaving { effective_at: Timestamp(u64::from(ordinal)) };
            let (id, created, changed) = (EntityId::from_bytes([8; 16]), RunId(1), RunId(u64::from(ordinal)));
            let someone =
                Entity { id, class: Class::OrgUnit, attributes, lifecycle, revision: 3, created, changed };
            codec::encode(Table::Entities, &someone, &mut buffer).unwrap();
            prop_assert_eq!(entity(&buffer).unwrap(), someone);
        }

        #[test]
        fn a_row_that_ends_early_or_goes_on_is_refused(ordinal: u32, value in value(), cut in 1..40_usize) {
            let entry = ClaimEntry { attribute: "a".into(), value, since: RunId(1), mapping: [0; 8] };
            let set = ClaimSet {
                class: Class::Group, ordinal, external_id: "e".into(), further: vec![ordinal], connector: "c".into(),
                entries: vec![entry],
            };
            let mut buffer = Vec::new();
            codec::encode(Table::Claims, &set, &mut buffer).unwrap();
            for wanted in [true, false] {
                prop_assert!(claims(&buffer[..buffer.len().saturating_sub(cut)], &|_| wanted).is_err());
                prop_assert!(claims(&[buffer.as_slice(), b"more"].concat(), &|_| wanted).is_err());
            }
        }

        #[test]
        fn what_the_whole_row_reads_of_any_bytes_is_read_here(mut bytes: Vec<u8>) {
            bytes.insert(0, codec::VERSION);
            if let Ok(whole) = codec::decode::<Entity>(Table::Entities, &bytes) {
                prop_assert_eq!(entity(&bytes).unwrap(), whole);
            } else {
                prop_assert!(entity(&bytes).is_err());
            }
        }

        #[test]
        fn broken_rows_are_refused_without_panic(bytes: Vec<u8>) {
            let _ = claims(&bytes, &|name| name == b"a");
            let _ = shadow(&bytes, &|name| name == b"a");
            let _ = entity(&bytes);
        }
    }

    #[test]
    fn a_row_that_is_nested_too_deep_is_refused() {
        let mut value = Value::Null;
        for _ in 0..Value::DEEPEST + 2 {
            value = Value::Map(BTreeMap::from([("a".to_owned(), Value::List(vec![value]))]));
        }
        let entry = ClaimEntry { attribute: "a".into(), value, since: RunId(1), mapping: [0; 8] };
        let mut set = ClaimSet {
            class: Class::Group,
            ordinal: 0,
            external_id: "e".into(),
            further: Vec::new(),
            connector: Text::default(),
            entries: vec![entry],
        };
        let mut buffer = Vec::new();
        codec::encode(Table::Claims, &set, &mut buffer).unwrap();
        assert!(claims(&buffer, &|_| false).is_err());
        assert!(claims(&buffer, &|_| true).is_err());
        set.entries.clear();
        codec::encode(Table::Claims, &set, &mut buffer).unwrap();
        assert_eq!(claims(&buffer, &|_| false).unwrap(), set);
    }
}
