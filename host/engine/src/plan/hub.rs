//! Plans of the hub's own, which no scan caused: dates that came, what a person ordered, what is adopted or repaired.
//!
//! They differ from others in how their steps come about and in nothing else: the same digest, guard, holds, approval,
//! application and delivery.

use super::decide::{changing, protected_from};
use super::{PlanOptions, Planned, Planner};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::origin::withhold;
use crate::policy::{Delivery, Job, Policy, name_attribute};
use crate::scan::ScanResult;
use rosterd_model::plan::{Bucket, Operation, Part, Reason, StepObject, Target};
use rosterd_model::{Attributes, Class, Entity, RunId, Step, Text, Timestamp, Value};
use rosterd_reconcile::diff::{diff, state_hash};
use rosterd_reconcile::fanout::part;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// A plan of the hub's own in the making: what its author may look at, and the steps that it takes.
pub struct HubPlan<'p> {
    planner: Planner<'p>,
}

/// Makes a plan of the hub's own. `steps` adds its steps.
pub(crate) fn plan(
    engine: &Engine,
    job: &Job,
    run: RunId,
    guarded: bool,
    steps: impl FnOnce(&mut HubPlan<'_>) -> Result<(), EngineError>,
) -> Result<Planned, EngineError> {
    let nothing = ScanResult::nothing(String::new());
    // A plan of the hub's own reads no source, so that no mapping of a job matters; deliveries are looked at all the same.
    let options = PlanOptions { accept_configuration: true };
    let mut planner = Planner::begin(engine, job, ConnectionNumber::HUB, run, &nothing, options)?;
    planner.guarded = guarded;
    let mut plan = HubPlan { planner };
    steps(&mut plan)?;
    plan.planner.follow_rules()?;
    plan.planner.strip_groups()?;
    plan.planner.finish()
}

impl<'p> HubPlan<'p> {
    /// The view of the store that the plan is made from.
    #[must_use]
    pub fn view(&self) -> &Snapshot {
        &self.planner.view
    }

    /// The configuration.
    #[must_use]
    pub const fn policy(&self) -> &'p Policy {
        self.planner.policy
    }

    /// The time of policy.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.planner.now
    }

    /// The run that makes the plan.
    #[must_use]
    pub const fn run(&self) -> RunId {
        self.planner.run
    }

    /// How many steps the plan has.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.planner.rows.count
    }

    /// Changes an entity from what it is to `after`, and tells the destinations that show it otherwise. Claims of
    /// connections stay as they are. False: there is nothing to do, or the account is protected from it.
    ///
    /// # Errors
    /// The store failed.
    pub fn change(&mut self, before: &Entity, after: &Entity, reason: Reason) -> Result<bool, EngineError> {
        let changes = diff(&before.attributes, &after.attributes);
        let moved = Some((&before.lifecycle, &after.lifecycle)).filter(|(before, after)| before != after);
        let mut parts = Vec::new();
        // What a person orders is a step even if it changes nothing: the order itself is kept.
        if moved.is_some() || !changes.is_empty() || matches!(reason, Reason::Ordered { .. } | Reason::Allowed { .. }) {
            let ordered = matches!(reason, Reason::Ordered { .. });
            let operation = if ordered { Operation::Disable } else { changing(after.class, &changes, moved) };
            if protected_from(operation) && self.planner.policy.protect.protects(before) {
                self.note(format!(
                    "{operation} of {} is refused, because this account is protected ([protect] in rosterd.toml)",
                    label(before)
                ));
                return Ok(false);
            }
            if operation == Operation::Disable && !ordered {
                self.planner.secondaries_first(before, &reason)?;
            }
            parts.push(Part {
                target: Target::Hub,
                operation,
                before: state_hash(&before.attributes, &before.lifecycle),
                after: state_hash(&after.attributes, &after.lifecycle),
                changes,
                lifecycle: moved.map(|(_, after)| *after),
            });
        }
        let policy = self.planner.policy;
        for delivery in &policy.deliveries {
            parts.extend(self.part(delivery, after, false)?);
        }
        self.planner.turns(before, after);
        self.step(after, reason, parts)
    }

    /// Deletes somebody whose grace is over at some destinations. False: nobody is there any more.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete(&mut self, entity: &Entity, at: &[&Delivery], reason: Reason) -> Result<bool, EngineError> {
        let mut parts = Vec::new();
        for delivery in at {
            parts.extend(self.part(delivery, entity, true)?.filter(|part| part.operation == Operation::Delete));
        }
        self.step(entity, reason, parts)
    }

    /// Says that a kind of operation waits for a person, however few there are.
    pub fn ask(&mut self, bucket: Bucket, because: &str) {
        self.planner.asked.insert(bucket, because.to_owned());
    }

    /// Tells one destination what it should show of an entity that does not change. False: it shows that already.
    ///
    /// # Errors
    /// The store failed.
    pub fn deliver(&mut self, delivery: &Delivery, entity: &Entity, reason: Reason) -> Result<bool, EngineError> {
        let parts = self.part(delivery, entity, false)?.into_iter().collect();
        self.step(entity, reason, parts)
    }

    /// Adds a step of parts about an entity. False: there are no parts.
    ///
    /// # Errors
    /// The store failed.
    pub fn step(&mut self, entity: &Entity, reason: Reason, parts: Vec<Part>) -> Result<bool, EngineError> {
        if parts.is_empty() {
            return Ok(false);
        }
        let (class, object, label) = (entity.class, StepObject::Entity(entity.id), label(entity));
        let (claims, mapping) = (Some(Vec::new()), [0; 8]);
        let step = Step { class, object, label, reason, source: None, claims, mapping, parts };
        self.planner.follow(&step, entity)?;
        self.push(step)?;
        Ok(true)
    }

    /// Adds a step as it is. Without a `source` it leaves claims and links alone.
    ///
    /// # Errors
    /// The store failed.
    pub fn push(&mut self, step: Step) -> Result<(), EngineError> {
        self.planner.push(step)
    }

    /// The part for one destination, if it must be told anything. A mapping that can not be applied is a remark: it must
    /// not keep the other destinations, or the hub, from what is due. `delete_due`: its grace is over there.
    fn part(&mut self, delivery: &Delivery, after: &Entity, delete_due: bool) -> Result<Option<Part>, EngineError> {
        let planner = &mut self.planner;
        if !delivery.outbound.delivers(after.class) {
            return Ok(None);
        }
        let extra = if delivery.wants_paths {
            planner.paths.extra(&*planner.view, after.class, Some(after.id), &after.attributes, None)?
        } else {
            Attributes::new()
        };
        let mut desired = match delivery.outbound.desired_at(after, &extra, planner.now) {
            Ok(mut desired) => {
                desired.delete_due = delete_due;
                desired
            }
            Err(problem) => {
                let (destination, name) = (&delivery.destination, label(after));
                self.note(format!("{destination} is told nothing about {name}: {}", problem.message));
                return Ok(None);
            }
        };
        let number = planner.view.connection_number(&delivery.destination)?;
        let projection = match number {
            Some(number) => planner.view.projection(number, after.class, after.id)?,
            None => None,
        };
        if delivery.both_ways && planner.stays_away(delivery, after, Some(after.id), projection.as_ref())? {
            return Ok(None);
        }
        withhold(&*planner.view, delivery, number, after.class, after.id, &[], &mut desired)?;
        if after.class == Class::Group {
            planner.correct_members(delivery, Some(after.id), projection.as_ref(), &mut desired)?;
        }
        let on_leave = delivery.outbound.on_leave();
        let found = part(&delivery.destination, after.class, &desired, projection.as_ref(), on_leave);
        Ok(found.filter(|part| !planner.spares(part, after)))
    }

    /// Tells the operator something.
    pub fn note(&self, text: String) {
        tracing::warn!("{text}");
        self.planner.engine.events.emit(&RunEvent::Note(text));
    }
}

impl std::fmt::Debug for HubPlan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubPlan").field("steps", &self.planner.rows.count).finish_non_exhaustive()
    }
}

/// A name that people know an entity by.
pub(crate) fn label(entity: &Entity) -> Text {
    let name = entity.attributes.get(name_attribute(entity.class));
    name.map_or_else(|| entity.id.to_string().into(), Value::to_text)
}
