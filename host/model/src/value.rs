//! Attribute values and the ordered map that holds them.

use crate::id::{Class, ExternalId};
use compact_str::CompactString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

/// Text of which there is very much: up to 24 bytes stand in it, so that most names and values need no memory of their own.
pub type Text = CompactString;

/// A value of an attribute. An attribute that is not in the map says nothing; `Null` says "empty".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Asserts that the attribute is empty.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; never NaN or infinite.
    Decimal(f64),
    /// Text, in Unicode NFC once normalised.
    Text(Text),
    /// Several values. Order is kept, but two lists are compared as sets where the attribute is a set.
    List(#[serde(deserialize_with = "nested")] Vec<Value>),
    /// A reference to another object of the same connection, by its external id.
    Reference {
        /// Class of the object referred to.
        class: Class,
        /// Its external id on the connection that made the claim.
        id: ExternalId,
    },
    /// A structured value.
    Map(#[serde(deserialize_with = "nested")] BTreeMap<String, Value>),
}

/// Reads what stands inside of a value. Each level is a call within a call, and the bytes of a damaged store could ask
/// for any number of them: beyond [`Value::DEEPEST`] it is an error, where it would otherwise be the end of the process.
///
/// # Errors
/// It is nested too deep, or can not be read.
pub fn nested<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    thread_local!(static DEPTH: Cell<usize> = const { Cell::new(0) });
    struct Level;
    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
        }
    }
    DEPTH.set(DEPTH.get() + 1);
    let _level = Level;
    if DEPTH.get() > Value::DEEPEST {
        return Err(D::Error::custom("a value is nested too deep"));
    }
    T::deserialize(deserializer)
}

impl Value {
    /// Most levels of lists and structured values that are read. What is written has fewer.
    pub const DEEPEST: usize = 64;

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// For people, as [`fmt::Display`] has it.
    #[must_use]
    pub fn to_text(&self) -> Text {
        match self {
            Self::Text(text) => text.clone(),
            other => other.to_string().into(),
        }
    }

    /// True for `Null`, the empty text and the empty list: what may never match anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(values) => values.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Bool(_) | Self::Integer(_) | Self::Decimal(_) | Self::Reference { .. } => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// For people: text as it is, lists joined by "; ", null as `-`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("-"),
            Self::Bool(value) => fmt::Display::fmt(value, f),
            Self::Integer(value) => fmt::Display::fmt(value, f),
            Self::Decimal(value) => fmt::Display::fmt(value, f),
            Self::Text(text) => f.write_str(text),
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            Self::Reference { class, id } => write!(f, "{class} {id}"),
            Self::Map(map) => {
                for (index, (key, value)) in map.iter().enumerate() {
                    write!(f, "{}{key}={value}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

/// Attributes by name, kept sorted by name so that equal maps have equal bytes. Names are those of RFC 7643 where it
/// has one, with a dot into structured values: `emails.work`, `name.familyName`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(Vec<(Text, Value)>);

impl Attributes {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Attributes as they were stored, which is in order of their names: taken as they are, as a deserializer does.
    #[must_use]
    pub const fn stored(pairs: Vec<(Text, Value)>) -> Self {
        Self(pairs)
    }

    /// The value of `name`; none if nothing is said about it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).ok().map(|index| &self.0[index].1)
    }

    /// Sets `name`, and returns what stood there.
    pub fn set(&mut self, name: impl Into<Text> + AsRef<str>, value: Value) -> Option<Value> {
        match self.position(name.as_ref()) {
            Ok(index) => Some(std::mem::replace(&mut self.0[index].1, value)),
            Err(index) => {
                self.0.insert(index, (name.into(), value));
                None
            }
        }
    }

    /// Sets `name` if nothing is said about it yet; false if something is.
    pub fn add(&mut self, name: Text, value: Value) -> bool {
        // Most who give attributes give them in order.
        if self.0.last().is_none_or(|(last, _)| *last < name) {
            self.0.push((name, value));
            return true;
        }
        match self.position(&name) {
            Ok(_) => false,
            Err(index) => {
                self.0.insert(index, (name, value));
                true
            }
        }
    }

    /// Removes `name`: from now on nothing is said about it.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.position(name).ok().map(|index| self.0.remove(index).1)
    }

    /// Names and values in order of names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many attributes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if nothing is said at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(key, _)| key.as_str().cmp(name))
    }
}

impl<N: Into<Text>> FromIterator<(N, Value)> for Attributes {
    /// The last value of a name counts.
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(pairs: I) -> Self {
        let mut all: Vec<(Text, Value)> = pairs.into_iter().map(|(name, value)| (name.into(), value)).collect();
        if !all.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            all.reverse();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all.dedup_by(|later, kept| later.0 == kept.0);
        }
        Self(all)
    }
}

impl IntoIterator for Attributes {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_name_counts_and_names_are_sorted() {
        let pairs = [("b", "1"), ("a", "2"), ("b", "3")];
        let map: Attributes = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        assert_eq!(map.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(map.get("b"), Some(&Value::from("3")));
    }

    #[test]
    fn set_and_remove_keep_the_order() {
        let mut map = Attributes::new();
        for name in ["m", "a", "z", "a"] {
            map.set(name, name.into());
        }
        assert_eq!(map.len(), 3);
        assert_eq!(map.remove("m"), Some("m".into()));
        assert_eq!(map.get("m"), None);
        assert_eq!(map.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "z"]);
    }
}
