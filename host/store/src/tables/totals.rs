//! How many objects are alive in the hub and at each destination, so that the guard need not count a million rows to
//! know what one percent is.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, of_class};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::Class;

/// Reading totals.
pub trait ReadTotals: Read {
    /// Living objects of a class at a destination; none: in the hub.
    ///
    /// # Errors
    /// The store can not be read.
    fn total(&self, destination: Option<ConnectionNumber>, class: Class) -> Result<u64, StoreError> {
        match self.get(Table::Totals, of_class(destination.unwrap_or(ConnectionNumber::HUB), class).as_bytes())? {
            Some(bytes) => codec::number(Table::Totals, &bytes),
            None => Ok(0),
        }
    }
}
impl<R: Read> ReadTotals for R {}

/// Changing totals, in the transaction that changes what they count.
pub trait WriteTotals: Write {
    /// Adds to a total; it never goes below zero.
    ///
    /// # Errors
    /// The store can not be written.
    fn add_total(&mut self, destination: Option<ConnectionNumber>, class: Class, by: i64) -> Result<(), StoreError> {
        if by == 0 {
            return Ok(());
        }
        let total = self.total(destination, class)?.saturating_add_signed(by);
        self.put(
            Table::Totals,
            of_class(destination.unwrap_or(ConnectionNumber::HUB), class).as_bytes(),
            &total.to_be_bytes(),
        )
    }
}
impl<W: Write> WriteTotals for W {}
