//! Paths in the tree of org units, for destinations that store them.

use rosterd_model::claim::ClaimEntry;
use rosterd_model::{Attributes, Class, Entity, ExternalId, Value};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, StoreError};
use std::collections::HashMap;

/// Deeper trees are cut: a cycle would have no end.
const DEPTH: usize = 64;

/// Name and parent of an org unit.
type Unit = (String, Option<ExternalId>);

/// Resolves paths, and remembers them for the length of one plan or one batch.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    planned: HashMap<ExternalId, Unit>,
    known: HashMap<ExternalId, Option<String>>,
    moved: bool,
}

impl Paths {
    /// An org unit as the plan under way will have it; `moved` if it exists and has another name or place.
    pub(crate) fn plan(&mut self, id: &ExternalId, attributes: &Attributes, moved: bool) {
        self.moved |= moved;
        self.planned.insert(id.clone(), unit(id, attributes));
    }

    /// True if the plan under way changes paths of org units that exist.
    pub(crate) fn any_moved(&self) -> bool {
        self.moved
    }

    /// Attributes that are computed for outbound mappings: `orgPath`, names from the root joined by "/".
    pub(crate) fn extra<R: Read>(
        &mut self,
        view: &R,
        connection: ConnectionNumber,
        class: Class,
        id: Option<&ExternalId>,
        attributes: &Attributes,
    ) -> Result<Attributes, StoreError> {
        let mut extra = Attributes::new();
        let unit = match class {
            Class::OrgUnit => id.cloned(),
            Class::Account | Class::Group => reference(attributes, "orgUnit"),
        };
        if let Some(unit) = unit
            && let Some(path) = self.path(view, connection, &unit)?
        {
            extra.set("orgPath", Value::from(path));
        }
        Ok(extra)
    }

    /// As [`Paths::extra`], for an entity of which it is not known whose tree it stands in: that of the connection whose
    /// reference is in effect.
    pub(crate) fn extra_of<R: Read>(&mut self, view: &R, entity: &Entity) -> Result<Attributes, StoreError> {
        for (number, claims) in view.claims_of(entity.id)? {
            let unit = (entity.class == Class::OrgUnit).then_some(&claims.external_id);
            let said = |entry: &ClaimEntry| entity.attributes.get("orgUnit") == Some(&entry.value);
            if unit.is_some() || claims.get("orgUnit").is_some_and(said) {
                return self.extra(view, number, entity.class, unit, &entity.attributes);
            }
        }
        Ok(Attributes::new())
    }

    fn path<R: Read>(
        &mut self,
        view: &R,
        connection: ConnectionNumber,
        id: &ExternalId,
    ) -> Result<Option<String>, StoreError> {
        if let Some(path) = self.known.get(id) {
            return Ok(path.clone());
        }
        let mut names = Vec::new();
        let mut at = Some(id.clone());
        while let Some(here) = at {
            if names.len() > DEPTH {
                return Ok(None);
            }
            let Some((name, parent)) = self.unit(view, connection, &here)? else { break };
            names.push(name.replace('\\', "\\\\").replace('/', "\\/"));
            at = parent;
        }
        names.reverse();
        let path = (!names.is_empty()).then(|| names.join("/"));
        self.known.insert(id.clone(), path.clone());
        Ok(path)
    }

    fn unit<R: Read>(
        &self,
        view: &R,
        connection: ConnectionNumber,
        id: &ExternalId,
    ) -> Result<Option<Unit>, StoreError> {
        if let Some(unit) = self.planned.get(id) {
            return Ok(Some(unit.clone()));
        }
        let Some(head) = view.shadow_head(connection, Class::OrgUnit, id)? else { return Ok(None) };
        let Some(link) = view.link(connection, Class::OrgUnit, head.ordinal)? else { return Ok(None) };
        let entity = view.entity(Class::OrgUnit, link.entity)?;
        Ok(entity.map(|entity| unit(id, &entity.attributes)))
    }
}

fn unit(id: &ExternalId, attributes: &Attributes) -> Unit {
    let name = attributes.get("displayName").and_then(Value::as_text).unwrap_or(id.as_str());
    (name.to_owned(), reference(attributes, "parent"))
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
