//! Rows of which only some attributes are wanted: the others are passed over, and nothing of them is copied.

use crate::codec;
use crate::error::StoreError;
use crate::schema::Table;
use rosterd_model::claim::ClaimEntry;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, ClaimSet, Text, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Claims about attributes that are wanted and no others, without the connector that said them.
pub(crate) fn claims(bytes: &[u8], wanted: &dyn Fn(&[u8]) -> bool) -> Result<ClaimSet, StoreError> {
    codec::decode_seed(Table::Claims, bytes, Narrow::<ClaimSet>(wanted, PhantomData))
}

/// A shadow with the attributes that are wanted and no others.
pub(crate) fn shadow(bytes: &[u8], wanted: &dyn Fn(&[u8]) -> bool) -> Result<Shadow, StoreError> {
    codec::decode_seed(Table::Shadows, bytes, Narrow::<Shadow>(wanted, PhantomData))
}

/// Reads a `T`, of whose attributes these are wanted.
struct Narrow<'w, T>(&'w dyn Fn(&[u8]) -> bool, PhantomData<T>);

impl<'de> DeserializeSeed<'de> for Narrow<'_, ClaimSet> {
    type Value = ClaimSet;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ClaimSet, D::Error> {
        deserializer.deserialize_tuple(6, self)
    }
}

impl<'de> Visitor<'de> for Narrow<'_, ClaimSet> {
    type Value = ClaimSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<ClaimSet, A::Error> {
        let (class, ordinal, external_id) = (next(&mut fields)?, next(&mut fields)?, next(&mut fields)?);
        let further = next(&mut fields)?;
        let _: &[u8] = next(&mut fields)?;
        let entries = fields.next_element_seed(Rows(self.0, PhantomData::<ClaimEntry>))?.ok_or_else(ends)?;
        Ok(ClaimSet { class, ordinal, external_id, further, connector: Text::default(), entries })
    }
}

impl<'de> DeserializeSeed<'de> for Narrow<'_, Shadow> {
    type Value = Shadow;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shadow, D::Error> {
        deserializer.deserialize_tuple(8, self)
    }
}

impl<'de> Visitor<'de> for Narrow<'_, Shadow> {
    type Value = Shadow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shadow")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Shadow, A::Error> {
        let (class, id, version) = (next(&mut fields)?, next(&mut fields)?, next(&mut fields)?);
        let (hash, seq, partial) = (next(&mut fields)?, next(&mut fields)?, next(&mut fields)?);
        let wanted = fields.next_element_seed(Rows(self.0, PhantomData::<(Text, Value)>))?.ok_or_else(ends)?;
        let attributes: Attributes = wanted.into_iter().collect();
        Ok(Shadow { class, id, version, hash, seq, partial, attributes, state: next(&mut fields)? })
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(fields: &mut A) -> Result<T, A::Error> {
    fields.next_element()?.ok_or_else(ends)
}

fn ends<E: Error>() -> E {
    E::custom("it ends too early")
}

/// Something with a name, stored as a tuple that begins with it.
trait Named<'de>: Sized {
    /// How many fields it has.
    const FIELDS: usize;

    /// What follows the name; none if it is not wanted.
    fn rest<A: SeqAccess<'de>>(name: Option<Text>, fields: &mut A) -> Result<Option<Self>, A::Error>;
}

impl<'de> Named<'de> for (Text, Value) {
    const FIELDS: usize = 2;

    fn rest<A: SeqAccess<'de>>(name: Option<Text>, fields: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(match name {
            Some(name) => Some((name, next(fields)?)),
            None => {
                let _: Passed<'_> = next(fields)?;
                None
            }
        })
    }
}

impl<'de> Named<'de> for ClaimEntry {
    const FIELDS: usize = 4;

    fn rest<A: SeqAccess<'de>>(name: Option<Text>, fields: &mut A) -> Result<Option<Self>, A::Error> {
        let pair = <(Text, Value)>::rest(name, fields)?;
        let (since, mapping) = (next(fields)?, next(fields)?);
        Ok(pair.map(|(attribute, value)| Self { attribute, value, since, mapping }))
    }
}

/// Those of a list that are wanted.
struct Rows<'w, T>(&'w dyn Fn(&[u8]) -> bool, PhantomData<T>);

impl<'de, T: Named<'de>> DeserializeSeed<'de> for Rows<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Named<'de>> Visitor<'de> for Rows<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Vec<T>, A::Error> {
        let mut found = Vec::new();
        while let Some(row) = rows.next_element_seed(One(self.0, PhantomData::<T>))? {
            let Some(row) = row else { continue };
            if found.is_empty() {
                found.reserve_exact(1);
            }
            found.push(row);
        }
        Ok(found)
    }
}

/// One of them, if it is wanted.
struct One<'w, T>(&'w dyn Fn(&[u8]) -> bool, PhantomData<T>);

impl<'de, T: Named<'de>> DeserializeSeed<'de> for One<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_tuple(T::FIELDS, self)
    }
}

impl<'de, T: Named<'de>> Visitor<'de> for One<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something with a name")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Option<T>, A::Error> {
        // Whether a name is text is asked of those alone that are wanted.
        let name: &[u8] = next(&mut fields)?;
        let wanted = (self.0)(name).then(|| std::str::from_utf8(name).map(Text::from).map_err(Error::custom));
        T::rest(wanted.transpose()?, &mut fields)
    }
}

/// A [`Value`] that is passed over, with its variants in the same order: texts are no more than bytes.
#[derive(Deserialize)]
#[expect(dead_code, reason = "it says how many bytes there are, and nobody looks at them")]
enum Passed<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Decimal(f64),
    Text(#[serde(borrow)] &'a [u8]),
    List(#[serde(borrow, deserialize_with = "rosterd_model::value::nested")] Vec<Passed<'a>>),
    Reference(rosterd_model::Class, #[serde(borrow)] &'a [u8]),
    Map(#[serde(borrow, deserialize_with = "rosterd_model::value::nested")] Vec<(&'a [u8], Passed<'a>)>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rosterd_model::record::DepartureCause;
    use rosterd_model::shadow::ShadowState;
    use rosterd_model::{Class, RunId, Timestamp};
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
            whole.attributes = whole.attributes.into_iter().filter(|(name, _)| asked(name.as_bytes())).collect();
            prop_assert_eq!(shadow(&buffer, &asked).unwrap(), whole);
        }

        #[test]
        fn broken_rows_are_refused_without_panic(bytes: Vec<u8>) {
            let _ = claims(&bytes, &|name| name == b"a");
            let _ = shadow(&bytes, &|name| name == b"a");
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
        set.entries.clear();
        codec::encode(Table::Claims, &set, &mut buffer).unwrap();
        assert_eq!(claims(&buffer, &|_| false).unwrap(), set);
    }
}
