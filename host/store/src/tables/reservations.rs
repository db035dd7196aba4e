//! User names and mail addresses that stay with one entity although it does not use them: of those who left, and former
//! ones. A value is written when somebody leaves or is renamed, and not for the others: theirs are found by their keys.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::decision::Reservation;
use rosterd_model::{Class, EntityId};

fn reservation_key(class: Class, attribute: &str, value: &str) -> Key {
    Key::new().class(class).text(attribute).bounded_text(value)
}

/// A reservation with its key: class, attribute, value (the hash of a long one).
pub type ReservationRow = (Class, String, String, Reservation);

/// Reading reservations.
pub trait ReadReservations: Read {
    /// Who keeps a value, which is normalised as keys of entities are.
    ///
    /// # Errors
    /// The store can not be read.
    fn reservation(&self, class: Class, attribute: &str, value: &str) -> Result<Option<Reservation>, StoreError> {
        self.value(Table::Reservations, reservation_key(class, attribute, value).as_bytes())
    }

    /// True if anything is reserved.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_reservations(&self) -> Result<bool, StoreError> {
        Ok(self.row_count(Table::Reservations)? > 0)
    }

    /// All reservations.
    ///
    /// # Errors
    /// The store can not be read.
    fn reservations(&self) -> Result<impl Iterator<Item = Result<ReservationRow, StoreError>>, StoreError> {
        let rows = self.prefix(Table::Reservations, b"")?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::Reservations, &row.key);
            let (class, attribute, value) = (parts.class()?, parts.text()?, parts.text()?);
            parts.end()?;
            Ok((class, attribute, value, codec::decode(Table::Reservations, &row.value)?))
        }))
    }
}
impl<R: Read> ReadReservations for R {}

/// Writing reservations.
pub trait WriteReservations: Write {
    /// Reserves a value.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_reservation(
        &mut self,
        class: Class,
        attribute: &str,
        value: &str,
        reservation: &Reservation,
    ) -> Result<(), StoreError> {
        self.put_value(Table::Reservations, reservation_key(class, attribute, value).as_bytes(), reservation)
    }

    /// Releases a value that `entity` keeps; false if it does not.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_reservation(
        &mut self,
        class: Class,
        attribute: &str,
        value: &str,
        entity: EntityId,
    ) -> Result<bool, StoreError> {
        match self.reservation(class, attribute, value)? {
            Some(kept) if kept.entity == entity => {
                self.remove(Table::Reservations, reservation_key(class, attribute, value).as_bytes())
            }
            _ => Ok(false),
        }
    }
}
impl<W: Write> WriteReservations for W {}
