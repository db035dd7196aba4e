//! Values: one version byte, then postcard.
//!
//! Postcard writes fields in the order of the declaration and enum variants by number, without names. Whoever adds,
//! moves or removes a field or variant of a stored type changes its layout: raise [`VERSION`], keep the old type beside
//! the new one for reading, and add a row here.
//!
//! | version | written by | read by | difference |
//! |---|---|---|---|
//! | 1 | 0.1 | 0.1 | the first |
//!
//! Three kinds of values are not encoded so, because they are many or are changed in place: heads of shadows (29 fixed
//! bytes whose last one carries the version in its upper bits, see [`crate::tables::shadows`]), bitmaps (raw bits) and
//! plain numbers (big-endian). Texts and bytes of connectors are stored as they are.

use crate::error::StoreError;
use crate::schema::Table;
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that is written.
pub const VERSION: u8 = 1;

/// Appends to a buffer that outlives it, so that one allocation serves many rows. Values are encoded in the crates that put
/// them, a byte at a time: hence the hints.
struct Appender<'a>(&'a mut Vec<u8>);

impl Flavor for Appender<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    #[inline]
    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Replaces the contents of `buffer` by the encoded value.
pub(crate) fn encode<T: Serialize>(table: Table, value: &T, buffer: &mut Vec<u8>) -> Result<(), StoreError> {
    buffer.clear();
    buffer.push(VERSION);
    postcard::serialize_with_flavor(value, Appender(buffer)).map_err(|_| StoreError::Encode { table })
}

/// Reads a value of `table`.
pub(crate) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    let mut deserializer = postcard::Deserializer::from_bytes(body(table, bytes)?);
    let value =
        T::deserialize(&mut deserializer).map_err(|_| StoreError::corrupt(table, "its value has another layout"))?;
    match deserializer.finalize() {
        Ok([]) => Ok(value),
        _ => Err(StoreError::corrupt(table, "something follows its value")),
    }
}

/// What follows the version.
pub(crate) fn body(table: Table, bytes: &[u8]) -> Result<&[u8], StoreError> {
    match bytes.split_first() {
        Some((&VERSION, body)) => Ok(body),
        Some(_) => Err(StoreError::corrupt(table, "its value has a version that is not known here")),
        None => Err(StoreError::corrupt(table, "its value is empty")),
    }
}

/// Reads a plain number of `table`.
pub(crate) fn number(table: Table, bytes: &[u8]) -> Result<u64, StoreError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| StoreError::corrupt(table, "its value is no number"))
}

/// Reads a text of `table`.
pub(crate) fn text(table: Table, bytes: &[u8]) -> Result<String, StoreError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| StoreError::corrupt(table, "its value is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rosterd_model::{Attributes, Value};

    proptest! {
        #[test]
        fn values_come_back(names in prop::collection::vec((".{0,9}", ".{0,9}", any::<i64>()), 0..9)) {
            let attributes: Attributes = names
                .into_iter()
                .map(|(name, text, number)| (name, Value::List(vec![text.into(), Value::Integer(number)])))
                .collect();
            let mut buffer = Vec::new();
            encode(Table::Meta, &attributes, &mut buffer).unwrap();
            prop_assert_eq!(decode::<Attributes>(Table::Meta, &buffer).unwrap(), attributes);
        }

        #[test]
        fn broken_values_are_refused_without_panic(bytes: Vec<u8>) {
            let _ = decode::<rosterd_model::plan::Step>(Table::PlanSteps, &bytes);
            let _ = decode::<rosterd_model::shadow::Shadow>(Table::Shadows, &bytes);
        }
    }

    #[test]
    fn other_versions_and_trailing_bytes_are_refused() {
        let mut buffer = Vec::new();
        encode(Table::Runs, &7_u32, &mut buffer).unwrap();
        buffer.push(0);
        assert!(decode::<u32>(Table::Runs, &buffer).is_err());
        buffer.pop();
        buffer[0] = VERSION + 1;
        assert!(decode::<u32>(Table::Runs, &buffer).is_err());
        assert!(decode::<u32>(Table::Runs, &[]).is_err());
    }
}
