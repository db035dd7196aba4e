//! Values by which shadows of a pushed source are looked up: its clients ask for a user name, not for an ordinal.
//!
//! Only connections that are marked as complete have rows, and they have them of every live shadow.
//!
//! Values come in no order, and each one goes into a page of its own among millions. So very many that come at once are a *run*
//! of their own, which is laid down in order, as a log-structured tree does it; whoever looks for a value looks into every run.
//! Housekeeping moves the rows of runs to where the others are, run 0.

use crate::error::StoreError;
use crate::gather::Opened;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use redb::{AccessGuard, ReadableTable as _};
use rosterd_model::directory::keys_of;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::{Attributes, Class};
use std::collections::BTreeSet;

/// Where the number of the class stands in a key, together with that of the run.
const CLASS_AT: usize = 2;
/// As many runs there are at most: what comes then goes into run 0 as it did ever.
const MOST_RUNS: u8 = 15;

/// The class and the run in one byte. The number of a class has two bits.
fn classed(class: Class, run: u8) -> u8 {
    class.code() | run << 2
}

fn of_value(connection: ConnectionNumber, class: Class, attribute: &str, value: &str) -> Key {
    of_run(connection, class, 0).text(attribute).bounded_text(value)
}

fn of_run(connection: ConnectionNumber, class: Class, run: u8) -> Key {
    Key::new().connection(connection).u8(classed(class, run))
}

/// No class has the number 0. The value is the number of runs beside run 0; nothing: none.
fn mark(connection: ConnectionNumber) -> Key {
    Key::new().connection(connection).u8(0)
}

/// The mark of the connection of a key.
fn mark_of(key: &[u8]) -> Vec<u8> {
    key.iter().take(CLASS_AT).copied().chain([0]).collect()
}

/// The same key in another run.
pub(crate) fn in_run(key: &[u8], run: u8) -> Vec<u8> {
    let mut key = key.to_vec();
    if let Some(byte) = key.get_mut(CLASS_AT) {
        *byte = *byte & 3 | run << 2;
    }
    key
}

/// The run of its own for very many rows that are written together, of which these are the first and the last key; 0: they are
/// of several connections, or there are too many runs.
pub(crate) fn next_run(table: &Opened<'_>, first: &[u8], last: &[u8]) -> Result<u8, StoreError> {
    if mark_of(first) != mark_of(last) {
        return Ok(0);
    }
    let runs = runs_of(table.get(mark_of(first).as_slice())?.as_ref().map(AccessGuard::value));
    Ok(runs.filter(|runs| *runs < MOST_RUNS).map_or(0, |runs| runs + 1))
}

/// Notes that a run is there, to which this key belongs.
pub(crate) fn note_run(table: &mut Opened<'_>, key: &[u8], run: u8) -> Result<(), StoreError> {
    let mark = mark_of(key);
    let runs = runs_of(table.get(mark.as_slice())?.as_ref().map(AccessGuard::value)).unwrap_or_default();
    if runs < run {
        table.insert(mark.as_slice(), [run].as_slice())?;
    }
    Ok(())
}

fn runs_of(mark: Option<&[u8]>) -> Option<u8> {
    mark.map(|value| value.first().map_or(0, |runs| *runs.min(&MOST_RUNS)))
}

/// The rows that a shadow should have.
fn keys(shadow: Option<&Shadow>) -> BTreeSet<(&'static str, String)> {
    shadow.filter(|shadow| shadow.state == ShadowState::Live).map(|live| keys_of(&live.attributes)).unwrap_or_default()
}

/// Reading the values by which shadows are looked up.
pub trait ReadShadowKeys: Read {
    /// True if every live shadow of the connection can be looked up.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_shadow_keys(&self, connection: ConnectionNumber) -> Result<bool, StoreError> {
        self.has(Table::ShadowKeys, mark(connection).as_bytes())
    }

    /// How many runs there are beside run 0.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadow_key_runs(&self, connection: ConnectionNumber) -> Result<u8, StoreError> {
        Ok(runs_of(self.get(Table::ShadowKeys, mark(connection).as_bytes())?.as_deref()).unwrap_or_default())
    }

    /// The live shadows with a value, which is folded as [`rosterd_model::directory::fold`] does it; in order of ordinals.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadows_with(
        &self,
        connection: ConnectionNumber,
        class: Class,
        attribute: &str,
        value: &str,
    ) -> Result<impl Iterator<Item = Result<u32, StoreError>>, StoreError> {
        let key = of_value(connection, class, attribute, value);
        let ordinals = |run| {
            let rows = self.prefix(Table::ShadowKeys, &in_run(key.as_bytes(), run))?;
            Ok::<_, StoreError>(rows.map(|row| {
                let row = row?;
                let mut parts = Parts::new(Table::ShadowKeys, &row.key);
                let (_, _, _, _) = (parts.connection()?, parts.u8()?, parts.text()?, parts.text()?);
                let ordinal = parts.u32()?;
                parts.end()?;
                Ok(ordinal)
            }))
        };
        // Those of runs are put in order; whoever wants few of many wants them where they come one by one.
        let mut all = Vec::new();
        for run in 1..=self.shadow_key_runs(connection)? {
            all.extend(ordinals(run)?.collect::<Result<Vec<u32>, _>>()?);
        }
        all.sort_unstable();
        Ok(in_order(ordinals(0)?, all))
    }
}
impl<R: Read> ReadShadowKeys for R {}

/// Ordinals that come in order, and others that are in order, in order.
fn in_order(
    one: impl Iterator<Item = Result<u32, StoreError>>,
    others: Vec<u32>,
) -> impl Iterator<Item = Result<u32, StoreError>> {
    let (mut one, mut others) = (one.peekable(), others.into_iter().peekable());
    std::iter::from_fn(move || match (one.peek(), others.peek()) {
        (Some(Ok(first)), Some(other)) if other < first => others.next().map(Ok),
        (None, _) => others.next().map(Ok),
        (Some(_), _) => one.next(),
    })
}

/// Writing them.
pub trait WriteShadowKeys: Write {
    /// Puts the rows of a shadow in the place of those that it had.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_shadow_keys(
        &mut self,
        connection: ConnectionNumber,
        ordinal: u32,
        before: Option<&Shadow>,
        after: &Shadow,
    ) -> Result<(), StoreError> {
        let (old, new) = (keys(before), keys(Some(after)));
        let row =
            |(attribute, value): &(&str, String)| of_value(connection, after.class, attribute, value).u32(ordinal);
        old.difference(&new).try_for_each(|key| self.remove_shadow_key(connection, row(key).as_bytes()))?;
        new.difference(&old).try_for_each(|key| self.put(Table::ShadowKeys, row(key).as_bytes(), &[]))
    }

    /// Puts the rows of a shadow that had none; `values` are its [`keys_of`].
    ///
    /// # Errors
    /// The store can not be written.
    fn add_shadow_keys(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        values: &[(&'static str, String)],
    ) -> Result<(), StoreError> {
        values.iter().try_for_each(|(attribute, value)| {
            let key = of_value(connection, class, attribute, value).u32(ordinal);
            self.put(Table::ShadowKeys, key.as_bytes(), &[])
        })
    }

    /// Removes the rows of a shadow that goes.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_shadow_keys(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        attributes: &Attributes,
    ) -> Result<(), StoreError> {
        keys_of(attributes).iter().try_for_each(|(attribute, value)| {
            let key = of_value(connection, class, attribute, value).u32(ordinal);
            self.remove_shadow_key(connection, key.as_bytes())
        })
    }

    /// Removes a row, in whatever run it is.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_shadow_key(&mut self, connection: ConnectionNumber, key: &[u8]) -> Result<(), StoreError> {
        for run in 0..=self.shadow_key_runs(connection)? {
            if self.remove(Table::ShadowKeys, &in_run(key, run))? {
                break;
            }
        }
        Ok(())
    }

    /// Moves so many rows of the last run into run 0. False: there is no run beside it.
    ///
    /// # Errors
    /// The store can not be written.
    fn fold_shadow_keys(&mut self, connection: ConnectionNumber, most: usize) -> Result<bool, StoreError> {
        let runs = self.shadow_key_runs(connection)?;
        if runs == 0 {
            return Ok(false);
        }
        let mut left = most;
        for class in Class::ALL {
            let from = of_run(connection, class, runs);
            let rows = self.prefix(Table::ShadowKeys, from.as_bytes())?.take(left);
            let keys = rows.map(|row| Ok(row?.key.to_vec())).collect::<Result<Vec<_>, StoreError>>()?;
            for key in &keys {
                self.put(Table::ShadowKeys, &in_run(key, 0), &[])?;
            }
            self.remove_prefix(Table::ShadowKeys, from.as_bytes(), keys.len() as u64)?;
            left -= keys.len();
        }
        if left > 0 {
            let fewer: &[u8] = if runs == 1 { &[] } else { &[runs - 1] };
            self.put(Table::ShadowKeys, mark(connection).as_bytes(), fewer)?;
        }
        Ok(true)
    }

    /// Notes that every live shadow of the connection has its rows.
    ///
    /// # Errors
    /// The store can not be written.
    fn complete_shadow_keys(&mut self, connection: ConnectionNumber) -> Result<(), StoreError> {
        self.put(Table::ShadowKeys, mark(connection).as_bytes(), &[])
    }

    /// Removes all rows of a connection and the mark.
    ///
    /// # Errors
    /// The store can not be written.
    fn drop_shadow_keys(&mut self, connection: ConnectionNumber) -> Result<(), StoreError> {
        self.remove_prefix(Table::ShadowKeys, Key::new().connection(connection).as_bytes(), u64::MAX).map(drop)
    }
}
impl<W: Write> WriteShadowKeys for W {}
