//! References in the words of a destination: what a source calls an object leads over its link to the entity, and from
//! there to the id that the destination gave it.
//!
//! A reference to an org unit must be there when its object is made: an entry waits for the unit. All others are sent
//! once both ends exist, in a lane of their own, and those that can not be complete yet are completed later.

use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::outbox::Projection;
use rosterd_model::{Attributes, ClaimSet, Class, Entity, EntityId, ExternalId, Rule, Value};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, MissingReference, Snapshot};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Longer chains of units or groups are cut.
const DEPTH: usize = 64;
/// More groups inside of groups are not looked through.
const MOST_GROUPS: usize = 10_000;

/// Where an object that is referred to stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At the destination, under this id.
    There(ExternalId),
    /// Not yet there; the entity, if the hub knows it.
    Missing(MissingReference, Option<EntityId>),
}

/// A value in the destination's words.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// The value, as far as it can be told; none: nothing of it can.
    pub(super) value: Option<Value>,
    /// What is missing for the rest.
    pub(super) missing: Vec<(MissingReference, Option<EntityId>)>,
}

/// Resolves the references of one entity.
pub(super) struct References<'a> {
    view: &'a Snapshot,
    delivery: &'a Delivery,
    number: ConnectionNumber,
    entity: &'a Entity,
    claims: Option<Vec<(ConnectionNumber, ClaimSet)>>,
}

impl<'a> References<'a> {
    pub(super) const fn new(
        view: &'a Snapshot,
        delivery: &'a Delivery,
        number: ConnectionNumber,
        entity: &'a Entity,
    ) -> Self {
        Self { view, delivery, number, entity, claims: None }
    }

    /// True if the value refers to objects that the destination has under ids of its own, and that must be there first.
    pub(super) fn is_strict(&self, value: &Value) -> bool {
        any_class(value, &|class| class == Class::OrgUnit && self.delivery.outbound.delivers(class))
    }

    /// True if the value refers to objects that are told when both ends exist.
    pub(super) fn is_late(&self, value: &Value) -> bool {
        let late = |class| class != Class::OrgUnit && self.delivery.outbound.delivers(class);
        any_class(value, &late) && Rule::ReferencesAfter.on()
    }

    /// A value with the destination's ids. Objects of classes that are not delivered keep the id of their source.
    pub(super) fn translate(&mut self, value: &Value) -> Result<Translated, EngineError> {
        Ok(match value {
            Value::Reference { class, id } if self.delivery.outbound.delivers(*class) => {
                match self.place(*class, id)? {
                    Place::There(id) => {
                        Translated { value: Some(Value::Reference { class: *class, id }), missing: Vec::new() }
                    }
                    Place::Missing(..) if !Rule::ReferencesAfter.on() => {
                        Translated { value: Some(value.clone()), missing: Vec::new() }
                    }
                    Place::Missing(missing, entity) => Translated { value: None, missing: vec![(missing, entity)] },
                }
            }
            Value::List(values) if any_class(value, &|_| true) => {
                let mut all = Translated::default();
                let mut known = Vec::with_capacity(values.len());
                for value in values {
                    let one = self.translate(value)?;
                    known.extend(one.value);
                    all.missing.extend(one.missing);
                }
                all.value = Some(Value::List(known));
                all
            }
            other => Translated { value: Some(other.clone()), missing: Vec::new() },
        })
    }

    /// All attributes in the destination's words, as far as they can be told.
    pub(super) fn translate_all<'v>(&mut self, attributes: &'v Attributes) -> Result<Cow<'v, Attributes>, EngineError> {
        if attributes.iter().all(|(_, value)| !any_class(value, &|_| true)) {
            return Ok(Cow::Borrowed(attributes));
        }
        let mut all = Attributes::new();
        for (name, value) in attributes.iter() {
            if let Some(value) = self.translate(value)?.value {
                all.set(name, value);
            }
        }
        Ok(Cow::Owned(all))
    }

    /// Where an object stands that this entity refers to.
    fn place(&mut self, class: Class, id: &ExternalId) -> Result<Place, EngineError> {
        // Where leavers are moved to is named by the id that it has there.
        if class == Class::OrgUnit && self.delivery.outbound.leave().moves_to() == Some(id) {
            return Ok(Place::There(id.clone()));
        }
        let (missing, entity) = self.target(class, id)?;
        if let Some(entity) = entity
            && let Some(known) = self.view.projection(self.number, class, entity)?
            && let Some(id) = living(&known)
        {
            return Ok(Place::There(id.clone()));
        }
        Ok(Place::Missing(missing, entity))
    }

    /// The entity that a reference means, by the connection that made the claim.
    fn target(&mut self, class: Class, id: &ExternalId) -> Result<(MissingReference, Option<EntityId>), EngineError> {
        if self.claims.is_none() {
            self.claims = Some(self.view.claims_of(self.entity.id)?);
        }
        let claims = self.claims.as_deref().unwrap_or_default();
        let speaks = |set: &ClaimSet| set.entries.iter().any(|entry| mentions(&entry.value, class, id));
        // Members of a group that follows a rule are in the hub's own words, those who leave it, too.
        let hub = || claims.iter().find(|(number, _)| *number == ConnectionNumber::HUB);
        let connection = claims.iter().find(|(_, set)| speaks(set)).or_else(hub).or_else(|| claims.first());
        // Nobody claims it any more: the destination's own number leads nowhere, which is what it should do.
        let connection = connection.map_or(self.number, |(number, _)| *number);
        let missing = MissingReference { connection, class, id: id.clone() };
        let entity = self.view.meant(connection, class, id)?;
        Ok((missing, entity))
    }

    /// The entities of a class that the values of an entity refer to.
    fn targets(&mut self, class: Class) -> Result<Vec<EntityId>, EngineError> {
        let mut ids = Vec::new();
        for (_, value) in self.entity.attributes.iter() {
            collect(value, class, &mut ids);
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.target(class, &id)?.1);
        }
        Ok(found)
    }

    /// True if the references of this entity to objects of its own class lead back to it: units below themselves, groups
    /// that contain themselves.
    pub(super) fn is_cyclic(&self) -> Result<bool, EngineError> {
        let class = self.entity.class;
        let (mut seen, mut open) = (BTreeSet::new(), vec![(self.entity.id, 0)]);
        while let Some((id, depth)) = open.pop() {
            let Some(entity) = self.view.entity(class, id)? else { continue };
            for next in References::new(self.view, self.delivery, self.number, &entity).targets(class)? {
                if next == self.entity.id {
                    return Ok(true);
                }
                if depth < DEPTH && seen.len() < MOST_GROUPS && seen.insert(next) {
                    open.push((next, depth + 1));
                }
            }
        }
        Ok(false)
    }
}

/// The id of an object that is there.
pub(super) fn living(projection: &Projection) -> Option<&ExternalId> {
    projection.external_id.as_ref().filter(|_| projection.status.is_living())
}

fn any_class(value: &Value, wanted: &dyn Fn(Class) -> bool) -> bool {
    match value {
        Value::Reference { class, .. } => wanted(*class),
        Value::List(values) => values.iter().any(|value| any_class(value, wanted)),
        _ => false,
    }
}

fn mentions(value: &Value, wanted: Class, wanted_id: &ExternalId) -> bool {
    match value {
        Value::Reference { class, id } => (*class, id) == (wanted, wanted_id),
        Value::List(values) => values.iter().any(|value| mentions(value, wanted, wanted_id)),
        _ => false,
    }
}

fn collect(value: &Value, wanted: Class, ids: &mut Vec<ExternalId>) {
    match value {
        Value::Reference { class, id } if *class == wanted => ids.push(id.clone()),
        Value::List(values) => values.iter().for_each(|value| collect(value, wanted, ids)),
        _ => {}
    }
}
