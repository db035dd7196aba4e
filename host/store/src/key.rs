//! Keys: composed of parts so that the order of the bytes is the order of the parts, and read back part by part.
//!
//! Numbers are big-endian. A text ends with a zero byte; within it, zero is written `01 01` and one `01 02`, which keeps
//! the order of texts and lets no text end another one early. A key that ends before its last part is the prefix of
//! exactly the rows that share the parts before.

use crate::error::StoreError;
use crate::schema::Table;
use rosterd_model::{Class, EntityId};

/// The number that stands for a connection in keys; given by [`crate::tables::WriteConnections::intern_connection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionNumber(pub u16);

impl ConnectionNumber {
    /// Stands for the hub itself, which is no connection and has no row among them.
    pub const HUB: Self = Self(u16::MAX);
}

/// The longest text that a key takes as it is, in bytes.
pub const MAX_TEXT: usize = rosterd_model::ExternalId::MAX_BYTES;

/// Most keys are shorter and need no allocation.
const INLINE: usize = 80;

/// A key under construction.
#[derive(Clone)]
pub struct Key {
    inline: [u8; INLINE],
    length: usize,
    /// Everything, once the key outgrew `inline`.
    heap: Vec<u8>,
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

impl Key {
    /// The empty key: the prefix of all rows.
    #[must_use]
    pub const fn new() -> Self {
        Self { inline: [0; INLINE], length: 0, heap: Vec::new() }
    }

    /// The bytes so far.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        if self.heap.is_empty() { &self.inline[..self.length] } else { &self.heap }
    }

    /// Appends bytes as they are. Of fixed length, or the last part.
    #[inline]
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.push(bytes);
        self
    }

    /// Appends a number.
    #[inline]
    #[must_use]
    pub fn u8(self, number: u8) -> Self {
        self.raw(&[number])
    }

    /// Appends a number.
    #[inline]
    #[must_use]
    pub fn u32(self, number: u32) -> Self {
        self.raw(&number.to_be_bytes())
    }

    /// Appends a number.
    #[inline]
    #[must_use]
    pub fn u64(self, number: u64) -> Self {
        self.raw(&number.to_be_bytes())
    }

    /// Appends a connection.
    #[inline]
    #[must_use]
    pub fn connection(self, connection: ConnectionNumber) -> Self {
        self.raw(&connection.0.to_be_bytes())
    }

    /// Appends a class.
    #[inline]
    #[must_use]
    pub fn class(self, class: Class) -> Self {
        self.u8(class.code())
    }

    /// Appends an entity.
    #[inline]
    #[must_use]
    pub fn entity(self, entity: EntityId) -> Self {
        self.raw(entity.as_bytes())
    }

    /// Appends a text and its terminator.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        let mut rest = text.as_bytes();
        while let Some(position) = rest.iter().position(|byte| *byte <= 1) {
            self.push(&rest[..position]);
            self.push(&[1, rest[position] + 1]);
            rest = &rest[position + 1..];
        }
        self.push(rest);
        self.push(&[0]);
        self
    }

    /// Appends a text of any length: one over [`MAX_TEXT`] by its beginning and its hash, so that it can be looked up
    /// but not read back.
    #[must_use]
    pub fn bounded_text(self, text: &str) -> Self {
        if text.len() <= MAX_TEXT {
            return self.text(text);
        }
        let cut = text.floor_char_boundary(MAX_TEXT / 2);
        let hash = blake3::hash(text.as_bytes()).to_hex();
        self.text(&format!("{}\u{1}{hash}", &text[..cut]))
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        if self.heap.is_empty() {
            if let Some(room) = self.inline.get_mut(self.length..self.length + bytes.len()) {
                room.copy_from_slice(bytes);
                self.length += bytes.len();
                return;
            }
            self.heap.reserve(2 * INLINE + bytes.len());
            self.heap.extend_from_slice(&self.inline[..self.length]);
        }
        self.heap.extend_from_slice(bytes);
    }
}

/// The prefix of all rows of a connection and class.
pub(crate) fn of_class(connection: ConnectionNumber, class: Class) -> Key {
    Key::new().connection(connection).class(class)
}

/// The key of a shadow and of everything that belongs to it.
pub(crate) fn of_ordinal(connection: ConnectionNumber, class: Class, ordinal: u32) -> Key {
    of_class(connection, class).u32(ordinal)
}

/// The smallest bytes that are greater than all that begin with `prefix`; none if there are none.
pub(crate) fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// Reads a key part by part.
pub(crate) struct Parts<'a> {
    table: Table,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) const fn new(table: Table, key: &'a [u8]) -> Self {
        Self { table, rest: key }
    }

    pub(crate) fn raw<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.broken())?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, StoreError> {
        self.raw::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        self.raw().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        self.raw().map(u64::from_be_bytes)
    }

    pub(crate) fn connection(&mut self) -> Result<ConnectionNumber, StoreError> {
        self.raw().map(u16::from_be_bytes).map(ConnectionNumber)
    }

    pub(crate) fn class(&mut self) -> Result<Class, StoreError> {
        let code = self.u8()?;
        Class::from_code(code).ok_or_else(|| self.broken())
    }

    pub(crate) fn entity(&mut self) -> Result<EntityId, StoreError> {
        self.raw().map(EntityId::from_bytes)
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or_else(|| self.broken())?;
        let mut bytes = Vec::with_capacity(end);
        let mut escaped = false;
        for byte in &self.rest[..end] {
            match (escaped, *byte) {
                (false, 1) => escaped = true,
                (false, plain) => bytes.push(plain),
                (true, code @ 1..=2) => {
                    bytes.push(code - 1);
                    escaped = false;
                }
                (true, _) => return Err(self.broken()),
            }
        }
        if escaped {
            return Err(self.broken());
        }
        self.rest = &self.rest[end + 1..];
        String::from_utf8(bytes).map_err(|_| self.broken())
    }

    /// Checks that nothing is left.
    pub(crate) fn end(self) -> Result<(), StoreError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.broken()) }
    }

    fn broken(&self) -> StoreError {
        StoreError::corrupt(self.table, "its key has another layout")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_ordered_like_their_parts(a in "[\\x00-\\x03a-c\u{e9}]{0,90}", b in "[\\x00-\\x03a-c\u{e9}]{0,90}", m: u32, n: u32) {
            let key = |text: &str, number| Key::new().text(text).u32(number);
            prop_assert_eq!(key(&a, m).as_bytes().cmp(key(&b, n).as_bytes()), (a, m).cmp(&(b, n)));
        }

        #[test]
        fn parts_read_what_was_composed(text in any::<String>(), number: u64, connection: u16, id: [u8; 16]) {
            let key = Key::new().connection(ConnectionNumber(connection)).text(&text).u64(number).raw(&id);
            let mut parts = Parts::new(Table::Meta, key.as_bytes());
            prop_assert_eq!(parts.connection().unwrap(), ConnectionNumber(connection));
            prop_assert_eq!(parts.text().unwrap(), text);
            prop_assert_eq!(parts.u64().unwrap(), number);
            prop_assert_eq!(parts.entity().unwrap(), EntityId::from_bytes(id));
            prop_assert!(parts.end().is_ok());
        }

        #[test]
        fn broken_keys_are_refused_without_panic(bytes: Vec<u8>) {
            let mut parts = Parts::new(Table::Meta, &bytes);
            while parts.text().is_ok() && parts.class().is_ok() {}
        }

        #[test]
        fn the_end_of_a_prefix_is_behind_all_that_begin_with_it(prefix: Vec<u8>, tail: Vec<u8>) {
            let whole = [prefix.clone(), tail].concat();
            if let Some(end) = end_of_prefix(&prefix) {
                prop_assert!(whole < end && !end.starts_with(&prefix));
            } else {
                prop_assert!(prefix.iter().all(|byte| *byte == u8::MAX));
            }
        }
    }

    #[test]
    fn texts_over_the_limit_keep_apart_and_stay_short() {
        let long = "x".repeat(MAX_TEXT + 1);
        let other = format!("{}y", "x".repeat(MAX_TEXT));
        let (a, b) = (Key::new().bounded_text(&long), Key::new().bounded_text(&other));
        assert_ne!(a.as_bytes(), b.as_bytes());
        assert!(a.as_bytes().len() < MAX_TEXT);
    }
}
