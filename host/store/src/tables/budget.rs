//! How much was done in each bucket of the guard, hour by hour, for the budget of a day.
//!
//! Written in the transaction that applies steps, so that a step counts once however often a process is killed.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::plan::Operation;
use rosterd_model::{Class, Timestamp};
use std::collections::BTreeMap;

/// Stands for the hub itself, which is no connection.
const HUB: ConnectionNumber = ConnectionNumber(u16::MAX);

const HOUR_MS: u64 = 3_600_000;

/// A bucket of the guard, as keys know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spending {
    /// Where; none: in the hub.
    pub destination: Option<ConnectionNumber>,
    /// On what kind of object.
    pub class: Class,
    /// What.
    pub operation: Operation,
    /// True: leavers who were announced.
    pub announced: bool,
}

fn key(hour: u64, bucket: &Spending) -> Key {
    let operation = Operation::ALL.iter().position(|operation| *operation == bucket.operation).unwrap_or_default();
    let operation = u8::try_from(operation).unwrap_or_default();
    let destination = bucket.destination.unwrap_or(HUB);
    Key::new().u64(hour).connection(destination).class(bucket.class).u8(operation).u8(u8::from(bucket.announced))
}

pub(crate) fn parse(key: &[u8]) -> Result<(u64, Spending), StoreError> {
    let mut parts = Parts::new(Table::Budget, key);
    let (hour, destination, class) = (parts.u64()?, parts.connection()?, parts.class()?);
    let (operation, announced) = (parts.u8()?, parts.u8()? == 1);
    parts.end()?;
    let unknown = StoreError::corrupt(Table::Budget, "its operation is not known here");
    let operation = Operation::ALL.get(usize::from(operation)).copied().ok_or(unknown)?;
    let destination = Some(destination).filter(|number| *number != HUB);
    Ok((hour, Spending { destination, class, operation, announced }))
}

/// Reading the budget.
pub trait ReadBudget: Read {
    /// What was done since `from`, in whole hours: the hour of `from` counts as a whole.
    ///
    /// # Errors
    /// The store can not be read.
    fn spent_since(&self, from: Timestamp) -> Result<BTreeMap<Spending, u64>, StoreError> {
        let mut spent = BTreeMap::new();
        for row in self.prefix_from(Table::Budget, b"", &(from.0 / HOUR_MS).to_be_bytes())? {
            let row = row?;
            let (_, bucket) = parse(&row.key)?;
            *spent.entry(bucket).or_default() += codec::number(Table::Budget, &row.value)?;
        }
        Ok(spent)
    }
}
impl<R: Read> ReadBudget for R {}

/// Writing the budget.
pub trait WriteBudget: Write {
    /// Adds to what was done in a bucket.
    ///
    /// # Errors
    /// The store can not be written.
    fn spend(&mut self, at: Timestamp, bucket: &Spending, by: u64) -> Result<(), StoreError> {
        let key = key(at.0 / HOUR_MS, bucket);
        let spent = self.number(Table::Budget, key.as_bytes())?.unwrap_or(0).saturating_add(by);
        self.put(Table::Budget, key.as_bytes(), &spent.to_be_bytes())
    }

    /// Forgets hours that ended before `before`; returns how many rows that were.
    ///
    /// # Errors
    /// The store can not be written.
    fn forget_spent(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let mut old = Vec::new();
        for row in self.prefix(Table::Budget, b"")? {
            let row = row?;
            if parse(&row.key)?.0 >= before.0 / HOUR_MS {
                break;
            }
            old.push(row.key.to_vec());
        }
        for key in &old {
            self.remove(Table::Budget, key)?;
        }
        Ok(old.len() as u64)
    }
}
impl<W: Write> WriteBudget for W {}
