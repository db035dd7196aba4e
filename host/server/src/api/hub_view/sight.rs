//! What a client may see, and what references lead to.

use crate::api::hub::Sight;
use rosterd_model::{Class, Entity, EntityId, ExternalId, Value};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, StoreError};
use std::collections::{HashMap, HashSet};

/// How far up an org unit is followed.
const HIGHEST: usize = 64;

/// In whose words the references of an entity are: the connections whose claims say them.
#[derive(Debug, Default)]
pub(super) struct Words {
    by: HashMap<(Class, ExternalId), Vec<ConnectionNumber>>,
    /// Everybody who claims something: a reference that was once there is in the words of one of them.
    all: Vec<ConnectionNumber>,
}

/// A client that looks.
pub(super) struct Seeing<'v> {
    pub(super) view: &'v Snapshot,
    /// The org units that it may see, with all below; none: it may see everything.
    roots: Option<HashSet<EntityId>>,
    /// Org units that were looked at.
    known: HashMap<EntityId, bool>,
}

impl<'v> Seeing<'v> {
    pub(super) fn new(view: &'v Snapshot, sight: &Sight) -> Result<Self, StoreError> {
        let mut roots = None;
        if !sight.org_units.is_empty() {
            let mut all = HashSet::new();
            if let Some(number) = view.connection_number(&sight.connection)? {
                for id in &sight.org_units {
                    all.extend(linked(view, number, Class::OrgUnit, id)?);
                }
            }
            // Nobody is found: nothing is seen.
            roots = Some(all);
        }
        Ok(Self { view, roots, known: HashMap::new() })
    }

    /// In whose words an entity's references are.
    pub(super) fn words(&self, entity: &Entity) -> Result<Words, StoreError> {
        let mut words = Words::default();
        if !entity.attributes.iter().any(|(_, value)| refers(value)) {
            return Ok(words);
        }
        for (connection, claims) in self.view.claims_of(entity.id)? {
            words.all.push(connection);
            for entry in &claims.entries {
                note(&entry.value, connection, &mut words);
            }
        }
        Ok(words)
    }

    /// The entity that a reference leads to.
    pub(super) fn entity_of(
        &self,
        words: &Words,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<EntityId>, StoreError> {
        for connection in words.by.get(&(class, id.clone())).unwrap_or(&words.all) {
            if let Some(entity) = linked(self.view, *connection, class, id)? {
                return Ok(Some(entity));
            }
        }
        Ok(None)
    }

    /// True if the client may see an entity.
    pub(super) fn sees(&mut self, entity: &Entity) -> Result<bool, StoreError> {
        match entity.class {
            _ if self.roots.is_none() => Ok(true),
            Class::OrgUnit => self.sees_unit(entity.id),
            _ => {
                for unit in self.units(entity)? {
                    if self.sees_unit(unit)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// True if the client may see the entity of an id.
    pub(super) fn sees_id(&mut self, class: Class, id: EntityId) -> Result<bool, StoreError> {
        if self.roots.is_none() {
            return Ok(true);
        }
        match self.view.entity(class, id)? {
            Some(entity) => self.sees(&entity),
            None => Ok(false),
        }
    }

    /// The org units that an entity refers to.
    pub(super) fn units(&self, entity: &Entity) -> Result<Vec<EntityId>, StoreError> {
        let words = self.words(entity)?;
        let mut ids = Vec::new();
        entity.attributes.iter().for_each(|(_, value)| collect(value, &mut ids));
        let mut units = Vec::new();
        for id in ids {
            units.extend(self.entity_of(&words, Class::OrgUnit, id)?);
        }
        Ok(units)
    }

    /// True if an org unit is one of those that may be seen, or lies below one.
    fn sees_unit(&mut self, unit: EntityId) -> Result<bool, StoreError> {
        let Some(roots) = self.roots.clone() else { return Ok(true) };
        let (mut way, mut next, mut sees) = (Vec::new(), Some(unit), false);
        while let Some(unit) = next.take() {
            if let Some(known) = self.known.get(&unit) {
                sees = *known;
                break;
            }
            if way.contains(&unit) || way.len() == HIGHEST {
                break;
            }
            way.push(unit);
            if roots.contains(&unit) {
                sees = true;
                break;
            }
            if let Some(entity) = self.view.entity(Class::OrgUnit, unit)? {
                next = self.units(&entity)?.into_iter().next();
            }
        }
        self.known.extend(way.into_iter().map(|unit| (unit, sees)));
        Ok(sees)
    }
}

/// The entity of a connection's object.
pub(super) fn linked(
    view: &Snapshot,
    connection: ConnectionNumber,
    class: Class,
    id: &ExternalId,
) -> Result<Option<EntityId>, StoreError> {
    view.meant(connection, class, id)
}

fn refers(value: &Value) -> bool {
    match value {
        Value::Reference { .. } => true,
        Value::List(values) => values.iter().any(refers),
        Value::Map(map) => map.values().any(refers),
        _ => false,
    }
}

fn note(value: &Value, connection: ConnectionNumber, words: &mut Words) {
    match value {
        Value::Reference { class, id } => {
            let connections = words.by.entry((*class, id.clone())).or_default();
            if connections.last() != Some(&connection) {
                connections.push(connection);
            }
        }
        Value::List(values) => values.iter().for_each(|value| note(value, connection, words)),
        Value::Map(map) => map.values().for_each(|value| note(value, connection, words)),
        _ => {}
    }
}

/// The org units that a value refers to.
pub(super) fn collect<'a>(value: &'a Value, ids: &mut Vec<&'a ExternalId>) {
    match value {
        Value::Reference { class: Class::OrgUnit, id } => ids.push(id),
        Value::List(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Map(map) => map.values().for_each(|value| collect(value, ids)),
        _ => {}
    }
}
