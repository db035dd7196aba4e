//! References that a destination could not be told yet, by what is missing there: a connection's name for an object, so
//! that it does not matter whether the hub does not know the object or the destination does not have it.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::{Class, EntityId, ExternalId};

/// What is missing at a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingReference {
    /// The connection that made the claim.
    pub connection: ConnectionNumber,
    /// Class of the object that is referred to.
    pub class: Class,
    /// Its id on that connection.
    pub id: ExternalId,
}

fn missing_key(destination: ConnectionNumber, missing: &MissingReference) -> Key {
    Key::new().connection(destination).connection(missing.connection).class(missing.class).bounded_text(missing.id.as_str())
}

/// Reading references that are not complete.
pub trait ReadPendingRefs: Read {
    /// The entities whose references wait for an object.
    ///
    /// # Errors
    /// The store can not be read.
    fn pending_on(
        &self,
        destination: ConnectionNumber,
        missing: &MissingReference,
    ) -> Result<Vec<(Class, EntityId)>, StoreError> {
        let prefix = missing_key(destination, missing);
        let rows = self.prefix(Table::PendingRefs, prefix.as_bytes())?;
        rows.map(|row| {
            let row = row?;
            let rest = row.key.get(prefix.as_bytes().len()..).unwrap_or_default();
            let mut parts = Parts::new(Table::PendingRefs, rest);
            let waiting = (parts.class()?, parts.entity()?);
            parts.end()?;
            Ok(waiting)
        })
        .collect()
    }

    /// True if any reference of a destination is not complete.
    ///
    /// # Errors
    /// The store can not be read.
    fn has_pending_refs(&self, destination: ConnectionNumber) -> Result<bool, StoreError> {
        Ok(self.prefix(Table::PendingRefs, &destination.0.to_be_bytes())?.next().transpose()?.is_some())
    }
}
impl<R: Read> ReadPendingRefs for R {}

/// Writing references that are not complete.
pub trait WritePendingRefs: Write {
    /// Notes that an entity's reference waits for an object.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_pending_ref(
        &mut self,
        destination: ConnectionNumber,
        missing: &MissingReference,
        (class, entity): (Class, EntityId),
    ) -> Result<(), StoreError> {
        let key = missing_key(destination, missing).class(class).entity(entity);
        self.put(Table::PendingRefs, key.as_bytes(), &[])
    }

    /// Forgets who waits for an object, because it is there.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_pending_refs(
        &mut self,
        destination: ConnectionNumber,
        missing: &MissingReference,
    ) -> Result<u64, StoreError> {
        self.remove_prefix(Table::PendingRefs, missing_key(destination, missing).as_bytes(), u64::MAX)
    }
}
impl<W: Write> WritePendingRefs for W {}
