//! What destinations must be told about an entity.

use super::Planner;
use super::decide::protected_from;
use crate::error::EngineError;
use crate::members::Members;
use crate::origin::{There, there, withhold};
use crate::paths::Saying;
use rosterd_model::outbox::Projection;
use rosterd_model::plan::Part;
use rosterd_model::{Attributes, Class, Entity, EntityId, Rule};
use rosterd_reconcile::Problem;
use rosterd_reconcile::fanout::{Desired, part};
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// Adds a part for each destination that shows the entity otherwise than it will be.
    pub(super) fn fan_out(
        &mut self,
        after: &Entity,
        existing: Option<EntityId>,
        saying: Option<Saying<'_>>,
        parts: &mut Vec<Part>,
    ) -> Result<Result<(), Problem>, EngineError> {
        let policy = self.policy;
        for delivery in &policy.deliveries {
            match self.destination_part(delivery, after, existing, saying)? {
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

    /// True if a destination that is read as well must not be told of an entity: it shows an object of its own for it, or
    /// it removed the one that it had.
    pub(super) fn stays_away(
        &self,
        delivery: &crate::policy::Delivery,
        after: &Entity,
        existing: Option<EntityId>,
        projection: Option<&Projection>,
    ) -> Result<bool, EngineError> {
        // A group that follows a rule is no record of the job's source.
        let of_source = delivery.destination == self.job.source && !self.ruling;
        let (Some(id), Some(number)) = (existing, self.view.connection_number(&delivery.destination)?) else {
            return Ok(of_source);
        };
        let living = projection.is_some_and(|known| known.status.is_living());
        let jobs = self.policy.jobs.values().filter(|job| job.source == delivery.destination);
        let confirmations = jobs.map(|job| job.absence.confirmations).min().unwrap_or(1);
        Ok(match there(&*self.view, number, (after.class, id), projection, confirmations)? {
            There::Shown => !living,
            There::Removed => Rule::NeverBackIntoTheSource.on(),
            // A record of the destination that is being linked by this step.
            There::Unknown => !living && of_source,
        })
    }

    /// What rules say about the members of a group at a destination, beside what the source says.
    pub(super) fn correct_members(
        &self,
        delivery: &crate::policy::Delivery,
        group: Option<EntityId>,
        known: Option<&Projection>,
        desired: &mut Desired,
    ) -> Result<(), EngineError> {
        let (view, protect, turned) = (&*self.view, &self.policy.protect, &self.turned);
        let connection = if self.ruling { ConnectionNumber::HUB } else { self.connection };
        let members = Members { view, protect, delivery, group, connection, turned };
        members.correct(known, desired)
    }

    /// The part for one destination, if it must be told anything.
    pub(super) fn destination_part(
        &mut self,
        delivery: &crate::policy::Delivery,
        after: &Entity,
        existing: Option<EntityId>,
        saying: Option<Saying<'_>>,
    ) -> Result<Result<Option<Part>, Problem>, EngineError> {
        if !delivery.outbound.delivers(after.class) {
            return Ok(Ok(None));
        }
        let (class, number) = (after.class, self.view.connection_number(&delivery.destination)?);
        let projection = match (existing, number) {
            (Some(id), Some(number)) => self.view.projection(number, class, id)?,
            _ => None,
        };
        if delivery.both_ways && self.stays_away(delivery, after, existing, projection.as_ref())? {
            return Ok(Ok(None));
        }
        let extra = if delivery.wants_paths {
            self.paths.extra(&*self.view, after.class, existing, &after.attributes, saying)?
        } else {
            Attributes::new()
        };
        let mut desired = match delivery.outbound.desired_at(after, &extra, self.now) {
            Ok(desired) => desired,
            Err(problem) => return Ok(Err(problem)),
        };
        if let Some(id) = existing {
            let own = if delivery.destination == self.job.source { self.saying.as_slice() } else { &[] };
            withhold(&*self.view, delivery, number, class, id, own, &mut desired)?;
        }
        if after.class == Class::Group {
            self.correct_members(delivery, existing, projection.as_ref(), &mut desired)?;
        }
        let on_leave = delivery.outbound.on_leave();
        let found = part(&delivery.destination, after.class, &desired, projection.as_ref(), on_leave);
        Ok(Ok(found.filter(|part| !self.spares(part, after))))
    }
}
