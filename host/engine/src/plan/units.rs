//! Org units that go while people are in them: the people move to the holding unit first, and nothing cascades.

use super::decide::Said;
use super::{Planner, hub::label};
use crate::error::EngineError;
use crate::paths::reference;
use rosterd_model::plan::{ClaimChange, Part, Reason, StepObject, Target};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::{ClaimSet, Class, Entity, EntityId, ExternalId, Rule, Step, Value};
use rosterd_reconcile::diff::{diff, operation_of, state_hash};
use rosterd_store::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// A unit that goes.
pub(super) struct GoingUnit {
    pub(super) ordinal: u32,
    pub(super) shadow: Shadow,
    pub(super) entity: EntityId,
    pub(super) reason: Reason,
    /// True: its removal needs a person, because the scan has no licence.
    pub(super) unlicensed: bool,
}

impl Planner<'_> {
    /// Decides the units that go, once everybody else is decided: who moves by the word of the source is not moved here.
    pub(super) fn leave_units(&mut self) -> Result<(), EngineError> {
        let going = std::mem::take(&mut self.going);
        if going.is_empty() {
            return Ok(());
        }
        let mut inside = if Rule::HoldingUnit.on() { self.people_in(&going)? } else { BTreeMap::new() };
        for unit in going {
            let people = inside.remove(&unit.shadow.id).unwrap_or_default();
            let holding = self.policy.lifecycle.holding_unit.clone().filter(|holding| *holding != unit.shadow.id);
            match holding {
                None if !people.is_empty() => {
                    let message = format!(
                        "org unit \"{}\" goes with {} people in it; move them at the source, or name a holding-unit in [lifecycle]",
                        unit.shadow.id,
                        people.len()
                    );
                    let (id, class) = (unit.shadow.id.clone(), Class::OrgUnit);
                    self.quarantine(class, &id, QuarantineReason::Review, message, vec![unit.entity])?;
                    continue;
                }
                None => {}
                Some(holding) => {
                    // Who leaves by this plan has his step: it moves him as well.
                    let stay: Vec<Entity> =
                        people.into_iter().filter(|person| !self.gone.contains(&person.id)).collect();
                    stay.iter().try_for_each(|person| self.hold(person, &holding))?;
                }
            }
            let before = self.rows.count;
            self.leave(unit.ordinal, &unit.shadow, unit.entity, unit.reason)?;
            if let Some(open) = self.open_case(Class::OrgUnit, &unit.shadow.id)? {
                self.healed.push(open.number);
            }
            if unit.unlicensed && self.rows.count > before {
                *self.unlicensed.entry(Class::OrgUnit).or_default() += 1;
            }
        }
        Ok(())
    }

    /// People whose org unit goes and of whom their records say nothing new, by unit.
    fn people_in(&self, going: &[GoingUnit]) -> Result<BTreeMap<ExternalId, Vec<Entity>>, EngineError> {
        let units: HashSet<&ExternalId> = going.iter().map(|unit| &unit.shadow.id).collect();
        let mut inside: BTreeMap<ExternalId, Vec<Entity>> = BTreeMap::new();
        for entity in self.view.entities(Class::Account, None)? {
            let entity = entity?;
            let Some(unit) = reference(&entity.attributes, "orgUnit").filter(|unit| units.contains(unit)) else {
                continue;
            };
            let Some(ordinal) = self.is_in_ours(&entity)? else { continue };
            if self.view.unsettled(self.connection, Class::Account, ordinal)?.is_none() {
                inside.entry(unit).or_default().push(entity);
            }
        }
        Ok(inside)
    }

    /// The record that says in which unit an account is, if that is one of this connection: the id of a unit is one of this
    /// connection's only if this connection said it.
    fn is_in_ours(&self, entity: &Entity) -> Result<Option<u32>, EngineError> {
        let claims = self.view.claims(entity.id, self.connection)?;
        let same =
            |claims: &ClaimSet| claims.get("orgUnit").map(|entry| &entry.value) == entity.attributes.get("orgUnit");
        Ok(claims.filter(same).map(|claims| claims.ordinal))
    }

    /// The holding unit for a leaver, if the unit in which he is goes by this plan as well.
    pub(super) fn held_in(&self, person: &Entity) -> Result<Option<Value>, EngineError> {
        let Some(holding) = self.policy.lifecycle.holding_unit.as_ref().filter(|_| Rule::HoldingUnit.on()) else {
            return Ok(None);
        };
        let Some(unit) = reference(&person.attributes, "orgUnit").filter(|unit| unit != holding) else {
            return Ok(None);
        };
        if !self.going.iter().any(|going| going.shadow.id == unit) || self.is_in_ours(person)?.is_none() {
            return Ok(None);
        }
        Ok(Some(Value::Reference { class: Class::OrgUnit, id: holding.clone() }))
    }

    /// Whoever was moved to the holding unit when his unit went is decided anew once it is back: by the next plan, which
    /// finds the unit there.
    pub(super) fn people_back(&mut self) -> Result<(), EngineError> {
        let back: HashSet<ExternalId> = std::mem::take(&mut self.back).into_iter().collect();
        let Some(holding) = self.policy.lifecycle.holding_unit.clone().filter(|_| !back.is_empty()) else {
            return Ok(());
        };
        for entity in self.view.entities(Class::Account, None)? {
            let entity = entity?;
            if reference(&entity.attributes, "orgUnit").as_ref() != Some(&holding) {
                continue;
            }
            let Some(claims) = self.view.claims(entity.id, self.connection)? else { continue };
            let said = claims.get("orgUnit").and_then(|entry| unit_of(&entry.value));
            if said.is_some_and(|unit| back.contains(unit))
                && let Some(shadow) = self.view.shadow(self.connection, Class::Account, claims.ordinal)?
            {
                self.renewed.push((Class::Account, claims.ordinal, shadow.seq));
            }
        }
        Ok(())
    }

    /// The unit that a record names, for somebody who was moved to the holding unit because that unit went: it is there
    /// again, and decides once more.
    pub(super) fn out_of_holding(&self, entity: &Entity, said: &Said) -> Result<Option<ClaimChange>, EngineError> {
        let Some(holding) = self.policy.lifecycle.holding_unit.as_ref().filter(|_| entity.class == Class::Account)
        else {
            return Ok(None);
        };
        if reference(&entity.attributes, "orgUnit").as_ref() != Some(holding) {
            return Ok(None);
        }
        let named = said.iter().find(|(attribute, _)| attribute == "orgUnit");
        let Some((attribute, Some(value))) = named else { return Ok(None) };
        let Some(unit) = unit_of(value).filter(|unit| *unit != holding) else { return Ok(None) };
        let again = Some(ClaimChange { attribute: attribute.clone(), value: Some(value.clone()) });
        if self.back.contains(unit) {
            return Ok(again);
        }
        let Some(head) = self.view.shadow_head(self.connection, Class::OrgUnit, unit)?.filter(|head| head.live) else {
            return Ok(None);
        };
        let link = self.view.link(self.connection, Class::OrgUnit, head.ordinal)?.filter(|link| link.live);
        let Some(link) = link else { return Ok(None) };
        let stands = self.view.entity(Class::OrgUnit, link.entity)?.is_some_and(|unit| unit.lifecycle.is_living());
        Ok(again.filter(|_| stands))
    }

    fn hold(&mut self, person: &Entity, holding: &ExternalId) -> Result<(), EngineError> {
        let mut after = person.clone();
        after.attributes.set("orgUnit", Value::Reference { class: Class::OrgUnit, id: holding.clone() });
        let changes = diff(&person.attributes, &after.attributes);
        let hub = Part {
            target: Target::Hub,
            operation: operation_of(Class::Account, &changes, None),
            before: state_hash(&person.attributes, &person.lifecycle),
            after: state_hash(&after.attributes, &after.lifecycle),
            changes,
            lifecycle: None,
        };
        let mut parts = vec![hub];
        if let Err(problem) = self.fan_out(&after, Some(person.id), None, &mut parts)? {
            tracing::warn!(entity = %person.id, "{}", problem.message);
        }
        self.moved_out += 1;
        let (class, object, label) = (Class::Account, StepObject::Entity(person.id), label(person));
        let (claims, mapping, reason) = (Some(Vec::new()), [0; 8], Reason::UnitGone);
        let step = Step { class, object, label, reason, source: None, claims, mapping, parts };
        self.follow(&step, &after)?;
        self.push(step)
    }
}

fn unit_of(value: &Value) -> Option<&ExternalId> {
    match value {
        Value::Reference { class: Class::OrgUnit, id } => Some(id),
        _ => None,
    }
}
