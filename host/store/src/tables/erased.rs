//! What is left of erased accounts: a hash of each external id, so that a source that still shows one does not bring the
//! person back. The hash is keyed with the id of the store; no other trace of the person remains.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, of_class};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::meta::ReadMeta;
use rosterd_model::{Class, ExternalId, Timestamp};

/// Reading what is left of erased accounts.
pub trait ReadErased: Read {
    /// True if nobody was ever erased.
    ///
    /// # Errors
    /// The store can not be read.
    fn erased_nobody(&self) -> Result<bool, StoreError> {
        Ok(self.row_count(Table::Erased)? == 0)
    }

    /// When the account of an external id was erased; none: it was not.
    ///
    /// # Errors
    /// The store can not be read.
    fn erased(
        &self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let key = of_class(connection, class).raw(&erased_hash(&self.store_id()?, id));
        Ok(self.number(Table::Erased, key.as_bytes())?.map(Timestamp))
    }
}
impl<R: Read> ReadErased for R {}

/// Writing what is left of erased accounts.
pub trait WriteErased: Write {
    /// Notes that the account of an external id was erased.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_erased(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = of_class(connection, class).raw(&erased_hash(&self.store_id()?, id));
        self.put(Table::Erased, key.as_bytes(), &at.0.to_be_bytes())
    }
}
impl<W: Write> WriteErased for W {}

fn erased_hash(store: &[u8; 16], id: &ExternalId) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("rosterd erased account");
    hasher.update(store).update(id.as_str().as_bytes());
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    hash
}
