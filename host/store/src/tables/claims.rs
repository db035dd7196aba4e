//! What each connection says about each entity, one row per entity and connection, and the texts of the mappings that
//! said it.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::claim::MappingDigest;
use rosterd_model::{ClaimSet, EntityId};

fn key(entity: EntityId, connection: ConnectionNumber) -> Key {
    Key::new().entity(entity).connection(connection)
}

/// Reading claims.
pub trait ReadClaims: Read {
    /// What a connection claims about an entity.
    ///
    /// # Errors
    /// The store can not be read.
    fn claims(&self, entity: EntityId, connection: ConnectionNumber) -> Result<Option<ClaimSet>, StoreError> {
        self.value(Table::Claims, key(entity, connection).as_bytes())
    }

    /// What all connections claim about an entity, in order of their numbers.
    ///
    /// # Errors
    /// The store can not be read.
    fn claims_of(&self, entity: EntityId) -> Result<Vec<(ConnectionNumber, ClaimSet)>, StoreError> {
        let rows = self.prefix(Table::Claims, entity.as_bytes())?;
        rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::Claims, &row.key);
            let (_, connection) = (parts.entity()?, parts.connection()?);
            parts.end()?;
            Ok((connection, codec::decode(Table::Claims, &row.value)?))
        })
        .collect()
    }

    /// The canonical text of a mapping.
    ///
    /// # Errors
    /// The store can not be read.
    fn mapping(&self, digest: MappingDigest) -> Result<Option<String>, StoreError> {
        self.text(Table::Mappings, &digest)
    }
}
impl<R: Read> ReadClaims for R {}

/// Writing claims.
pub trait WriteClaims: Write {
    /// Puts what a connection claims about an entity.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_claims(
        &mut self,
        entity: EntityId,
        connection: ConnectionNumber,
        claims: &ClaimSet,
    ) -> Result<(), StoreError> {
        self.put_value(Table::Claims, key(entity, connection).as_bytes(), claims)
    }

    /// Removes what a connection claims about an entity; false if it claimed nothing.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_claims(&mut self, entity: EntityId, connection: ConnectionNumber) -> Result<bool, StoreError> {
        self.remove(Table::Claims, key(entity, connection).as_bytes())
    }

    /// Keeps the text of a mapping.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_mapping(&mut self, digest: MappingDigest, text: &str) -> Result<(), StoreError> {
        self.put_unless_same(Table::Mappings, &digest, text.as_bytes())
    }
}
impl<W: Write> WriteClaims for W {}
