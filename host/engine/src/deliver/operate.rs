//! What people do about deliveries: send again, drop, pause and resume.

use super::Delivered;
use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::circuit::{Circuit, Pause};
use rosterd_model::outbox::{DeliveryState, OutboxEntry};
use rosterd_model::port::BoxFuture;
use rosterd_model::run::DeliveryCounts;
use rosterd_model::{Class, ConnectionId, EntityId};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// What one delivery came to.
#[derive(Debug, Clone, Default)]
pub struct DeliveryReport {
    /// Operations by their outcome.
    pub counts: DeliveryCounts,
    /// Why a connection was left alone, and what was not done, as sentences.
    pub faults: Vec<String>,
    /// What reading back showed.
    pub notes: Vec<String>,
}

/// Entries changed in one transaction.
const PORTION: usize = 10_000;

/// The name of an entry on the command line: connection and entity.
#[must_use]
pub fn entry_name(entry: &OutboxEntry) -> String {
    format!("{}/{}", entry.destination, entry.entity)
}

impl Engine {
    /// Sends what is due to every destination, without a run of a job: retries whose time has come, and what a resumed
    /// connection kept waiting.
    ///
    /// # Errors
    /// The store fails.
    pub fn deliver(&self) -> BoxFuture<'_, Result<DeliveryReport, EngineError>> {
        Box::pin(async move {
            let Delivered { counts, faults, notes, .. } = super::deliver(self).await?;
            Ok(DeliveryReport { counts, faults, notes })
        })
    }

    /// Lets an entry be sent again with the next delivery, as if nobody had tried it.
    ///
    /// # Errors
    /// There is no such entry.
    pub fn outbox_retry(&self, name: &str) -> Result<OutboxEntry, EngineError> {
        let (number, entry) = self.entry(name)?;
        let now = self.clock.now();
        let entry = afresh(entry);
        self.store.commit::<_, EngineError>("outbox-retry", |w| {
            w.put_outbox(number, &entry)?;
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, "outbox-retry", name)?;
            Ok(())
        })?;
        Ok(entry)
    }

    /// Lets everything that waits for a time or for a person be sent again, to one connection or to all. Returns how many.
    ///
    /// # Errors
    /// There is no such connection.
    pub fn outbox_retry_all(&self, connection: Option<&str>) -> Result<u64, EngineError> {
        let numbers = match connection {
            Some(name) => vec![self.known_connection(name)?],
            None => self.store.snapshot()?.connections()?.into_iter().map(|(_, number)| number).collect(),
        };
        let mut count = 0;
        for number in numbers {
            let view = self.store.snapshot()?;
            let mut waiting = Vec::new();
            for entry in view.outbox(number)? {
                let entry = entry?;
                if matches!(entry.state, DeliveryState::Retry { .. } | DeliveryState::Parked { .. }) {
                    waiting.push(afresh(entry));
                }
                if waiting.len() == PORTION {
                    count += self.put_all(number, &waiting)?;
                    waiting.clear();
                }
            }
            count += self.put_all(number, &waiting)?;
        }
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("outbox-retry", |w| {
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, "outbox-retry-all", connection.unwrap_or("all connections"))?;
            Ok(())
        })?;
        Ok(count)
    }

    fn put_all(&self, number: ConnectionNumber, entries: &[OutboxEntry]) -> Result<u64, EngineError> {
        if entries.is_empty() {
            return Ok(0);
        }
        self.store.commit::<_, EngineError>("outbox-retry", |w| {
            let mut count = 0;
            for entry in entries {
                // What was answered or replaced meanwhile is left alone.
                let stored = w.outbox_entry(number, entry.class, entry.entity)?;
                if stored.is_some_and(|stored| stored.order == entry.order && stored.lane == entry.lane) {
                    w.put_outbox(number, entry)?;
                    count += 1;
                }
            }
            Ok(count)
        })
    }

    /// Gives an entry up: the destination keeps what it has until the entity changes again.
    ///
    /// # Errors
    /// There is no such entry.
    pub fn outbox_drop(&self, name: &str) -> Result<OutboxEntry, EngineError> {
        let (number, entry) = self.entry(name)?;
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("outbox-drop", |w| {
            w.remove_outbox(number, entry.class, entry.entity)?;
            // Whoever waited for it looks again: it may go without, or wait for the object itself.
            w.wake_outbox(number, entry.class, entry.entity)?;
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, "outbox-drop", name)?;
            Ok(())
        })?;
        Ok(entry)
    }

    /// Stops all writing to a connection, or to all: what is under way is finished, nothing further is begun.
    ///
    /// # Errors
    /// The connection is none of the configured destinations.
    pub fn pause(&self, connection: Option<&str>, reason: &str) -> Result<Pause, EngineError> {
        let number = connection.map(|name| self.destination_number(name)).transpose()?;
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("pause", |w| {
            let at = w.advance_clock(now)?;
            let pause = Pause { by: self.principal.clone(), at, reason: reason.to_owned() };
            w.put_pause(number, &pause)?;
            w.add_audit(at, &self.principal, "paused", connection.unwrap_or("all connections"))?;
            Ok(pause)
        })
    }

    /// Goes on: ends the pause of a connection, or the one of all, and closes its breaker. False if there was nothing to
    /// end.
    ///
    /// # Errors
    /// The connection is none of the configured destinations.
    pub fn resume(&self, connection: Option<&str>) -> Result<bool, EngineError> {
        let number = connection.map(|name| self.destination_number(name)).transpose()?;
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("resume", |w| {
            let mut ended = w.remove_pause(number)?;
            if let Some(number) = number {
                ended |= w.circuit(number)? != Circuit::default();
                w.put_circuit(number, &Circuit::default())?;
            }
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, "resumed", connection.unwrap_or("all connections"))?;
            Ok(ended)
        })
    }

    pub(super) fn destination_number(&self, name: &str) -> Result<ConnectionNumber, EngineError> {
        let found = self.policy.deliveries.iter().find(|delivery| delivery.destination.as_str() == name);
        let known: Vec<&str> = self.policy.deliveries.iter().map(|delivery| delivery.destination.as_str()).collect();
        let delivery = found.ok_or_else(|| {
            let all = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            EngineError::NotFound(format!("there is no [deliver.{name}] in rosterd.toml; {all}"))
        })?;
        self.number(&delivery.destination)
    }

    fn known_connection(&self, name: &str) -> Result<ConnectionNumber, EngineError> {
        number_of(&self.store.snapshot()?, name)
    }

    fn entry(&self, name: &str) -> Result<(ConnectionNumber, OutboxEntry), EngineError> {
        let view = self.store.snapshot()?;
        let missing = || EngineError::NotFound(format!("there is no entry {name}; see `rosterd outbox list`"));
        let (connection, entity) = name.split_once('/').ok_or_else(missing)?;
        let number = number_of(&view, connection)?;
        let entity: EntityId = entity.parse().map_err(|_| missing())?;
        for class in Class::ALL {
            if let Some(entry) = view.outbox_entry(number, class, entity)? {
                return Ok((number, entry));
            }
        }
        Err(missing())
    }
}

fn number_of(view: &Snapshot, name: &str) -> Result<ConnectionNumber, EngineError> {
    let unknown = || EngineError::NotFound(format!("nothing was ever sent to a connection \"{name}\""));
    let id: ConnectionId = name.parse().map_err(|_| unknown())?;
    view.connection_number(&id)?.ok_or_else(unknown)
}

/// An entry as if nobody had tried it; the doubt whether it was done stays.
pub(super) fn afresh(entry: OutboxEntry) -> OutboxEntry {
    OutboxEntry { attempts: 0, again: false, failing_since: None, state: DeliveryState::Waiting, ..entry }
}
