//! What is to be sent: one entry per destination, class and entity, and an order in which they are sent.
//!
//! A newer entry takes the place of the one that waits, so an entity that changes ten times before its destination
//! answers is sent once.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::WriteMeta;
use crate::tables::circuits::{InFlight, ReadCircuits};
use rosterd_model::outbox::{DeliveryState, Lane, OutboxEntry};
use rosterd_model::{Class, EntityId, Rule};
use std::ops::Bound;

pub(crate) fn entry_key(destination: ConnectionNumber, class: Class, entity: EntityId) -> Key {
    Key::new().connection(destination).class(class).entity(entity)
}

pub(crate) fn order_key(destination: ConnectionNumber, entry: &OutboxEntry) -> Key {
    Key::new().connection(destination).u8(entry.lane as u8).u64(entry.order)
}

pub(crate) fn blocked_key(destination: ConnectionNumber, on: (Class, EntityId), waiting: (Class, EntityId)) -> Key {
    entry_key(destination, on.0, on.1).class(waiting.0).entity(waiting.1)
}

/// Reading the outbox.
pub trait ReadOutbox: Read {
    /// The entry for an entity at a destination.
    ///
    /// # Errors
    /// The store can not be read.
    fn outbox_entry(
        &self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        self.value(Table::Outbox, entry_key(destination, class, entity).as_bytes())
    }

    /// The entries of a destination in the order of sending, parked ones and those that wait for a time among them.
    ///
    /// # Errors
    /// The store can not be read.
    fn outbox(
        &self,
        destination: ConnectionNumber,
    ) -> Result<impl Iterator<Item = Result<OutboxEntry, StoreError>>, StoreError> {
        let rows = self.prefix(Table::OutboxOrder, &destination.0.to_be_bytes())?;
        Ok(rows.map(move |row| {
            let (class, entity) = ordered(&row?.value)?;
            let entry = self.outbox_entry(destination, class, entity)?;
            entry.ok_or(StoreError::corrupt(Table::OutboxOrder, "its entry is missing"))
        }))
    }

    /// The entries of a lane of a destination in the order of sending, behind `after`.
    ///
    /// # Errors
    /// The store can not be read.
    fn outbox_lane(
        &self,
        destination: ConnectionNumber,
        lane: Lane,
        after: u64,
    ) -> Result<impl Iterator<Item = Result<OutboxEntry, StoreError>>, StoreError> {
        let lane = Key::new().connection(destination).u8(lane as u8);
        let (after, end) = (lane.clone().u64(after), lane.u64(u64::MAX));
        let rows =
            self.range(Table::OutboxOrder, Bound::Excluded(after.as_bytes()), Bound::Included(end.as_bytes()))?;
        Ok(rows.map(move |row| {
            let (class, entity) = ordered(&row?.value)?;
            let entry = self.outbox_entry(destination, class, entity)?;
            entry.ok_or(StoreError::corrupt(Table::OutboxOrder, "its entry is missing"))
        }))
    }

    /// The entries that wait for an object at a destination.
    ///
    /// # Errors
    /// The store can not be read.
    fn waiting_for(
        &self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<Vec<(Class, EntityId)>, StoreError> {
        let prefix = entry_key(destination, class, entity);
        let rows = self.prefix(Table::OutboxBlocked, prefix.as_bytes())?;
        rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::OutboxBlocked, &row.key);
            let (_, _, _) = (parts.connection()?, parts.class()?, parts.entity()?);
            let waiting = (parts.class()?, parts.entity()?);
            parts.end()?;
            Ok(waiting)
        })
        .collect()
    }

    /// True if there is something to send to a destination, or something that waits.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_outbox(&self, destination: ConnectionNumber) -> Result<bool, StoreError> {
        Ok(self.prefix(Table::OutboxOrder, &destination.0.to_be_bytes())?.next().transpose()?.is_some())
    }

    /// How many entries a destination has. Passes all of them.
    ///
    /// # Errors
    /// The store can not be read.
    fn outbox_count(&self, destination: ConnectionNumber) -> Result<u64, StoreError> {
        let rows = self.prefix(Table::OutboxOrder, &destination.0.to_be_bytes())?;
        rows.map(|row| row.map(|_| 1)).sum()
    }
}
impl<R: Read> ReadOutbox for R {}

/// Writing the outbox.
pub trait WriteOutbox: Write {
    /// Puts an entry in place of the one for the same entity, whose place in the order it does not keep; true if there
    /// was one. `order` must be unique within its destination and lane: take it from `next_order`, or keep it.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_outbox(&mut self, destination: ConnectionNumber, entry: &OutboxEntry) -> Result<bool, StoreError> {
        let key = entry_key(destination, entry.class, entry.entity);
        let order = order_key(destination, entry);
        let old = self.replace_value(Table::Outbox, key.as_bytes(), entry)?;
        let replaced = old.is_some();
        let old: Option<OutboxEntry> = old.map(|old| codec::decode(Table::Outbox, &old)).transpose()?;
        self.move_blocked(destination, old.as_ref(), Some(entry))?;
        if let Some(old) = old {
            let old = order_key(destination, &old);
            if old.as_bytes() == order.as_bytes() {
                return Ok(replaced);
            }
            self.remove(Table::OutboxOrder, old.as_bytes())?;
        }
        let mut value = [entry.class.code(); 17];
        value[1..].copy_from_slice(entry.entity.as_bytes());
        self.put(Table::OutboxOrder, order.as_bytes(), &value)?;
        Ok(replaced)
    }

    /// Puts a new wish for an object. It takes the place of one that waits, whose doubt it inherits: what may have been
    /// done under the old wish is looked for before anything is made. The same wish again changes nothing.
    ///
    /// # Errors
    /// The store can not be written.
    fn queue_outbox(&mut self, destination: ConnectionNumber, mut entry: OutboxEntry) -> Result<(), StoreError> {
        if let Some(old) = self.outbox_entry(destination, entry.class, entry.entity)? {
            let same = (old.desired, old.operation) == (entry.desired, entry.operation);
            let urgent = entry.lane < old.lane && entry.lane == Lane::Urgent;
            if (same && !urgent) || !Rule::NewerReplaces.on() {
                return Ok(());
            }
            // What is noted as sent and has no answer may have been done, too: the process may have died since.
            let flights = self.in_flight(destination)?;
            let flies = |flight: &InFlight| flight.lane == old.lane && (flight.from..=flight.to).contains(&old.order);
            if old.doubt.any() || flights.iter().any(flies) {
                entry.doubt = old.doubt_of_successor();
            }
        }
        self.put_outbox(destination, &entry).map(drop)
    }

    /// Lets the entries that wait for an object be looked at again, behind all others; true if there were some.
    ///
    /// # Errors
    /// The store can not be written.
    fn wake_outbox(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<bool, StoreError> {
        let mut woken = false;
        for (class, entity) in self.waiting_for(destination, class, entity)? {
            woken |= self.look_again(destination, class, entity)?;
        }
        Ok(woken)
    }

    /// Lets an entry be looked at again, behind all others; false if there is none.
    ///
    /// # Errors
    /// The store can not be written.
    fn look_again(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<bool, StoreError> {
        let Some(mut entry) = self.outbox_entry(destination, class, entity)? else { return Ok(false) };
        entry.order = self.next_order()?;
        entry.state = DeliveryState::Waiting;
        entry.last_fault = None;
        self.put_outbox(destination, &entry)?;
        Ok(true)
    }

    /// Keeps the rows of what entries wait for in step with an entry.
    ///
    /// # Errors
    /// The store can not be written.
    fn move_blocked(
        &mut self,
        destination: ConnectionNumber,
        old: Option<&OutboxEntry>,
        new: Option<&OutboxEntry>,
    ) -> Result<(), StoreError> {
        if let Some(OutboxEntry { state: DeliveryState::Blocked { on }, class, entity, .. }) = old {
            for on in on {
                self.remove(Table::OutboxBlocked, blocked_key(destination, *on, (*class, *entity)).as_bytes())?;
            }
        }
        if let Some(OutboxEntry { state: DeliveryState::Blocked { on }, class, entity, .. }) = new {
            for on in on {
                self.put(Table::OutboxBlocked, blocked_key(destination, *on, (*class, *entity)).as_bytes(), &[])?;
            }
        }
        Ok(())
    }

    /// Removes an entry; false if there was none.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_outbox(
        &mut self,
        destination: ConnectionNumber,
        class: Class,
        entity: EntityId,
    ) -> Result<bool, StoreError> {
        let Some(old) = self.take(Table::Outbox, entry_key(destination, class, entity).as_bytes())? else {
            return Ok(false);
        };
        let old: OutboxEntry = codec::decode(Table::Outbox, &old)?;
        self.move_blocked(destination, Some(&old), None)?;
        self.clear(Table::OutboxOrder, order_key(destination, &old).as_bytes())?;
        Ok(true)
    }
}
impl<W: Write> WriteOutbox for W {}

/// The class and entity of a row of the order.
pub(crate) fn ordered(value: &[u8]) -> Result<(Class, EntityId), StoreError> {
    let mut parts = Parts::new(Table::OutboxOrder, value);
    let (class, entity) = (parts.class()?, parts.entity()?);
    parts.end()?;
    Ok((class, entity))
}
