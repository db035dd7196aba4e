//! Facts about the store itself: its version and id, the numbers that it gives out, and the last time it saw.
//!
//! Every number is given out once. It is taken inside of a transaction and stored with it; one that is given up gives
//! its numbers back.

use crate::codec;
use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::{Rule, RunId, Timestamp};

const SCHEMA: &[u8] = b"schema";
const STORE: &[u8] = b"store";
const CLOCK: &[u8] = b"clock";
const RESTORED: &[u8] = b"restored";
/// Before the name of a job: a person applied a plan of it since the restore.
const SEEN_BY_A_PERSON: &str = "restored-job ";
/// Before the name of a connection: it was read since the restore.
const PROVEN: &str = "restored-read ";

/// A kind of number that the store gives out, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// The host-wide order of changes.
    Sequence,
    /// Runs.
    Run,
    /// Plans.
    Plan,
    /// Cases in quarantine.
    Case,
    /// Order of outbox entries.
    Order,
    /// Rows of the audit.
    Audit,
}

impl Counter {
    const fn key(self) -> &'static [u8] {
        match self {
            Self::Sequence => b"sequence",
            Self::Run => b"run",
            Self::Plan => b"plan",
            Self::Case => b"case",
            Self::Order => b"order",
            Self::Audit => b"audit",
        }
    }
}

/// Reading facts about the store.
pub trait ReadMeta: Read {
    /// Version of the layout; none in a database that is no store.
    ///
    /// # Errors
    /// The store can not be read.
    fn schema_version(&self) -> Result<Option<u32>, StoreError> {
        let version = self.number(Table::Meta, SCHEMA)?;
        version
            .map(|version| {
                u32::try_from(version).map_err(|_| StoreError::corrupt(Table::Meta, "its version is no version"))
            })
            .transpose()
    }

    /// Sixteen random bytes by which a store is told from others; a restored backup keeps them.
    ///
    /// # Errors
    /// The store can not be read.
    fn store_id(&self) -> Result<[u8; 16], StoreError> {
        let id =
            self.get(Table::Meta, STORE)?.ok_or(StoreError::corrupt(Table::Meta, "the id of the store is missing"))?;
        (*id).try_into().map_err(|_| StoreError::corrupt(Table::Meta, "the id of the store has another length"))
    }

    /// The last number of a kind that was given out; 0 if none was.
    ///
    /// # Errors
    /// The store can not be read.
    fn last_number(&self, counter: Counter) -> Result<u64, StoreError> {
        Ok(self.number(Table::Meta, counter.key())?.unwrap_or(0))
    }

    /// The last sequence number that was given out: everything stored so far has this one or a smaller one.
    ///
    /// # Errors
    /// The store can not be read.
    fn sequence(&self) -> Result<u64, StoreError> {
        self.last_number(Counter::Sequence)
    }

    /// The time by which policy decides: `now`, but never earlier than any time that a transaction saw before.
    ///
    /// # Errors
    /// The store can not be read.
    fn policy_now(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        if !Rule::ClockNeverBack.on() {
            return Ok(now);
        }
        Ok(now.max(Timestamp(self.number(Table::Meta, CLOCK)?.unwrap_or(0))))
    }

    /// When the store was restored from a backup, unless a person applied a plan since: until then every job only
    /// plans, because destinations may be ahead of what the store remembers.
    ///
    /// # Errors
    /// The store can not be read.
    fn restored(&self) -> Result<bool, StoreError> {
        self.has(Table::Meta, RESTORED)
    }

    /// As [`ReadMeta::restored`], for one job: false once a person applied a plan of it.
    ///
    /// # Errors
    /// The store can not be read.
    fn restored_for(&self, job: &str) -> Result<bool, StoreError> {
        Ok(self.restored()? && !self.has(Table::Meta, format!("{SEEN_BY_A_PERSON}{job}").as_bytes())?)
    }

    /// True if what the backup remembers of a connection was compared with the connection itself since the restore.
    ///
    /// # Errors
    /// The store can not be read.
    fn proven(&self, connection: &str) -> Result<bool, StoreError> {
        self.has(Table::Meta, format!("{PROVEN}{connection}").as_bytes())
    }
}
impl<R: Read> ReadMeta for R {}

/// Changing facts about the store.
pub trait WriteMeta: Write {
    /// Takes the next number of a kind.
    ///
    /// # Errors
    /// The store can not be written.
    fn next_number(&mut self, counter: Counter) -> Result<u64, StoreError> {
        let value = self.edit(Table::Meta, counter.key())?;
        let last = if value.is_empty() { 0 } else { codec::number(Table::Meta, value)? };
        let next = last.checked_add(1).ok_or(StoreError::Exhausted { what: "row" })?;
        value.clear();
        value.extend_from_slice(&next.to_be_bytes());
        Ok(next)
    }

    /// Takes the next sequence number.
    ///
    /// # Errors
    /// The store can not be written.
    fn next_sequence(&mut self) -> Result<u64, StoreError> {
        self.next_number(Counter::Sequence)
    }

    /// Takes the next number of a run.
    ///
    /// # Errors
    /// The store can not be written.
    fn next_run(&mut self) -> Result<RunId, StoreError> {
        self.next_number(Counter::Run).map(RunId)
    }

    /// Takes the next number of a plan.
    ///
    /// # Errors
    /// The store can not be written.
    fn next_plan(&mut self) -> Result<u64, StoreError> {
        self.next_number(Counter::Plan)
    }

    /// Takes the next order of an outbox entry.
    ///
    /// # Errors
    /// The store can not be written.
    fn next_order(&mut self) -> Result<u64, StoreError> {
        self.next_number(Counter::Order)
    }

    /// Remembers `now` and returns the time by which policy decides; see [`ReadMeta::policy_now`].
    ///
    /// # Errors
    /// The store can not be written.
    fn advance_clock(&mut self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let value = self.edit(Table::Meta, CLOCK)?;
        let last = if value.is_empty() { 0 } else { codec::number(Table::Meta, value)? };
        let latest = if Rule::ClockNeverBack.on() { now.0.max(last) } else { now.0 };
        value.clear();
        value.extend_from_slice(&latest.to_be_bytes());
        Ok(Timestamp(latest))
    }

    /// Sets or clears what [`ReadMeta::restored`] says.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_restored(&mut self, restored: bool) -> Result<(), StoreError> {
        for prefix in [SEEN_BY_A_PERSON, PROVEN] {
            self.remove_prefix(Table::Meta, prefix.as_bytes(), u64::MAX)?;
        }
        if restored { self.put(Table::Meta, RESTORED, &[1]) } else { self.remove(Table::Meta, RESTORED).map(drop) }
    }

    /// A person applied a plan of a job: what [`ReadMeta::restored_for`] says of it is over.
    ///
    /// # Errors
    /// The store can not be written.
    fn clear_restored_for(&mut self, job: &str) -> Result<(), StoreError> {
        self.put(Table::Meta, format!("{SEEN_BY_A_PERSON}{job}").as_bytes(), &[1])
    }

    /// A connection was compared with what the backup remembers of it.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_proven(&mut self, connection: &str) -> Result<(), StoreError> {
        self.put(Table::Meta, format!("{PROVEN}{connection}").as_bytes(), &[1])
    }

    /// Sets the version of the layout. For creation and upgrades.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_schema_version(&mut self, version: u32) -> Result<(), StoreError> {
        self.put(Table::Meta, SCHEMA, &u64::from(version).to_be_bytes())
    }

    /// Sets the id of the store. For creation.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_store_id(&mut self, id: [u8; 16]) -> Result<(), StoreError> {
        self.put(Table::Meta, STORE, &id)
    }
}
impl<W: Write> WriteMeta for W {}
