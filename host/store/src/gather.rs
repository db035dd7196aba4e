//! Rows that a transaction gathers in memory and writes in the order of their keys.
//!
//! A tree takes rows in order at a fraction of what it costs to find the place of each: neighbours share a page that is
//! at hand, and a run of rows that all belong into one gap is laid down page by page. Tables do not touch each other, so
//! that two threads share the work within the one transaction.

use crate::error::StoreError;
use redb::CursorError;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Bound;
use std::thread;

/// A table that is open for writing.
pub(crate) type Opened<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// Rows of one table; none: the row is to be removed.
pub(crate) type Gathered = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Runs that are shorter are not worth a search for the next gap.
const SHORT_RUN: usize = 8;

/// Transactions with fewer rows are written by the thread that made them.
const FEW_ROWS: usize = 1_000;

/// Writes what was gathered, by two threads if it is much.
pub(crate) fn write_all(mut tables: Vec<(Opened<'_>, Gathered)>) -> Result<(), StoreError> {
    let rows: usize = tables.iter().map(|(_, rows)| rows.len()).sum();
    if rows < FEW_ROWS || tables.len() < 2 {
        return write_each(tables);
    }
    tables.sort_by_key(|(_, rows)| std::cmp::Reverse(weight(rows)));
    let (mut here, mut there) = (Pile::default(), Pile::default());
    for table in tables {
        let lighter = if here.weight <= there.weight { &mut here } else { &mut there };
        lighter.weight += weight(&table.1);
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
struct Pile<'t> {
    tables: Vec<(Opened<'t>, Gathered)>,
    weight: usize,
}

/// What rows cost, about: a fixed part each, and their bytes.
fn weight(rows: &Gathered) -> usize {
    rows.iter().map(|(key, value)| 256 + key.len() + value.as_ref().map_or(0, Vec::len)).sum()
}

fn failed(text: String) -> StoreError {
    redb::StorageError::Io(std::io::Error::other(text)).into()
}

fn write_each(tables: Vec<(Opened<'_>, Gathered)>) -> Result<(), StoreError> {
    tables.into_iter().try_for_each(|(mut table, rows)| write(&mut table, rows))
}

/// Writes rows into their table.
pub(crate) fn write(table: &mut Opened<'_>, rows: Gathered) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    // While rows come in long runs, each run goes into its gap as a whole.
    while fill_gap(table, &mut rows)? >= SHORT_RUN {}
    while let Some((key, value)) = rows.next() {
        match value {
            Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
            None => remove_run(table, &key, &mut rows)?,
        }
    }
    Ok(())
}

type Rest = Peekable<std::collections::btree_map::IntoIter<Vec<u8>, Option<Vec<u8>>>>;

/// Writes the rows up to the first one in the table that is not before them; returns how many.
fn fill_gap(table: &mut Opened<'_>, rows: &mut Rest) -> Result<usize, StoreError> {
    let Some((first, _)) = rows.peek() else { return Ok(0) };
    let mut cursor = table.lower_bound_mut(Bound::Included(first.as_slice()))?;
    let end = cursor.peek_next()?.map(|(key, _)| key.value().to_vec());
    let mut written = 0;
    while let Some((key, value)) = rows.next_if(|(key, _)| end.as_ref().is_none_or(|end| key < end)) {
        // Where nothing stands, nothing need be removed.
        if let Some(value) = value {
            cursor.insert_before(key.as_slice(), value.as_slice()).map_err(of_cursor)?;
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
fn remove_run(table: &mut Opened<'_>, first: &[u8], rows: &mut Rest) -> Result<(), StoreError> {
    let mut last = first.to_vec();
    while let Some((key, _)) = rows.next_if(|(key, value)| value.is_none() && follows(&last, key)) {
        last = key;
    }
    if last == first {
        table.remove(first)?;
        return Ok(());
    }
    let length = first.len();
    // A longer key may stand between two that count on.
    table.retain_in::<&[u8], _>((Bound::Included(first), Bound::Included(last.as_slice())), |key, _| {
        key.len() != length
    })?;
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
