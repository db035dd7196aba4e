//! Claims of which only some attributes are wanted: the others are passed over, and nothing of them is copied.

use crate::codec;
use crate::error::StoreError;
use crate::schema::Table;
use rosterd_model::claim::{ClaimEntry, MappingDigest};
use rosterd_model::{ClaimSet, Class, ExternalId, RunId, Text, Value};
use serde::Deserialize;

/// A [`ClaimSet`] as it is stored.
#[derive(Deserialize)]
struct Stored<'a> {
    class: Class,
    ordinal: u32,
    external_id: ExternalId,
    further: Vec<u32>,
    #[serde(borrow)]
    _connector: &'a [u8],
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

/// A [`ClaimEntry`] as it is stored.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    attribute: &'a [u8],
    #[serde(borrow)]
    value: Passed<'a>,
    since: RunId,
    mapping: MappingDigest,
}

/// A [`Value`] as it is stored: texts as the bytes that they are.
#[derive(Deserialize)]
enum Passed<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Decimal(f64),
    Text(#[serde(borrow)] &'a [u8]),
    List(#[serde(borrow, deserialize_with = "rosterd_model::value::nested")] Vec<Passed<'a>>),
    Reference {
        class: Class,
        #[serde(borrow)]
        id: &'a [u8],
    },
    Map(#[serde(borrow, deserialize_with = "rosterd_model::value::nested")] Vec<(&'a [u8], Passed<'a>)>),
}

/// Claims about these attributes and no others, without the connector that said them.
pub(crate) fn claims(bytes: &[u8], attributes: &[Text]) -> Result<ClaimSet, StoreError> {
    let Stored { class, ordinal, external_id, further, entries, .. } = codec::decode_borrowed(Table::Claims, bytes)?;
    let wanted = entries.into_iter().filter(|entry| attributes.iter().any(|name| name.as_bytes() == entry.attribute));
    let entries = wanted.map(Entry::whole).collect::<Result<_, _>>()?;
    Ok(ClaimSet { class, ordinal, external_id, further, connector: Text::default(), entries })
}

impl Entry<'_> {
    fn whole(self) -> Result<ClaimEntry, StoreError> {
        let (since, mapping) = (self.since, self.mapping);
        Ok(ClaimEntry { attribute: text(self.attribute)?, value: self.value.whole()?, since, mapping })
    }
}

impl Passed<'_> {
    fn whole(self) -> Result<Value, StoreError> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Decimal(value) => Value::Decimal(value),
            Self::Text(bytes) => Value::Text(text(bytes)?),
            Self::List(values) => Value::List(values.into_iter().map(Passed::whole).collect::<Result<_, _>>()?),
            Self::Reference { class, id } => Value::Reference { class, id: ExternalId(text(id)?) },
            Self::Map(pairs) => {
                let pairs = pairs.into_iter().map(|(name, value)| Ok((text(name)?.into(), value.whole()?)));
                Value::Map(pairs.collect::<Result<_, StoreError>>()?)
            }
        })
    }
}

fn text(bytes: &[u8]) -> Result<Text, StoreError> {
    Text::from_utf8(bytes).map_err(|_| StoreError::corrupt(Table::Claims, "a text in it is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
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
            let entry = |(attribute, value): (String, Value)| ClaimEntry {
                attribute: attribute.into(), value, since: RunId(u64::from(ordinal)), mapping: [7; 8],
            };
            let set = ClaimSet {
                class: Class::Account, ordinal, external_id: "e-1".into(), further, connector: "c".repeat(64).into(),
                entries: entries.into_iter().map(entry).collect(),
            };
            let mut buffer = Vec::new();
            codec::encode(Table::Claims, &set, &mut buffer).unwrap();
            let wanted: Vec<Text> = wanted.into_iter().map(Text::from).collect();
            let mut expected = ClaimSet { connector: Text::default(), ..set };
            expected.entries.retain(|entry| wanted.contains(&entry.attribute));
            prop_assert_eq!(claims(&buffer, &wanted).unwrap(), expected);
        }

        #[test]
        fn broken_rows_are_refused_without_panic(bytes: Vec<u8>) {
            let _ = claims(&bytes, &["a".into()]);
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
        assert!(claims(&buffer, &[]).is_err());
        set.entries.clear();
        codec::encode(Table::Claims, &set, &mut buffer).unwrap();
        assert_eq!(claims(&buffer, &[]).unwrap(), set);
    }
}
