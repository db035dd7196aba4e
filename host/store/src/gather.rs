//! Rows that a transaction gathers in memory and writes in the order of their keys.
//!
//! A tree takes rows in order at a fraction of what it costs to find the place of each: neighbours share a page that is
//! at hand, and a run of rows that all belong into one gap is laid down page by page. Tables do not touch each other, so
//! that two threads share the work within the one transaction.

use crate::error::StoreError;
use hashbrown::{DefaultHashBuilder, HashTable};
use redb::CursorError;
use std::borrow::Cow;
use std::hash::BuildHasher;
use std::iter::Peekable;
use std::ops::Bound;
use std::slice::Iter;
use std::thread;

/// A table that is open for writing.
pub(crate) type Opened<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// Rows of one table: their bytes lie behind each other, so that a row costs no memory of its own.
#[derive(Default, Clone)]
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    rows: Vec<Row>,
    /// Where in `rows` a key stands.
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// A row came whose key is before that of the row before it.
    disordered: bool,
    /// How much an earlier transaction gathered: once it is seen that this one is large as well, there is room at once.
    expected: Size,
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathered").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

/// How much was gathered of a table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    rows: usize,
    bytes: usize,
}

/// Where a row lies: its value follows its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    start: usize,
    key: usize,
    /// None: the row is to be removed.
    value: Option<usize>,
}

impl Row {
    fn key(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..self.start + self.key]
    }

    fn value(self, bytes: &[u8]) -> Option<&[u8]> {
        let start = self.start + self.key;
        self.value.map(|length| &bytes[start..start + length])
    }
}

impl Gathered {
    pub(crate) fn expecting(expected: Size) -> Self {
        Self { expected, ..Self::default() }
    }

    /// What the next large transaction may expect; none: this one was small.
    pub(crate) fn size(&self) -> Option<Size> {
        (self.rows.len() > FEW_ROWS).then_some(Size { rows: self.rows.len(), bytes: self.bytes.len() })
    }

    /// Growing step by step would copy all of it several times.
    fn make_room(&mut self) {
        let more = |expected: usize, there: usize| (expected + expected / 8).saturating_sub(there);
        let rows = more(self.expected.rows, self.rows.len());
        self.bytes.reserve(more(self.expected.bytes, self.bytes.len()));
        self.rows.reserve(rows);
        let (bytes, all, hasher) = (&self.bytes, &self.rows, &self.hasher);
        self.places.reserve(rows, |place| hasher.hash_one(all[*place as usize].key(bytes)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What was gathered of a row; `Some(None)`: that it is to be removed.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        let (bytes, rows) = (&self.bytes, &self.rows);
        let place = self.places.find(self.hasher.hash_one(key), |place| rows[*place as usize].key(bytes) == key)?;
        Some(rows[*place as usize].value(bytes))
    }

    /// Adds a row, in place of an earlier one of this key; no value: it is to be removed.
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) {
        if self.rows.len() == FEW_ROWS {
            self.make_room();
        }
        let row = Row { start: self.bytes.len(), key: key.len(), value: value.map(<[u8]>::len) };
        let (bytes, rows, hasher) = (&self.bytes, &self.rows, &self.hasher);
        let hash = hasher.hash_one(key);
        match self.places.find(hash, |place| rows[*place as usize].key(bytes) == key) {
            Some(place) => {
                let place = *place as usize;
                self.rows[place] = row;
            }
            None => {
                self.disordered |= rows.last().is_some_and(|last| last.key(bytes) > key);
                // No transaction gathers four thousand million rows: their bytes would not fit into memory.
                let place = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                self.places.insert_unique(hash, place, |place| hasher.hash_one(rows[*place as usize].key(bytes)));
                self.rows.push(row);
            }
        }
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value.unwrap_or_default());
    }

    /// Adds the rows of another, in place of those of the same keys.
    pub(crate) fn append(&mut self, other: &Self) {
        for row in &other.rows {
            self.put(row.key(&other.bytes), row.value(&other.bytes));
        }
    }

    /// Rows that come in the order of their keys, of which none is looked for by its key.
    pub(crate) fn in_order<'r>(rows: impl Iterator<Item = (impl AsRef<[u8]>, Option<&'r [u8]>)>, count: usize) -> Self {
        let mut all = Self { rows: Vec::with_capacity(count), ..Self::default() };
        for (key, value) in rows {
            let key = key.as_ref();
            all.rows.push(Row { start: all.bytes.len(), key: key.len(), value: value.map(<[u8]>::len) });
            all.bytes.extend_from_slice(key);
            all.bytes.extend_from_slice(value.unwrap_or_default());
        }
        all
    }

    /// The same, of which no row is looked for by its key any more, and to which none is added.
    pub(crate) fn closed(self) -> Self {
        Self { places: HashTable::new(), ..self }
    }

    /// Where the rows lie, in the order in which they came.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The key and the value of one of the rows.
    pub(crate) fn row(&self, row: Row) -> (&[u8], Option<&[u8]>) {
        (row.key(&self.bytes), row.value(&self.bytes))
    }

    /// True if no row is to be removed.
    pub(crate) fn only_puts(&self) -> bool {
        self.rows.iter().all(|row| row.value.is_some())
    }

    /// What the rows cost to be written, about: a fixed part each, and their bytes.
    fn weight(&self) -> usize {
        256 * self.rows.len() + self.bytes.len()
    }

    /// The rows in the order of their keys.
    fn sorted(&self) -> Cow<'_, [Row]> {
        if !self.disordered {
            return Cow::Borrowed(&self.rows);
        }
        let (bytes, mut rows) = (&self.bytes, self.rows.clone());
        rows.sort_unstable_by(|one, other| one.key(bytes).cmp(other.key(bytes)));
        Cow::Owned(rows)
    }
}

/// Runs that are shorter are not worth a search for the next gap.
const SHORT_RUN: usize = 8;

/// Transactions with fewer rows are written by the thread that made them.
const FEW_ROWS: usize = 1_000;

/// Writes what was gathered, by two threads if it is much.
pub(crate) fn write_all(mut tables: Vec<(Opened<'_>, &Gathered)>) -> Result<(), StoreError> {
    let rows: usize = tables.iter().map(|(_, rows)| rows.len()).sum();
    if rows < FEW_ROWS || tables.len() < 2 {
        return write_each(tables);
    }
    tables.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.weight()));
    let (mut here, mut there) = (Pile::default(), Pile::default());
    for table in tables {
        let lighter = if here.weight <= there.weight { &mut here } else { &mut there };
        lighter.weight += table.1.weight();
        lighter.tables.push(table);
    }
    thread::scope(|scope| {
        let tables = there.tables;
        let other =
            thread::Builder::new().name("store-rows".to_owned()).spawn_scoped(scope, move || write_each(tables));
        let done = write_each(here.tables);
        let other = other.map_err(|error| failed(error.to_string()))?;
        other.join().unwrap_or_else(|_| Err(failed("a thread of the store panicked".to_owned()))).and(done)
    })
}

#[derive(Default)]
struct Pile<'t, 'r> {
    tables: Vec<(Opened<'t>, &'r Gathered)>,
    weight: usize,
}

pub(crate) fn failed(text: String) -> StoreError {
    redb::StorageError::Io(std::io::Error::other(text)).into()
}

fn write_each(tables: Vec<(Opened<'_>, &Gathered)>) -> Result<(), StoreError> {
    tables.into_iter().try_for_each(|(mut table, rows)| write(&mut table, rows))
}

/// Writes rows into their table.
pub(crate) fn write(table: &mut Opened<'_>, rows: &Gathered) -> Result<(), StoreError> {
    let bytes = rows.bytes.as_slice();
    let rows = rows.sorted();
    let mut rows = rows.iter().peekable();
    // While rows come in long runs, each run goes into its gap as a whole.
    while fill_gap(table, bytes, &mut rows)? >= SHORT_RUN {}
    while let Some(row) = rows.next() {
        match row.value(bytes) {
            Some(value) => drop(table.insert(row.key(bytes), value)?),
            None => remove_run(table, row.key(bytes), bytes, &mut rows)?,
        }
    }
    Ok(())
}

type Rest<'r> = Peekable<Iter<'r, Row>>;

/// Writes the rows up to the first one in the table that is not before them; returns how many.
fn fill_gap(table: &mut Opened<'_>, bytes: &[u8], rows: &mut Rest<'_>) -> Result<usize, StoreError> {
    let Some(first) = rows.peek() else { return Ok(0) };
    let mut cursor = table.lower_bound_mut(Bound::Included(first.key(bytes)))?;
    let end = cursor.peek_next()?.map(|(key, _)| key.value().to_vec());
    let mut written = 0;
    while let Some(row) = rows.next_if(|row| end.as_ref().is_none_or(|end| row.key(bytes) < end.as_slice())) {
        // Where nothing stands, nothing need be removed.
        if let Some(value) = row.value(bytes) {
            cursor.insert_before(row.key(bytes), value).map_err(of_cursor)?;
        }
        written += 1;
    }
    cursor.close()?;
    Ok(written)
}

fn of_cursor(error: CursorError) -> StoreError {
    match error {
        CursorError::Storage(error) => error.into(),
        other => failed(other.to_string()),
    }
}

/// Removes a row, and in the same go those behind it whose keys count on from it.
fn remove_run(table: &mut Opened<'_>, first: &[u8], bytes: &[u8], rows: &mut Rest<'_>) -> Result<(), StoreError> {
    let mut last = first;
    while let Some(row) = rows.next_if(|row| row.value.is_none() && follows(last, row.key(bytes))) {
        last = row.key(bytes);
    }
    if last == first {
        table.remove(first)?;
        return Ok(());
    }
    let length = first.len();
    // A longer key may stand between two that count on.
    table.retain_in::<&[u8], _>((Bound::Included(first), Bound::Included(last)), |key, _| key.len() != length)?;
    Ok(())
}

/// True if `after` is the number that follows `before`, both of the same length.
fn follows(before: &[u8], after: &[u8]) -> bool {
    if before.len() != after.len() {
        return false;
    }
    let mut next = before.to_vec();
    for byte in next.iter_mut().rev() {
        let (sum, carry) = byte.overflowing_add(1);
        *byte = sum;
        if !carry {
            return next == after;
        }
    }
    false
}
