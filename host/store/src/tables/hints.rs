//! The inbox: objects that a remote system suggested looking at, one row an object however many events named it, and the
//! ids of events that came already.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::shadows::check_id;
use rosterd_model::{Class, ExternalId, Timestamp};
use serde::{Deserialize, Serialize};

/// What the hints about one object say together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredHint {
    /// The kind of object; none: any.
    pub class: Option<Class>,
    /// Its id; none: all of the class.
    pub id: Option<ExternalId>,
    /// True: one of the hints told of a delete.
    pub deleted: bool,
    /// How many hints there were.
    pub count: u64,
    /// When the first came.
    pub first: Timestamp,
    /// When the last came.
    pub last: Timestamp,
    /// How often looking at the object failed.
    pub attempts: u32,
    /// What the last hint said beside, JSON, cut to 4 KiB: for operators.
    pub detail: String,
}

fn hint_key(connection: ConnectionNumber, class: Option<Class>, id: Option<&ExternalId>) -> Key {
    let key = Key::new().connection(connection).u8(class.map_or(0, Class::code));
    key.text(id.map_or("", |id| id.as_str()))
}

fn event_key(connection: ConnectionNumber, event: &str) -> Key {
    Key::new().connection(connection).bounded_text(event)
}

fn time_key(at: Timestamp, connection: ConnectionNumber, event: &str) -> Key {
    Key::new().u64(at.0).connection(connection).bounded_text(event)
}

/// Reading the inbox.
pub trait ReadHints: Read {
    /// The hint about an object.
    ///
    /// # Errors
    /// The store can not be read.
    fn hint(
        &self,
        connection: ConnectionNumber,
        class: Option<Class>,
        id: Option<&ExternalId>,
    ) -> Result<Option<StoredHint>, StoreError> {
        self.value(Table::Hints, hint_key(connection, class, id).as_bytes())
    }

    /// The hints of a connection, in the order of their objects.
    ///
    /// # Errors
    /// The store can not be read.
    fn hints(
        &self,
        connection: ConnectionNumber,
    ) -> Result<impl Iterator<Item = Result<StoredHint, StoreError>>, StoreError> {
        let rows = self.prefix(Table::Hints, &connection.0.to_be_bytes())?;
        Ok(rows.map(|row| codec::decode(Table::Hints, &row?.value)))
    }

    /// When an event came, if it is remembered.
    ///
    /// # Errors
    /// The store can not be read.
    fn event_seen(&self, connection: ConnectionNumber, event: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.number(Table::HintEvents, event_key(connection, event).as_bytes())?.map(Timestamp))
    }
}
impl<R: Read> ReadHints for R {}

/// Writing the inbox.
pub trait WriteHints: Write {
    /// Puts the hint about an object.
    ///
    /// # Errors
    /// The store can not be written, or the id is too long.
    fn put_hint(&mut self, connection: ConnectionNumber, hint: &StoredHint) -> Result<(), StoreError> {
        hint.id.as_ref().map_or(Ok(()), check_id)?;
        self.put_value(Table::Hints, hint_key(connection, hint.class, hint.id.as_ref()).as_bytes(), hint)
    }

    /// Removes the hint about an object, unless another came since `taken` was read; false if it stays or there is none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_hint(&mut self, connection: ConnectionNumber, taken: &StoredHint) -> Result<bool, StoreError> {
        let key = hint_key(connection, taken.class, taken.id.as_ref());
        let now: Option<StoredHint> = self.value(Table::Hints, key.as_bytes())?;
        if now.is_none_or(|now| now.count != taken.count) {
            return Ok(false);
        }
        self.remove(Table::Hints, key.as_bytes())
    }

    /// Removes the hint about an object, whatever came since; false if there is none.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_hint(&mut self, connection: ConnectionNumber, class: Class, id: &ExternalId) -> Result<bool, StoreError> {
        self.remove(Table::Hints, hint_key(connection, Some(class), Some(id)).as_bytes())
    }

    /// Remembers an event.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_event(&mut self, connection: ConnectionNumber, event: &str, at: Timestamp) -> Result<(), StoreError> {
        let key = event_key(connection, event);
        if let Some(old) = self.number(Table::HintEvents, key.as_bytes())? {
            self.remove(Table::HintEventTimes, time_key(Timestamp(old), connection, event).as_bytes())?;
        }
        self.put(Table::HintEvents, key.as_bytes(), &at.0.to_be_bytes())?;
        self.put(Table::HintEventTimes, time_key(at, connection, event).as_bytes(), &[])
    }

    /// Forgets events that came before a time, at most so many; returns how many.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_events(&mut self, before: Timestamp, most: usize) -> Result<usize, StoreError> {
        let mut old = Vec::new();
        for row in self.prefix(Table::HintEventTimes, b"")?.take(most) {
            let row = row?;
            let at = Parts::new(Table::HintEventTimes, &row.key).u64()?;
            if at >= before.0 {
                break;
            }
            old.push(row.key.to_vec());
        }
        for key in &old {
            self.remove(Table::HintEventTimes, key)?;
            // Behind the time the key is that of the event.
            self.remove(Table::HintEvents, &key[8..])?;
        }
        Ok(old.len())
    }
}
impl<W: Write> WriteHints for W {}
