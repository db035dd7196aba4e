//! Rows of people who were made one after the other, read one after the other: in a walk along the tables, where a search
//! for each would go down the tree every time.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Parts, of_ordinal};
use crate::kv::{Read, Row, Rows};
use crate::narrow;
use crate::schema::Table;
use crate::snapshot::Snapshot;
use crate::tables::entities::entity_key;
use rosterd_model::claim::Link;
use rosterd_model::{ClaimSet, Class, Entity, EntityId};
use std::iter::Peekable;
use std::ops::Bound;

/// So many rows are passed before a search is cheaper.
const STEPS: usize = 4;

/// A place in a table.
struct Walk<'a> {
    view: &'a Snapshot,
    table: Table,
    rows: Option<Peekable<Rows<'a>>>,
}

impl<'a> Walk<'a> {
    const fn new(view: &'a Snapshot, table: Table) -> Self {
        Self { view, table, rows: None }
    }

    /// Goes to the first row that is not before `key`, and returns it if its key begins with it.
    fn to(&mut self, key: &[u8]) -> Result<Option<Row<'a>>, StoreError> {
        if let Some(rows) = &mut self.rows {
            for step in 0..=STEPS {
                let before = match rows.peek() {
                    Some(Ok(row)) => &*row.key < key,
                    Some(Err(_)) => break,
                    None => false,
                };
                if !before {
                    // At the first step nobody knows whether rows were passed that are behind the key.
                    if step == 0 && !rows.peek().is_some_and(|row| matches!(row, Ok(row) if row.key.starts_with(key))) {
                        break;
                    }
                    return self.next_of(key);
                }
                rows.next();
            }
        }
        self.rows = Some(self.view.range(self.table, Bound::Included(key), Bound::Unbounded)?.peekable());
        self.next_of(key)
    }

    /// The row of this place, if its key begins with `key`.
    fn next_of(&mut self, key: &[u8]) -> Result<Option<Row<'a>>, StoreError> {
        let Some(rows) = &mut self.rows else { return Ok(None) };
        // Looked at where it lies: a row that is taken out to be put back is copied twice.
        if matches!(rows.peek(), Some(Ok(row)) if !row.key.starts_with(key)) {
            return Ok(None);
        }
        rows.next().transpose()
    }
}

/// Links, entities and claims, along one view. Any order may be asked for; that of the tables is quick.
pub struct Walks<'a> {
    links: Walk<'a>,
    entities: Walk<'a>,
    claims: Walk<'a>,
}

impl<'a> Walks<'a> {
    /// At the beginning of the tables.
    #[must_use]
    pub const fn new(view: &'a Snapshot) -> Self {
        Self {
            links: Walk::new(view, Table::Links),
            entities: Walk::new(view, Table::Entities),
            claims: Walk::new(view, Table::Claims),
        }
    }

    /// As [`crate::prelude::ReadLinks::link`].
    ///
    /// # Errors
    /// The store can not be read.
    pub fn link(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        ordinal: u32,
    ) -> Result<Option<Link>, StoreError> {
        let row = self.links.to(of_ordinal(connection, class, ordinal).as_bytes())?;
        row.map(|row| codec::decode(Table::Links, &row.value)).transpose()
    }

    /// As [`crate::prelude::ReadEntities::entity`].
    ///
    /// # Errors
    /// The store can not be read.
    pub fn entity(&mut self, class: Class, id: EntityId) -> Result<Option<Entity>, StoreError> {
        let row = self.entities.to(entity_key(class, id).as_bytes())?;
        row.map(|row| narrow::entity(&row.value)).transpose()
    }

    /// As [`crate::prelude::ReadClaims::claims_of`].
    ///
    /// # Errors
    /// The store can not be read.
    pub fn claims_of(&mut self, entity: EntityId) -> Result<Vec<(ConnectionNumber, ClaimSet)>, StoreError> {
        self.all_claims(entity, |bytes| codec::decode(Table::Claims, bytes))
    }

    /// The same, with the entries of attributes that are wanted alone, and without the connectors that said them.
    ///
    /// # Errors
    /// The store can not be read.
    pub fn some_claims_of(
        &mut self,
        entity: EntityId,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<(ConnectionNumber, ClaimSet)>, StoreError> {
        self.all_claims(entity, |bytes| narrow::claims(bytes, wanted))
    }

    fn all_claims(
        &mut self,
        entity: EntityId,
        read: impl Fn(&[u8]) -> Result<ClaimSet, StoreError>,
    ) -> Result<Vec<(ConnectionNumber, ClaimSet)>, StoreError> {
        // Most are known to one connection.
        let mut all = Vec::with_capacity(1);
        let mut row = self.claims.to(entity.as_bytes())?;
        while let Some(found) = row {
            let mut parts = Parts::new(Table::Claims, &found.key);
            let (_, connection) = (parts.entity()?, parts.connection()?);
            parts.end()?;
            all.push((connection, read(&found.value)?));
            row = self.claims.next_of(entity.as_bytes())?;
        }
        Ok(all)
    }
}

impl std::fmt::Debug for Walks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walks").finish_non_exhaustive()
    }
}
