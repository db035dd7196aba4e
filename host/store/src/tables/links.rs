//! Which shadow belongs to which entity. The way back, from an entity to its shadows, leads over its claims.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, of_class, of_ordinal};
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::claims::ReadClaims;
use crate::tables::entities::ReadEntities;
use crate::tables::shadows::{ReadShadows, ordinal_of};
use rosterd_model::claim::Link;
use rosterd_model::{Class, EntityId, ExternalId};

/// A link, seen from its entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOf {
    /// Connection of the shadow.
    pub connection: ConnectionNumber,
    /// Its class.
    pub class: Class,
    /// Its ordinal.
    pub ordinal: u32,
    /// The link.
    pub link: Link,
}

/// Reading links.
pub trait ReadLinks: Read {
    /// The link of a shadow, live or severed.
    ///
    /// # Errors
    /// The store can not be read.
    fn link(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<Option<Link>, StoreError> {
        self.value(Table::Links, of_ordinal(connection, class, ordinal).as_bytes())
    }

    /// The entity that a connection means by an id: over the live link of its object. The hub itself means its own ids.
    ///
    /// # Errors
    /// The store can not be read.
    fn meant(
        &self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<EntityId>, StoreError> {
        if connection == ConnectionNumber::HUB {
            let Ok(entity) = id.as_str().parse::<EntityId>() else { return Ok(None) };
            return Ok(self.has_entity(class, entity)?.then_some(entity));
        }
        let Some(head) = self.shadow_head(connection, class, id)? else { return Ok(None) };
        Ok(self.link(connection, class, head.ordinal)?.filter(|link| link.live).map(|link| link.entity))
    }

    /// The links of a connection and class, in order of ordinals.
    ///
    /// # Errors
    /// The store can not be read.
    fn links(
        &self,
        connection: ConnectionNumber,
        class: Class,
    ) -> Result<impl Iterator<Item = Result<(u32, Link), StoreError>>, StoreError> {
        let rows = self.prefix(Table::Links, of_class(connection, class).as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            Ok((ordinal_of(Table::Links, &row.key)?, codec::decode(Table::Links, &row.value)?))
        }))
    }

    /// The links of an entity, found over its claims.
    ///
    /// # Errors
    /// The store can not be read.
    fn links_of(&self, entity: EntityId) -> Result<Vec<LinkOf>, StoreError> {
        let mut found = Vec::new();
        for (connection, claims) in self.claims_of(entity)? {
            if let Some(link) = self.link(connection, claims.class, claims.ordinal)?
                && link.entity == entity
            {
                found.push(LinkOf { connection, class: claims.class, ordinal: claims.ordinal, link });
            }
        }
        Ok(found)
    }
}
impl<R: Read> ReadLinks for R {}

/// Writing links.
pub trait WriteLinks: Write {
    /// Puts the link of a shadow. While it is live, the claims of its entity must name the shadow.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_link(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
        link: &Link,
    ) -> Result<(), StoreError> {
        self.put_value(Table::Links, of_ordinal(connection, class, ordinal).as_bytes(), link)
    }

    /// Removes the link of a shadow; false if there was none. A link that was severed is put with `live: false`.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_link(&mut self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<bool, StoreError> {
        self.remove(Table::Links, of_ordinal(connection, class, ordinal).as_bytes())
    }
}
impl<W: Write> WriteLinks for W {}
