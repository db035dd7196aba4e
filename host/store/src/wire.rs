//! A walk along the bytes of stored values, as postcard lays them down: numbers of seven bits a byte, texts and lists with
//! their length in front, variants by number, nothing between the fields.

use rosterd_model::{Class, Value};
use serde::Deserialize;

/// What is left of a value. Every step is none once the bytes are not what they should be.
pub(crate) struct Wire<'a>(&'a [u8]);

/// Variants of [`Value`] by their numbers in the store.
mod variant {
    pub(super) const NULL: u64 = 0;
    pub(super) const BOOL: u64 = 1;
    pub(super) const INTEGER: u64 = 2;
    pub(super) const DECIMAL: u64 = 3;
    pub(super) const TEXT: u64 = 4;
    pub(super) const LIST: u64 = 5;
    pub(super) const REFERENCE: u64 = 6;
    pub(super) const MAP: u64 = 7;
}

impl<'a> Wire<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True if nothing is left.
    pub(crate) const fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of `count` there can be, if each has `bytes` at least.
    pub(crate) fn at_most(&self, count: u64, bytes: usize) -> usize {
        usize::try_from(count).unwrap_or(usize::MAX).min(self.0.len() / bytes)
    }

    /// Whatever comes next, read as a whole.
    pub(crate) fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(value)
    }

    /// So many bytes, without a length in front.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    /// A number without a sign.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        if *first < 0x80 {
            // Nearly all are small.
            self.0 = rest;
            return Some(u64::from(*first));
        }
        self.value()
    }

    /// Bytes with their length in front: a text, before anybody asked whether it is one.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A value. Most are texts, which take a short way.
    pub(crate) fn any_value(&mut self) -> Option<Value> {
        match self.0.split_first() {
            Some((first, rest)) if u64::from(*first) == variant::TEXT => {
                self.0 = rest;
                std::str::from_utf8(self.bytes()?).ok().map(Value::from)
            }
            _ => self.value(),
        }
    }

    /// Passes over a value.
    pub(crate) fn pass_value(&mut self) -> Option<()> {
        self.pass(0)
    }

    /// The same, of what stands so many levels deep: damaged bytes must not ask for calls without end.
    fn pass(&mut self, depth: usize) -> Option<()> {
        match self.number()? {
            variant::NULL => {}
            variant::BOOL => {
                self.value::<bool>()?;
            }
            variant::INTEGER => {
                self.number()?;
            }
            variant::DECIMAL => {
                self.array::<8>()?;
            }
            variant::TEXT => {
                self.bytes()?;
            }
            variant::REFERENCE => {
                self.value::<Class>()?;
                self.bytes()?;
            }
            variant::LIST if depth < Value::DEEPEST => {
                for _ in 0..self.number()? {
                    self.pass(depth + 1)?;
                }
            }
            variant::MAP if depth < Value::DEEPEST => {
                for _ in 0..self.number()? {
                    self.bytes()?;
                    self.pass(depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn bytes(value: &Value) -> Vec<u8> {
        postcard::to_stdvec(value).unwrap()
    }

    #[test]
    fn variants_have_the_numbers_of_the_store() {
        let values = [
            (variant::NULL, Value::Null),
            (variant::BOOL, Value::Bool(true)),
            (variant::INTEGER, Value::Integer(-7)),
            (variant::DECIMAL, Value::Decimal(0.5)),
            (variant::TEXT, Value::from("ann")),
            (variant::LIST, Value::List(vec![Value::Null])),
            (variant::REFERENCE, Value::Reference { class: Class::Group, id: "7".into() }),
            (variant::MAP, Value::Map(BTreeMap::from([("a".to_owned(), Value::Null)]))),
        ];
        for (number, value) in values {
            let bytes = bytes(&value);
            assert_eq!(Wire::new(&bytes).number(), Some(number));
            let mut wire = Wire::new(&bytes);
            assert_eq!((wire.pass_value(), wire.is_over()), (Some(()), true), "{value:?}");
            let mut wire = Wire::new(&bytes);
            assert_eq!((wire.any_value(), wire.is_over()), (Some(value), true));
        }
    }

    #[test]
    fn numbers_that_postcard_refuses_are_refused() {
        for bytes in [[0xff; 10].as_slice(), &[0x80], &[]] {
            assert_eq!(Wire::new(bytes).number(), None);
        }
        let mut wire = Wire::new(&[0xac, 2, 9]);
        assert_eq!((wire.number(), wire.number()), (Some(300), Some(9)));
    }

    #[test]
    fn a_length_that_goes_beyond_the_end_is_refused() {
        assert_eq!(Wire::new(&[4, b'a', b'b']).bytes(), None);
        assert_eq!(Wire::new(&[4, b'a', b'b']).at_most(u64::MAX, 2), 1);
    }
}
