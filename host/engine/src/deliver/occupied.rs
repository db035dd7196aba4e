//! Who is inside of org units at a destination: a unit that is to be removed waits until it is empty.
//!
//! Read only when a unit is to be removed, which is rare; then all that the destination acknowledged is looked through.

use crate::error::EngineError;
use rosterd_model::{Class, EntityId, ExternalId, Value};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};
use std::collections::HashMap;

/// So many of those inside of one unit are remembered: the first of them that goes makes the unit look again.
const MOST: usize = 16;

/// What stands in each org unit, by the unit's id at its source.
#[derive(Debug, Default)]
pub(super) struct Occupied(HashMap<ExternalId, Vec<(Class, EntityId)>>);

impl Occupied {
    pub(super) fn read(view: &Snapshot, number: ConnectionNumber) -> Result<Self, EngineError> {
        let mut all = Self::default();
        for class in Class::ALL {
            for row in view.projections(number, class)? {
                let (entity, known) = row?;
                if known.status.is_living() {
                    known.attributes.iter().for_each(|(_, value)| all.add(value, class, entity));
                }
            }
        }
        Ok(all)
    }

    fn add(&mut self, value: &Value, class: Class, entity: EntityId) {
        match value {
            Value::Reference { class: Class::OrgUnit, id } => {
                let inside = self.0.entry(id.clone()).or_default();
                if inside.len() < MOST {
                    inside.push((class, entity));
                }
            }
            Value::List(values) => values.iter().for_each(|value| self.add(value, class, entity)),
            _ => {}
        }
    }

    /// Some of those inside of a unit.
    pub(super) fn inside(&self, view: &Snapshot, unit: EntityId) -> Result<Vec<(Class, EntityId)>, EngineError> {
        let mut inside = Vec::new();
        for (_, claims) in view.claims_of(unit)? {
            inside.extend(self.0.get(&claims.external_id).into_iter().flatten().filter(|(_, one)| *one != unit));
        }
        Ok(inside)
    }
}
