//! The narrow seam to the database engine: ordered rows of bytes, read and written.
//!
//! Everything above it, the typed tables, `verify`, backups and digests, knows only [`Read`] and [`Write`]. Everything
//! below it is redb and stands in `snapshot.rs`, `commit.rs` and `open.rs`.

use crate::codec;
use crate::counters::Counters;
use crate::error::StoreError;
use crate::key::end_of_prefix;
use crate::schema::Table;
use redb::AccessGuard;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::{Bound, Deref};

/// Bytes of a key or value, in place.
pub struct Bytes<'a>(Source<'a>);

enum Source<'a> {
    Page(AccessGuard<'a, &'static [u8]>),
    Memory(&'a [u8]),
}

impl<'a> Bytes<'a> {
    pub(crate) const fn page(guard: AccessGuard<'a, &'static [u8]>) -> Self {
        Self(Source::Page(guard))
    }

    pub(crate) const fn memory(bytes: &'a [u8]) -> Self {
        Self(Source::Memory(bytes))
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Source::Page(guard) => guard.value(),
            Source::Memory(bytes) => bytes,
        }
    }
}

/// A row.
pub struct Row<'a> {
    /// Its key.
    pub key: Bytes<'a>,
    /// Its value.
    pub value: Bytes<'a>,
}

/// Rows in the order of their keys; from the back with [`Iterator::rev`].
pub struct Rows<'a> {
    /// None: the table is not there, which is to say that it is empty.
    range: Option<redb::Range<'a, &'static [u8], &'static [u8]>>,
    counters: &'a Counters,
    passed: u64,
}

impl<'a> Rows<'a> {
    pub(crate) const fn new(range: redb::Range<'a, &'static [u8], &'static [u8]>, counters: &'a Counters) -> Self {
        Self { range: Some(range), counters, passed: 0 }
    }

    pub(crate) const fn none(counters: &'a Counters) -> Self {
        Self { range: None, counters, passed: 0 }
    }

    fn row(&mut self, item: Item<'a>) -> Result<Row<'a>, StoreError> {
        self.passed += 1;
        let (key, value) = item?;
        Ok(Row { key: Bytes::page(key), value: Bytes::page(value) })
    }
}

type Item<'a> = Result<(AccessGuard<'a, &'static [u8]>, AccessGuard<'a, &'static [u8]>), redb::StorageError>;

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Row<'a>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.range.as_mut()?.next()?;
        Some(self.row(item))
    }
}

impl DoubleEndedIterator for Rows<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let item = self.range.as_mut()?.next_back()?;
        Some(self.row(item))
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        self.counters.add_read(self.passed);
    }
}

/// What can be read, within one consistent view.
pub trait Read: Sized {
    /// The value of `key`; none if there is no such row.
    ///
    /// # Errors
    /// The engine failed.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes<'_>>, StoreError>;

    /// The rows between two keys.
    ///
    /// # Errors
    /// The engine failed; in a transaction also [`StoreError::Unflushed`].
    fn range(&self, table: Table, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<Rows<'_>, StoreError>;

    /// How many rows the table has; costs one look-up.
    ///
    /// # Errors
    /// The engine failed.
    fn row_count(&self, table: Table) -> Result<u64, StoreError>;

    /// True if there is such a row.
    ///
    /// # Errors
    /// The engine failed.
    fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.get(table, key)?.is_some())
    }

    /// The rows whose keys begin with `prefix`.
    ///
    /// # Errors
    /// As [`Read::range`].
    fn prefix(&self, table: Table, prefix: &[u8]) -> Result<Rows<'_>, StoreError> {
        self.prefix_from(table, prefix, prefix)
    }

    /// The rows whose keys begin with `prefix`, from the key `from` on.
    ///
    /// # Errors
    /// As [`Read::range`].
    fn prefix_from(&self, table: Table, prefix: &[u8], from: &[u8]) -> Result<Rows<'_>, StoreError> {
        let end = end_of_prefix(prefix);
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.range(table, Bound::Included(from), upper)
    }

    /// The decoded value of `key`.
    ///
    /// # Errors
    /// The engine failed, or the row can not be read.
    fn value<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(table, key)?.map(|bytes| codec::decode(table, &bytes)).transpose()
    }

    /// The number under `key`.
    ///
    /// # Errors
    /// The engine failed, or the row is no number.
    fn number(&self, table: Table, key: &[u8]) -> Result<Option<u64>, StoreError> {
        self.get(table, key)?.map(|bytes| codec::number(table, &bytes)).transpose()
    }

    /// The text under `key`.
    ///
    /// # Errors
    /// The engine failed, or the row is no text.
    fn text(&self, table: Table, key: &[u8]) -> Result<Option<String>, StoreError> {
        self.get(table, key)?.map(|bytes| codec::text(table, &bytes)).transpose()
    }
}

/// What can be read and written, within one transaction.
pub trait Write: Read {
    /// Puts a row; what stood there is replaced.
    ///
    /// # Errors
    /// The engine failed; the transaction must be given up.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError>;

    /// Puts a row and returns what stood there.
    ///
    /// # Errors
    /// As [`Write::put`].
    fn replace(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes a row and returns what stood there.
    ///
    /// # Errors
    /// As [`Write::put`].
    fn take(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes a row; false if there was none.
    ///
    /// # Errors
    /// As [`Write::put`].
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError>;

    /// Removes a row if there is one, without a look.
    ///
    /// # Errors
    /// As [`Write::put`].
    fn clear(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError>;

    /// Removes all rows whose keys begin with `prefix`, at most `most` of them; returns how many.
    ///
    /// # Errors
    /// As [`Write::put`].
    fn remove_prefix(&mut self, table: Table, prefix: &[u8], most: u64) -> Result<u64, StoreError>;

    /// The value of a row of a hot table ([`Table`] says which), to be changed in place; empty if there is no such row.
    /// Written back when the transaction commits; a value that is empty then removes the row.
    ///
    /// # Errors
    /// As [`Write::put`].
    fn edit(&mut self, table: Table, key: &[u8]) -> Result<&mut Vec<u8>, StoreError>;

    /// A buffer that lives as long as the transaction, for encoding.
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// As [`Write::put`], but leaves a row alone that has this value already: a page that does not change is not written.
    ///
    /// # Errors
    /// As [`Write::put`], or the row can not be read.
    fn put_unless_same(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if self.get(table, key)?.is_some_and(|present| *present == *value) {
            return Ok(());
        }
        self.put(table, key, value)
    }

    /// Encodes a value and puts it.
    ///
    /// # Errors
    /// As [`Write::put`], or the value can not be encoded.
    fn put_value<T: Serialize>(&mut self, table: Table, key: &[u8], value: &T) -> Result<(), StoreError> {
        let mut buffer = std::mem::take(self.buffer());
        let done = codec::encode(table, value, &mut buffer).and_then(|()| self.put(table, key, &buffer));
        *self.buffer() = buffer;
        done
    }

    /// Encodes a value, puts it, and returns the bytes that stood there.
    ///
    /// # Errors
    /// As [`Write::put_value`].
    fn replace_value<T: Serialize>(
        &mut self,
        table: Table,
        key: &[u8],
        value: &T,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut buffer = std::mem::take(self.buffer());
        let done = codec::encode(table, value, &mut buffer).and_then(|()| self.replace(table, key, &buffer));
        *self.buffer() = buffer;
        done
    }
}
