//! Dates that came: first days, last days, the end of a grace. Each is looked at again, and becomes a step of a plan of the
//! hub's own if its reason still stands. When the retention of somebody deleted is over, there is nothing left to plan: what
//! is left of him goes.

use crate::announced::announced;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::hub::HubOptions;
use crate::plan::HubPlan;
use crate::policy::{Delivery, Policy};
use crate::run::RunReport;
use crate::scan::blocking;
use rosterd_model::plan::{Bucket, Due, Operation, PlanState, Reason, Target};
use rosterd_model::port::BoxFuture;
use rosterd_model::{ConnectionId, Entity, EntityId, JobId, Lifecycle, Rule, Step, Timestamp};
use rosterd_reconcile::leaver::{self, Statement, fired};
use rosterd_store::prelude::*;
use rosterd_store::{Snapshot, Timer};
use std::collections::HashSet;

/// What waits for a person is looked at again so often: meanwhile the people concerned may have come back.
const AGAIN_MS: u64 = 60 * 60 * 1_000;

/// A step may make another one due: who is deleted everywhere is deleted in the hub.
const ROUNDS: usize = 3;

impl Policy {
    /// The dates that an entity waits for in its present state.
    #[must_use]
    pub fn timers(&self, entity: &Entity) -> Vec<Timer> {
        let (class, id) = (entity.class, entity.id);
        let own = leaver::waits(&entity.lifecycle);
        let deliveries = self.deliveries.iter().filter(|delivery| delivery.outbound.delivers(class));
        let theirs = deliveries.filter_map(|delivery| delivery.outbound.leave().waits(&entity.lifecycle));
        let mut timers: Vec<Timer> = own
            .into_iter()
            .chain(theirs)
            .chain(self.purge_at(&entity.lifecycle).map(|at| (Due::Purge, at)))
            .map(|(due, at)| Timer { at, class, entity: id, due })
            .collect();
        timers.sort_unstable();
        timers.dedup();
        timers
    }

    /// When what is left of somebody deleted goes; none: he is not deleted.
    fn purge_at(&self, lifecycle: &Lifecycle) -> Option<Timestamp> {
        match lifecycle {
            // Not yet filled in: it is deleted by the step that asks.
            Lifecycle::Deleted { at } if *at > Timestamp(0) => Some(at.plus_ms(self.retention.tombstones_ms)),
            _ => None,
        }
    }

    /// False for a delete at the end of a grace that is not over any more, because the person came back after the plan was
    /// made. A step of this kind changes nothing in the hub, whose state would tell.
    #[must_use]
    pub fn still_due(&self, step: &Step, destination: &ConnectionId, entity: &Entity, now: Timestamp) -> bool {
        if step.reason != Reason::Due(Due::Grace) || step.hub().is_some() {
            return true;
        }
        let delivery = self.deliveries.iter().find(|delivery| delivery.destination == *destination);
        delivery.is_some_and(|delivery| delivery.outbound.leave().delete_due(&entity.lifecycle, now))
    }
}

/// What a date that came leads to.
enum Act {
    /// Nothing any more.
    Nothing,
    /// Nothing yet: what was asked for is under way.
    Wait,
    /// The entity changes.
    Change(Box<(Entity, Entity)>),
    /// It is made at destinations that wait for those who start soon.
    Prepare(Box<Entity>),
    /// It is deleted at these destinations, by their place in the policy.
    Delete(Box<Entity>, Vec<usize>),
    /// What is left of somebody deleted goes.
    Purge,
}

impl Engine {
    /// Looks at every date that came, plans what follows, applies what is not held, and delivers. No report: nothing was
    /// due. For the daemon, and for `rosterd run` when its job is done.
    ///
    /// # Errors
    /// The store fails.
    pub fn run_timers(&self) -> BoxFuture<'_, Result<Vec<RunReport>, EngineError>> {
        Box::pin(async move {
            self.finish_hub_plans().await?;
            let mut reports = Vec::new();
            for _ in 0..ROUNDS {
                let engine = self.clone();
                let due = blocking(move || engine.due()).await?;
                if due.is_empty() || self.waits_already(&due)? {
                    break;
                }
                let steps = move |plan: &mut HubPlan<'_>| add(plan, &due);
                let report = self.hub_plan(JobId::of_hub("leavers", None), HubOptions::default(), steps).await?;
                let applied = report.plan.as_ref().is_some_and(|plan| plan.state == PlanState::Applied);
                reports.push(report);
                if !applied {
                    break;
                }
            }
            Ok(reports)
        })
    }

    /// The next date that has not come yet: when to call [`Engine::run_timers`] at the latest. What waits for a person is
    /// looked at again every hour.
    ///
    /// # Errors
    /// The store fails.
    pub fn next_timer(&self) -> Result<Option<Timestamp>, EngineError> {
        let view = self.store.snapshot()?;
        let now = view.policy_now(self.clock.now())?;
        for timer in view.timers()? {
            let timer = timer?;
            if timer.at > now {
                return Ok(Some(timer.at));
            }
        }
        Ok(None)
    }

    /// The timers that came and still have a reason. The others are removed.
    fn due(&self) -> Result<Vec<Timer>, EngineError> {
        let view = self.store.snapshot()?;
        let now = view.policy_now(self.clock.now())?;
        let (mut due, mut over, mut anew, mut purged) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for timer in view.timers()? {
            let timer = timer?;
            if timer.at > now {
                break;
            }
            match act(&view, &self.policy, &timer, now)? {
                Act::Nothing => {
                    over.push(timer);
                    // A longer grace was configured since, or the day is another one: wait for that.
                    if let Some(entity) = view.entity(timer.class, timer.entity)? {
                        anew.extend(self.policy.timers(&entity).into_iter().filter(|timer| timer.at > now));
                    }
                }
                Act::Wait => {}
                Act::Purge => purged.push(timer),
                _ => due.push(timer),
            }
        }
        drop(view);
        self.purge(&purged, now)?;
        if !over.is_empty() {
            self.store.commit::<_, EngineError>("timers", |w| {
                over.iter().try_for_each(|timer| w.remove_timer(timer).map(drop))?;
                anew.iter().try_for_each(|timer| w.put_timer(timer))?;
                Ok(())
            })?;
        }
        Ok(due)
    }

    /// True if a plan of these dates waits for a person, and nothing came since it was made.
    fn waits_already(&self, due: &[Timer]) -> Result<bool, EngineError> {
        let view = self.store.snapshot()?;
        let now = view.policy_now(self.clock.now())?;
        let Some(plan) = view.plans_of(&JobId::of_hub("leavers", None))?.next().transpose()? else { return Ok(false) };
        let open = matches!(plan.state, PlanState::Ready | PlanState::Held | PlanState::Approved { .. });
        let last = due.iter().map(|timer| timer.at).max().unwrap_or_default();
        let same = plan.configuration == self.policy.digest && last <= plan.at && now.since_ms(plan.at) < AGAIN_MS;
        Ok(open && same)
    }
}

/// Adds a step for each date that came. An entity gets one step: what else is due for it waits for the next plan.
fn add(plan: &mut HubPlan<'_>, due: &[Timer]) -> Result<(), EngineError> {
    let mut touched: HashSet<EntityId> = HashSet::new();
    let now = plan.now();
    for timer in due {
        if !touched.insert(timer.entity) {
            continue;
        }
        let reason = Reason::Due(timer.due);
        match act(plan.view(), plan.policy(), timer, now)? {
            Act::Nothing | Act::Wait | Act::Purge => {}
            Act::Change(pair) => {
                let known_before = timer.due == Due::Leave && announced(plan.view(), &pair.0, now)?;
                let reason = if known_before { Reason::Announced } else { reason };
                plan.change(&pair.0, &pair.1, reason)?;
            }
            Act::Prepare(entity) => {
                plan.change(&entity, &entity, reason)?;
            }
            Act::Delete(entity, places) => {
                let policy = plan.policy();
                let at: Vec<&Delivery> = places.iter().filter_map(|place| policy.deliveries.get(*place)).collect();
                plan.delete(&entity, &at, reason)?;
                for delivery in at.iter().filter(|delivery| delivery.outbound.leave().asks) {
                    let target = Target::Destination(delivery.destination.clone());
                    let bucket = Bucket::new(target, entity.class, Operation::Delete);
                    if Rule::DeleteNeedsApproval.on() {
                        plan.ask(bucket, "the grace is over, and [deliver] says delete-requires = \"approval\"");
                    }
                }
            }
        }
    }
    Ok(())
}

/// Decides what a date that came leads to, by what is known now.
fn act(view: &Snapshot, policy: &Policy, timer: &Timer, now: Timestamp) -> Result<Act, EngineError> {
    let Some(entity) = view.entity(timer.class, timer.entity)? else { return Ok(Act::Nothing) };
    if matches!(timer.due, Due::Leave | Due::Grace) && policy.protect.protects(&entity) {
        return Ok(Act::Nothing);
    }
    match timer.due {
        Due::Start | Due::Leave => {
            // A date that can not be read any more was a case when it came; the last one that could be read stands.
            let Ok(said) = Statement::read(&entity.attributes, &policy.lifecycle.home) else { return Ok(Act::Nothing) };
            Ok(fired(timer.due, &entity.lifecycle, &said, now).map_or(Act::Nothing, |lifecycle| {
                let after = Entity { lifecycle, ..entity.clone() };
                Act::Change(Box::new((entity, after)))
            }))
        }
        Due::Prepare => prepare(view, policy, entity, now),
        Due::Grace => grace(view, policy, entity, now),
        Due::Purge => {
            let over = policy.purge_at(&entity.lifecycle).is_some_and(|at| at <= now) && Rule::HistoryEnds.on();
            Ok(if over { Act::Purge } else { Act::Nothing })
        }
    }
}

/// Destinations that make people only when they start soon, and do not have this one yet.
fn prepare(view: &Snapshot, policy: &Policy, entity: Entity, now: Timestamp) -> Result<Act, EngineError> {
    let Lifecycle::Pending { start_at } = entity.lifecycle else { return Ok(Act::Nothing) };
    for delivery in &policy.deliveries {
        let leave = delivery.outbound.leave();
        if leave.prepare_ms.is_some() && leave.prepares(start_at, now) && !told(view, delivery, &entity)? {
            return Ok(Act::Prepare(Box::new(entity)));
        }
    }
    Ok(Act::Nothing)
}

/// True if the destination has the entity, or is to get it.
fn told(view: &Snapshot, delivery: &Delivery, entity: &Entity) -> Result<bool, EngineError> {
    let Some(number) = view.connection_number(&delivery.destination)? else { return Ok(false) };
    Ok(view.projection(number, entity.class, entity.id)?.is_some()
        || view.outbox_entry(number, entity.class, entity.id)?.is_some())
}

/// Whose grace is over is deleted where that is so; once nobody is left anywhere, in the hub.
fn grace(view: &Snapshot, policy: &Policy, entity: Entity, now: Timestamp) -> Result<Act, EngineError> {
    let (mut due, mut later, mut under_way, mut deletes) = (Vec::new(), false, false, false);
    for (place, delivery) in policy.deliveries.iter().enumerate() {
        let Some(at) = delivery.outbound.leave().delete_at(&entity.lifecycle) else { continue };
        if !delivery.outbound.delivers(entity.class) {
            continue;
        }
        deletes = true;
        let number = view.connection_number(&delivery.destination)?;
        let Some(number) = number else { continue };
        let there = view.projection(number, entity.class, entity.id)?.is_some_and(|known| known.status.is_living());
        let asked = view
            .outbox_entry(number, entity.class, entity.id)?
            .is_some_and(|entry| entry.operation == Operation::Delete);
        if at > now {
            later = true;
        } else if there && !asked {
            due.push(place);
        } else if there {
            under_way = true;
        }
    }
    if !due.is_empty() {
        return Ok(Act::Delete(Box::new(entity), due));
    }
    if under_way {
        return Ok(Act::Wait);
    }
    if later || !deletes {
        return Ok(Act::Nothing);
    }
    let after = Entity { lifecycle: Lifecycle::Deleted { at: Timestamp(0) }, ..entity.clone() };
    Ok(Act::Change(Box::new((entity, after))))
}
