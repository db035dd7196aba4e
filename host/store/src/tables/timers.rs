//! Dates that the hub waits for: first and last days, the end of a grace.
//!
//! A timer only says when to look. What is due is decided by the state of the entity at that time, so that a timer whose
//! reason is gone does no harm, and nothing need be taken back when a date is withdrawn.

use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::plan::Due;
use rosterd_model::{Class, EntityId, Timestamp};

/// A date that the hub waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When to look.
    pub at: Timestamp,
    /// The kind of object.
    pub class: Class,
    /// The entity.
    pub entity: EntityId,
    /// What is due then.
    pub due: Due,
}

/// Reading timers.
pub trait ReadTimers: Read {
    /// All timers, the next one first.
    ///
    /// # Errors
    /// The store can not be read.
    fn timers(&self) -> Result<impl Iterator<Item = Result<Timer, StoreError>>, StoreError> {
        Ok(self.prefix(Table::Timers, b"")?.map(|row| timer(&row?.key)))
    }
}
impl<R: Read> ReadTimers for R {}

/// Writing timers.
pub trait WriteTimers: Write {
    /// Sets a timer. Setting it twice is as setting it once.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_timer(&mut self, timer: &Timer) -> Result<(), StoreError> {
        self.put(Table::Timers, key(timer).as_bytes(), &[])
    }

    /// Removes a timer; false if there was none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_timer(&mut self, timer: &Timer) -> Result<bool, StoreError> {
        self.remove(Table::Timers, key(timer).as_bytes())
    }
}
impl<W: Write> WriteTimers for W {}

fn key(timer: &Timer) -> Key {
    Key::new().u64(timer.at.0).class(timer.class).entity(timer.entity).u8(timer.due.code())
}

pub(crate) fn timer(key: &[u8]) -> Result<Timer, StoreError> {
    let mut parts = Parts::new(Table::Timers, key);
    let (at, class, entity, code) = (Timestamp(parts.u64()?), parts.class()?, parts.entity()?, parts.u8()?);
    parts.end()?;
    let due = Due::from_code(code).ok_or(StoreError::corrupt(Table::Timers, "its kind is not known here"))?;
    Ok(Timer { at, class, entity, due })
}
