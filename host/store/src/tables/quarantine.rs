//! Open cases: records and entities that are set aside. An object has one open case at most; a later one takes the
//! place of the earlier. A closed case leaves no row, and its number is not used again.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::connections::{ReadConnections, WriteConnections};
use crate::tables::meta::{Counter, WriteMeta};
use crate::tables::shadows::check_id;
use rosterd_model::quarantine::QuarantineCase;
use rosterd_model::{Class, ExternalId};

fn object_key(connection: ConnectionNumber, class: Option<Class>, id: &ExternalId) -> Key {
    Key::new().connection(connection).u8(class.map_or(0, Class::code)).text(id.as_str())
}

pub(crate) fn connection_key(connection: ConnectionNumber, number: u64) -> Key {
    Key::new().connection(connection).u64(number)
}

/// Reading cases.
pub trait ReadQuarantine: Read {
    /// An open case by its number.
    ///
    /// # Errors
    /// The store can not be read.
    fn case(&self, number: u64) -> Result<Option<QuarantineCase>, StoreError> {
        self.value(Table::Quarantine, &number.to_be_bytes())
    }

    /// The number of the open case of an object.
    ///
    /// # Errors
    /// The store can not be read.
    fn case_of(
        &self,
        connection: ConnectionNumber,
        class: Option<Class>,
        id: &ExternalId,
    ) -> Result<Option<u64>, StoreError> {
        self.number(Table::QuarantineObjects, object_key(connection, class, id).as_bytes())
    }

    /// The open cases of a connection, oldest first.
    ///
    /// # Errors
    /// The store can not be read.
    fn cases(
        &self,
        connection: ConnectionNumber,
    ) -> Result<impl DoubleEndedIterator<Item = Result<QuarantineCase, StoreError>>, StoreError> {
        let rows = self.prefix(Table::QuarantineConnections, &connection.0.to_be_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::QuarantineConnections, &row.key);
            let (_, number) = (parts.connection()?, parts.u64()?);
            self.case(number)?.ok_or(StoreError::corrupt(Table::QuarantineConnections, "its case is missing"))
        }))
    }

    /// How many open cases a connection has. Passes all of them.
    ///
    /// # Errors
    /// The store can not be read.
    fn case_count(&self, connection: ConnectionNumber) -> Result<u64, StoreError> {
        let rows = self.prefix(Table::QuarantineConnections, &connection.0.to_be_bytes())?;
        rows.map(|row| row.map(|_| 1)).sum()
    }
}
impl<R: Read> ReadQuarantine for R {}

/// Opening and closing cases.
pub trait WriteQuarantine: Write {
    /// Opens a case under the next number, which is returned; the number in `case` does not count. The open case of the
    /// same object is closed.
    ///
    /// # Errors
    /// The store can not be written, or the id is too long.
    fn open_case(&mut self, mut case: QuarantineCase) -> Result<u64, StoreError> {
        let connection = self.intern_connection(&case.connection)?;
        case.number = self.next_number(Counter::Case)?;
        let number = case.number.to_be_bytes();
        if let Some(id) = &case.id {
            check_id(id)?;
            let old =
                self.replace(Table::QuarantineObjects, object_key(connection, case.class, id).as_bytes(), &number)?;
            if let Some(old) = old {
                let old = codec::number(Table::QuarantineObjects, &old)?;
                self.remove(Table::Quarantine, &old.to_be_bytes())?;
                self.remove(Table::QuarantineConnections, connection_key(connection, old).as_bytes())?;
            }
        }
        self.put(Table::QuarantineConnections, connection_key(connection, case.number).as_bytes(), &[])?;
        self.put_value(Table::Quarantine, &number, &case)?;
        Ok(case.number)
    }

    /// Closes a case and returns it; none if it is not open.
    ///
    /// # Errors
    /// The store can not be written.
    fn close_case(&mut self, number: u64) -> Result<Option<QuarantineCase>, StoreError> {
        let Some(old) = self.take(Table::Quarantine, &number.to_be_bytes())? else { return Ok(None) };
        let case: QuarantineCase = codec::decode(Table::Quarantine, &old)?;
        if let Some(connection) = self.connection_number(&case.connection)? {
            self.remove(Table::QuarantineConnections, connection_key(connection, number).as_bytes())?;
            if let Some(id) = &case.id {
                self.remove(Table::QuarantineObjects, object_key(connection, case.class, id).as_bytes())?;
            }
        }
        Ok(Some(case))
    }
}
impl<W: Write> WriteQuarantine for W {}
