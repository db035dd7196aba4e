//! What destinations must be told about an entity.

use super::Planner;
use super::decide::protected_from;
use crate::error::EngineError;
use rosterd_model::plan::Part;
use rosterd_model::{Attributes, Entity, EntityId, ExternalId};
use rosterd_reconcile::Problem;
use rosterd_reconcile::fanout::part;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// Adds a part for each destination that shows the entity otherwise than it will be.
    pub(super) fn fan_out(
        &mut self,
        after: &Entity,
        existing: Option<EntityId>,
        unit: Option<&ExternalId>,
        parts: &mut Vec<Part>,
    ) -> Result<Result<(), Problem>, EngineError> {
        let policy = self.policy;
        for delivery in &policy.deliveries {
            match self.destination_part(delivery, after, existing, unit)? {
                Ok(found) => parts.extend(found),
                Err(problem) => return Ok(Err(problem)),
            }
        }
        Ok(Ok(()))
    }

    /// True if the account is protected from what this part does.
    pub(super) fn spares(&self, part: &Part, entity: &Entity) -> bool {
        protected_from(part.operation) && self.policy.protect.protects(entity)
    }

    /// The part for one destination, if it must be told anything.
    pub(super) fn destination_part(
        &mut self,
        delivery: &crate::policy::Delivery,
        after: &Entity,
        existing: Option<EntityId>,
        unit: Option<&ExternalId>,
    ) -> Result<Result<Option<Part>, Problem>, EngineError> {
        if !delivery.outbound.delivers(after.class) || delivery.destination == self.job.source {
            return Ok(Ok(None));
        }
        let extra = if delivery.wants_paths {
            self.paths.extra(&*self.view, self.connection, after.class, unit, &after.attributes)?
        } else {
            Attributes::new()
        };
        let desired = match delivery.outbound.desired_at(after, &extra, self.now) {
            Ok(desired) => desired,
            Err(problem) => return Ok(Err(problem)),
        };
        let projection = match (existing, self.view.connection_number(&delivery.destination)?) {
            (Some(id), Some(number)) => self.view.projection(number, after.class, id)?,
            _ => None,
        };
        let on_leave = delivery.outbound.on_leave();
        let found = part(&delivery.destination, after.class, &desired, projection.as_ref(), on_leave);
        Ok(Ok(found.filter(|part| !self.spares(part, after))))
    }
}
