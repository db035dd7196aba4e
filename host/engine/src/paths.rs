//! Paths in the tree of org units, for destinations that store them.
//!
//! An id of an org unit means something in the tree of one connection only. Whose tree a reference leads into is decided by who
//! says it: the connection whose claim is in effect, here and at each unit above. A plan and the delivery that follows it must
//! come to the same path, else what is sent would never be what was planned; so both ask here, the plan with what its step is
//! about to claim ([`Saying`]).

use rosterd_model::plan::ClaimChange;
use rosterd_model::{Attributes, ClaimSet, Class, EntityId, ExternalId, Value};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, StoreError};
use std::collections::HashMap;

/// Deeper trees are cut: a cycle would have no end.
const DEPTH: usize = 64;

/// An org unit in the tree of a connection.
type Place = (ConnectionNumber, ExternalId);

/// Name of an org unit, and what it lies in.
#[derive(Debug, Clone)]
struct Unit {
    name: String,
    parent: Option<Place>,
}

/// What a step is about to change in the claims of its connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saying<'a> {
    /// The connection.
    pub(crate) connection: ConnectionNumber,
    /// The changes; none: all that the entity has is claimed by this connection.
    pub(crate) claims: Option<&'a [ClaimChange]>,
}

/// Resolves paths, and remembers them for the length of one plan or one batch.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    entities: HashMap<EntityId, Unit>,
    newcomers: HashMap<Place, Unit>,
    known: HashMap<Place, Option<String>>,
    moved: bool,
}

impl Paths {
    /// An org unit as the plan under way will have it; `entity` if it exists.
    pub(crate) fn plan<R: Read>(
        &mut self,
        view: &R,
        id: &ExternalId,
        entity: Option<EntityId>,
        attributes: &Attributes,
        saying: Saying<'_>,
    ) -> Result<(), StoreError> {
        let unit = unit(view, id, entity, attributes, Some(saying))?;
        self.moved |= entity.is_some();
        if let Some(entity) = entity {
            self.entities.insert(entity, unit.clone());
        }
        self.newcomers.insert((saying.connection, id.clone()), unit);
        Ok(())
    }

    /// True if the plan under way changes paths of org units that exist.
    pub(crate) fn any_moved(&self) -> bool {
        self.moved
    }

    /// Attributes that are computed for outbound mappings: `orgPath`, names from the root joined by "/".
    pub(crate) fn extra<R: Read>(
        &mut self,
        view: &R,
        class: Class,
        entity: Option<EntityId>,
        attributes: &Attributes,
        saying: Option<Saying<'_>>,
    ) -> Result<Attributes, StoreError> {
        let path = match class {
            Class::OrgUnit => {
                let name = attributes.get("displayName").and_then(Value::as_text).map(escaped);
                let above = match place(view, entity, attributes, "parent", saying)? {
                    Some(parent) => self.path(view, &parent)?,
                    None => None,
                };
                name.map(|name| above.map_or_else(|| name.clone(), |above| format!("{above}/{name}")))
            }
            Class::Account | Class::Group => match place(view, entity, attributes, "orgUnit", saying)? {
                Some(unit) => self.path(view, &unit)?,
                None => None,
            },
        };
        let mut extra = Attributes::new();
        if let Some(path) = path {
            extra.set("orgPath", Value::from(path));
        }
        Ok(extra)
    }

    fn path<R: Read>(&mut self, view: &R, place: &Place) -> Result<Option<String>, StoreError> {
        if let Some(path) = self.known.get(place) {
            return Ok(path.clone());
        }
        let mut names = Vec::new();
        let mut at = Some(place.clone());
        while let Some(here) = at {
            if names.len() > DEPTH {
                return Ok(None);
            }
            let Some(Unit { name, parent }) = self.unit(view, &here)? else { break };
            names.push(escaped(&name));
            at = parent;
        }
        names.reverse();
        let path = (!names.is_empty()).then(|| names.join("/"));
        self.known.insert(place.clone(), path.clone());
        Ok(path)
    }

    fn unit<R: Read>(&self, view: &R, place: &Place) -> Result<Option<Unit>, StoreError> {
        if let Some(unit) = self.newcomers.get(place) {
            return Ok(Some(unit.clone()));
        }
        let (connection, id) = place;
        let Some(head) = view.shadow_head(*connection, Class::OrgUnit, id)? else { return Ok(None) };
        let Some(link) = view.link(*connection, Class::OrgUnit, head.ordinal)? else { return Ok(None) };
        if let Some(unit) = self.entities.get(&link.entity) {
            return Ok(Some(unit.clone()));
        }
        let Some(entity) = view.entity(Class::OrgUnit, link.entity)? else { return Ok(None) };
        unit(view, id, Some(entity.id), &entity.attributes, None).map(Some)
    }
}

fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('/', "\\/")
}

fn unit<R: Read>(
    view: &R,
    id: &ExternalId,
    entity: Option<EntityId>,
    attributes: &Attributes,
    saying: Option<Saying<'_>>,
) -> Result<Unit, StoreError> {
    let name = attributes.get("displayName").and_then(Value::as_text).unwrap_or(id.as_str()).to_owned();
    Ok(Unit { name, parent: place(view, entity, attributes, "parent", saying)? })
}

/// Where a reference to an org unit leads: the tree of whoever says what is in effect. What nobody says (an operator does, or
/// the hub itself) leads into the tree of the first connection of the entity that knows such a unit.
fn place<R: Read>(
    view: &R,
    entity: Option<EntityId>,
    attributes: &Attributes,
    name: &str,
    saying: Option<Saying<'_>>,
) -> Result<Option<Place>, StoreError> {
    let Some(id) = reference(attributes, name) else { return Ok(None) };
    let claims = match entity {
        Some(entity) => view.claims_of(entity)?,
        None => Vec::new(),
    };
    let effective = attributes.get(name);
    let mut all: Vec<_> =
        claims.iter().map(|(number, claims)| (*number, said(*number, Some(claims), name, saying))).collect();
    if let Some(saying) = saying
        && claims.iter().all(|(number, _)| *number != saying.connection)
    {
        // It says something for the first time; the order is that of the numbers, as it will be in the store.
        let value = if saying.claims.is_none() { effective } else { said(saying.connection, None, name, Some(saying)) };
        all.push((saying.connection, value));
        all.sort_by_key(|(number, _)| *number);
    }
    if let Some((number, _)) = all.iter().find(|(_, value)| value.is_some() && *value == effective) {
        return Ok(Some((*number, id)));
    }
    for (number, _) in all {
        if view.shadow_head(number, Class::OrgUnit, &id)?.is_some() {
            return Ok(Some((number, id)));
        }
    }
    Ok(None)
}

/// What a connection says of an attribute once the step is applied.
fn said<'a>(
    number: ConnectionNumber,
    claims: Option<&'a ClaimSet>,
    name: &str,
    saying: Option<Saying<'a>>,
) -> Option<&'a Value> {
    let changes = saying.filter(|saying| saying.connection == number).and_then(|saying| saying.claims);
    match changes.into_iter().flatten().find(|change| change.attribute == name) {
        Some(change) => change.value.as_ref(),
        None => claims.and_then(|claims| claims.get(name)).map(|entry| &entry.value),
    }
}

/// The external id that an attribute refers to; of several, the first.
pub(crate) fn reference(attributes: &Attributes, name: &str) -> Option<ExternalId> {
    match attributes.get(name)? {
        Value::Reference { id, .. } => Some(id.clone()),
        Value::List(values) => values.iter().find_map(|value| match value {
            Value::Reference { id, .. } => Some(id.clone()),
            _ => None,
        }),
        _ => None,
    }
}
