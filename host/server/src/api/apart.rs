//! An object, and beside it the id that its text gives, in one pass: an import has many lines, and most of them can be used.
//! What this can not read is read again as [`super::read`] does, which says where it is wrong.

use super::pattern::{self, fits};
use serde::Deserialize;
use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The id and the object; none: it can not be used, or not so.
pub(super) fn read<K: DeserializeOwned>(bytes: &[u8]) -> Option<(Option<String>, K)> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut id = None;
    let object = K::deserialize(Apart { text: &mut reader, id: &mut id }).ok()?;
    reader.end().ok()?;
    id.as_deref().is_none_or(|id| fits(pattern::ID, id)).then_some((id, object))
}

/// A text, and where its id goes.
struct Apart<'i, D> {
    text: D,
    id: &'i mut Option<String>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Apart<'_, D> {
    type Error = D::Error;

    /// An object, whatever is asked for: a list would be taken for the members in their order.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.text.deserialize_map(Apart { text: visitor, id: self.id })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Apart<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.text.visit_map(Apart { text: members, id: self.id })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Apart<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        while let Some(Name(name)) = self.text.next_key()? {
            match name.as_ref() {
                "id" => *self.id = Some(self.text.next_value()?),
                // What the hub said: no matter what, as long as it is text.
                "version" | "created" | "modified" => drop(self.text.next_value::<Name<'de>>()?),
                _ => return seed.deserialize(CowStrDeserializer::new(name)).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.text.next_value_seed(seed)
    }
}

/// A text that is copied only if it must be.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        struct Borrowing<'de>(PhantomData<&'de str>);
        impl<'de> Visitor<'de> for Borrowing<'de> {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        text.deserialize_str(Borrowing(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::object::given_id;
    use crate::api::read::{fitted, parsed};
    use crate::api::shape::Account;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    /// As every other request is read.
    fn slowly(bytes: &[u8]) -> Option<(Option<String>, Account)> {
        let mut body: Map<String, Value> = parsed(bytes).ok()?;
        let id = given_id(&mut body).ok()?;
        Some((id, fitted(Value::Object(body)).ok()?))
    }

    #[test]
    fn the_id_stands_beside_the_object_and_what_the_hub_said_is_left_out() {
        let line = r#"{"created":"c","id":"u\u0031","userName":"ann","attributes":{"grade":4},"version":"1f"}"#;
        let (id, account) = read::<Account>(line.as_bytes()).expect("it can be used");
        assert_eq!((id.as_deref(), account.user_name.as_str()), (Some("u1"), "ann"));
        assert_eq!(account.attributes.expect("they are there").len(), 1);
    }

    proptest! {
        /// Members in any order, twice, of wrong kinds and unknown.
        #[test]
        fn what_is_read_in_one_pass_is_what_is_read_in_two(
            members in proptest::collection::vec(
                (
                    prop_oneof!["id|userName|version|title|active|attributes|phoneNumber|other", "[a-z]{1,3}"],
                    prop_oneof!["\"[a-z0-9/ ]{0,4}\"", "[0-9]{1,3}", "true|null|\\[\\]|\\[\"a\"\\]|\\{\\}|\\{\"a\":7\\}", "\"\\\\u00e9\""],
                ),
                0..6,
            ),
            rest in prop_oneof!["", " ", "x", "\\}"],
        ) {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            for line in [format!("{{{}}}{rest}", members.join(",")), format!("[{}]{rest}", members.len())] {
                if let Some(fast) = read::<Account>(line.as_bytes()) {
                    prop_assert_eq!(Some(fast), slowly(line.as_bytes()), "{}", line);
                }
            }
        }
    }
}
