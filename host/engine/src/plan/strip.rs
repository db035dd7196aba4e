//! Groups of those who leave or return: where a delivery takes leavers out of all groups, their groups there are planned
//! together with them, though no source says anything new about the groups.

use super::Planner;
use super::hub::label;
use crate::error::EngineError;
use crate::members::mentions;
use crate::policy::Delivery;
use rosterd_model::plan::{Part, Reason, StepObject};
use rosterd_model::{Attributes, Class, Entity, EntityId, ExternalId, Step};
use rosterd_reconcile::fanout::part;
use rosterd_reconcile::leaver::has_left;
use rosterd_store::prelude::*;
use std::collections::HashSet;

/// Groups of one look at the table.
const PORTION: usize = 1_000;

impl<'a> Planner<'a> {
    /// Remembers that an account leaves or returns by a step of this plan.
    pub(super) fn turns(&mut self, before: &Entity, after: &Entity) {
        let (was, is) = (has_left(&before.lifecycle), has_left(&after.lifecycle));
        if before.class == Class::Account && was != is && self.strips {
            self.turned.insert(before.id, is);
        }
    }

    /// Plans the groups of whoever leaves or returns, but for those that another step of this plan is about: their members
    /// were computed after everybody was decided.
    pub(super) fn strip_groups(&mut self) -> Result<(), EngineError> {
        if self.turned.is_empty() {
            return Ok(());
        }
        let policy = self.policy;
        let deliveries: Vec<&'a Delivery> = policy.deliveries.iter().filter(|d| d.strips_groups()).collect();
        let mut ids: HashSet<ExternalId> = HashSet::new();
        for account in self.turned.keys() {
            ids.extend(self.view.claims_of(*account)?.into_iter().map(|(_, claims)| claims.external_id));
            // As groups call him that follow a rule.
            ids.insert(account.to_string().into());
        }
        let mut after: Option<EntityId> = None;
        loop {
            let portion: Vec<Entity> =
                self.view.entities(Class::Group, after)?.take(PORTION).collect::<Result<_, _>>()?;
            let Some(last) = portion.last() else { return Ok(()) };
            after = Some(last.id);
            for group in &portion {
                let has_one = || group.attributes.iter().any(|(_, value)| mentions(value, &ids));
                if !self.groups.contains(&group.id) && has_one() {
                    self.strip_group(&deliveries, group)?;
                }
            }
        }
    }

    fn strip_group(&mut self, deliveries: &[&'a Delivery], group: &Entity) -> Result<(), EngineError> {
        let mut parts: Vec<Part> = Vec::new();
        for delivery in deliveries {
            let Some(number) = self.view.connection_number(&delivery.destination)? else { continue };
            let known = self.view.projection(number, Class::Group, group.id)?;
            if !known.as_ref().is_some_and(|known| known.status.is_living()) {
                continue;
            }
            let extra = if delivery.wants_paths {
                self.paths.extra(&*self.view, Class::Group, Some(group.id), &group.attributes, None)?
            } else {
                Attributes::new()
            };
            let mut desired = match delivery.outbound.desired_at(group, &extra, self.now) {
                Ok(desired) => desired,
                Err(problem) => {
                    tracing::warn!(entity = %group.id, "{}", problem.message);
                    continue;
                }
            };
            self.correct_members(delivery, Some(group.id), known.as_ref(), &mut desired)?;
            let on_leave = delivery.outbound.on_leave();
            parts.extend(part(&delivery.destination, Class::Group, &desired, known.as_ref(), on_leave));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let (class, object, label) = (Class::Group, StepObject::Entity(group.id), label(group));
        let (claims, mapping, reason) = (Some(Vec::new()), [0; 8], Reason::Membership);
        self.push(Step { class, object, label, reason, source: None, claims, mapping, parts })
    }
}
