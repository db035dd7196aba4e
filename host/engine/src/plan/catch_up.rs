//! Destinations whose delivery changed, or that never had one, are compared with the whole hub.

use super::Planner;
use crate::error::EngineError;
use crate::policy::{Delivery, name_attribute};
use rosterd_model::plan::{Operation, Part, Reason, StepObject, Target};
use rosterd_model::{Class, Entity, EntityId, Rule, Step, Value};
use rosterd_store::prelude::*;

impl<'a> Planner<'a> {
    /// Deliveries that differ from what the destination was last planned with.
    pub(super) fn behind(&self) -> Result<Vec<&'a Delivery>, EngineError> {
        let mut behind = Vec::new();
        let policy = self.policy;
        for delivery in &policy.deliveries {
            let number = self.view.connection_number(&delivery.destination)?;
            let state = match number {
                Some(number) => self.view.delivery_state(number)?,
                None => None,
            };
            if state.as_deref() != Some(delivery.fingerprint().as_str()) {
                behind.push(delivery);
            }
        }
        Ok(behind)
    }

    /// Plans what destinations lack, for entities that no other step is about.
    pub(super) fn catch_up(&mut self, behind: &[&'a Delivery]) -> Result<(), EngineError> {
        let mut all = behind.to_vec();
        if self.paths.any_moved() {
            // Paths change for everybody below an org unit that changes. Who only refers to it is told nothing.
            let policy = self.policy;
            let everybody = !Rule::UnitMovesOnce.on();
            let more = policy.deliveries.iter().filter(|delivery| delivery.wants_paths || everybody);
            all.extend(more.filter(|delivery| behind.iter().all(|b| b.destination != delivery.destination)));
        }
        if all.is_empty() {
            return Ok(());
        }
        for class in Class::ALL {
            let mut after: Option<EntityId> = None;
            loop {
                let portion: Vec<Entity> = self.view.entities(class, after)?.take(1_000).collect::<Result<_, _>>()?;
                let Some(last) = portion.last() else { break };
                after = Some(last.id);
                for entity in &portion {
                    self.catch_one_up(&all, entity)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn catch_one_up(&mut self, deliveries: &[&'a Delivery], entity: &Entity) -> Result<(), EngineError> {
        self.timers.extend(self.policy.timers(entity));
        if self.touched.as_ref().is_some_and(|touched| touched.contains(&entity.id)) {
            return Ok(());
        }
        let mut parts: Vec<Part> = Vec::new();
        for delivery in deliveries {
            match self.destination_part(delivery, entity, Some(entity.id), None)? {
                Ok(Some(part)) => parts.push(part),
                Ok(None) if Rule::UnitMovesOnce.on() => {}
                Ok(None) => parts.extend(self.moved_along(delivery, entity)?),
                // The record was judged when it was planned; here only the delivery is at fault.
                Err(problem) => tracing::warn!(entity = %entity.id, "{}", problem.message),
            }
        }
        if parts.is_empty() {
            return Ok(());
        }
        let name = entity.attributes.get(name_attribute(entity.class));
        let label = name.map_or_else(|| entity.id.to_string().into(), Value::to_text);
        let object = StepObject::Entity(entity.id);
        let (class, claims, mapping) = (entity.class, Some(Vec::new()), [0; 8]);
        self.push(Step { class, object, label, reason: Reason::Undelivered, source: None, claims, mapping, parts })
    }

    /// Without the rule whoever is in an org unit moves when it does: his place there is stated anew.
    fn moved_along(&self, delivery: &Delivery, entity: &Entity) -> Result<Option<Part>, EngineError> {
        let inside = entity.class == Class::Account && entity.attributes.get("orgUnit").is_some();
        let Some(number) = self.view.connection_number(&delivery.destination)?.filter(|_| inside) else {
            return Ok(None);
        };
        let known = self.view.projection(number, entity.class, entity.id)?;
        Ok(known.filter(|known| known.status.is_living()).map(|known| Part {
            target: Target::Destination(delivery.destination.clone()),
            operation: Operation::Move,
            before: known.applied,
            after: known.applied,
            changes: Vec::new(),
            lifecycle: None,
        }))
    }
}
