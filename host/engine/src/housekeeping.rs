//! What is over is kept as long as `[retention]` says, and no longer: replaced values, runs, plans, the gone.
//!
//! Portions of one transaction each, so that nobody waits for it long and a killed process goes on another day.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::plan::{PlanHeader, PlanState};
use rosterd_model::shadow::ShadowState;
use rosterd_model::{Class, EntityId, Lifecycle, Rule, Timestamp};
use rosterd_store::erase::{Erasure, erase};
use rosterd_store::prelude::*;
use rosterd_store::{StoreError, Timer, first_run_since};
use serde::Serialize;
use std::collections::HashSet;

/// Rows of one transaction.
const PORTION: usize = 5_000;
/// The time for which the guard adds up what was done, and an hour that began before it.
const BUDGET_MS: u64 = 25 * 3_600_000;

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Housekeeping {
    /// Replaced values.
    pub history: u64,
    /// Steps of plans that are over.
    pub steps: u64,
    /// Heads of plans.
    pub plans: u64,
    /// Runs.
    pub runs: u64,
    /// Entities that were deleted, and whose time is over.
    pub entities: u64,
    /// Shadows of what is gone and belongs to nobody.
    pub tombstones: u64,
}

impl Housekeeping {
    /// Rows in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.history + self.steps + self.plans + self.runs + self.entities + self.tombstones
    }
}

impl Engine {
    /// Removes what is over for longer than `[retention]` says. Logged in the audit if anything was removed.
    ///
    /// # Errors
    /// The store can not be read or written; what was removed until then stays removed.
    pub fn housekeeping(&self) -> Result<Housekeeping, EngineError> {
        let mut done = Housekeeping::default();
        if !Rule::HistoryEnds.on() {
            return Ok(done);
        }
        let now = self.now()?;
        let before = |ms: u64| Timestamp(now.0.saturating_sub(ms));
        let keep = self.policy.retention;
        self.old_history(before(keep.history_ms), &mut done)?;
        self.old_plans(before(keep.plans_ms), before(keep.runs_ms), &mut done)?;
        self.old_runs(before(keep.runs_ms), &mut done)?;
        self.purge_entities(before(keep.tombstones_ms), now, &mut done)?;
        self.purge_shadows(before(keep.tombstones_ms), &mut done)?;
        self.fold_values()?;
        self.store.commit::<_, EngineError>("housekeeping", |w| {
            w.forget_spent(before(BUDGET_MS))?;
            if done.total() > 0 {
                let at = w.advance_clock(now)?;
                let detail = format!(
                    "{} values of history, {} steps, {} plans, {} runs, {} entities, {} tombstones",
                    done.history, done.steps, done.plans, done.runs, done.entities, done.tombstones
                );
                w.add_audit(at, &self.principal, "purged", &detail)?;
            }
            Ok(())
        })?;
        Ok(done)
    }

    /// Removes what is left of those whose retention is over by the date that was set when they were deleted. What a plan is
    /// about that is being applied stays until the next look.
    pub(crate) fn purge(&self, timers: &[Timer], now: Timestamp) -> Result<(), EngineError> {
        for class in Class::ALL {
            let mine: Vec<EntityId> =
                timers.iter().filter(|timer| timer.class == class).map(|timer| timer.entity).collect();
            for portion in mine.chunks(PORTION) {
                let entities: HashSet<EntityId> = portion.iter().copied().collect();
                let detail = format!("{} of class {class}, whose retention is over", entities.len());
                let erasure = Erasure { class, entities, words: Vec::new(), at: now, for_good: false };
                let done = self.store.commit::<_, EngineError>("purge-due", |w| {
                    erase(w, &erasure)?;
                    let at = w.advance_clock(now)?;
                    w.add_audit(at, &self.principal, "purged", &detail)?;
                    Ok(())
                });
                match done {
                    Err(EngineError::Store(StoreError::Busy { .. })) => {}
                    done => done?,
                }
            }
        }
        Ok(())
    }

    fn old_history(&self, before: Timestamp, done: &mut Housekeeping) -> Result<(), EngineError> {
        let run = first_run_since(&self.store.snapshot()?, before)?;
        let mut from = Some(Vec::new());
        while let Some(place) = from {
            let (removed, next) = self
                .store
                .commit::<_, EngineError>("purge-history", |w| Ok(w.forget_history(run, &place, PORTION)?))?;
            done.history += removed;
            from = next;
        }
        Ok(())
    }

    fn old_runs(&self, before: Timestamp, done: &mut Housekeeping) -> Result<(), EngineError> {
        loop {
            let removed = self.store.commit::<_, EngineError>("purge-runs", |w| Ok(w.forget_runs(before, PORTION)?))?;
            done.runs += removed;
            if removed < PORTION as u64 {
                return Ok(());
            }
        }
    }

    /// Plans that are over lose their steps first, and later their heads.
    fn old_plans(&self, before: Timestamp, heads: Timestamp, done: &mut Housekeeping) -> Result<(), EngineError> {
        let over = |plan: &PlanHeader| matches!(plan.state, PlanState::Applied | PlanState::Superseded);
        let view = self.store.snapshot()?;
        let mut old: Vec<PlanHeader> = Vec::new();
        for plan in view.plans()? {
            let plan = plan?;
            let has_steps = || Ok::<_, EngineError>(view.steps(plan.number)?.next().is_some());
            if over(&plan) && plan.at < before && (plan.at < heads || has_steps()?) {
                old.push(plan);
            }
        }
        drop(view);
        for plan in old {
            loop {
                let removed = self
                    .store
                    .commit::<_, EngineError>("purge-steps", |w| Ok(w.remove_steps(plan.number, PORTION as u64)?))?;
                done.steps += removed;
                if removed < PORTION as u64 {
                    break;
                }
            }
            self.store.commit::<_, EngineError>("purge-plan", |w| {
                if plan.at < heads {
                    done.plans += 1;
                    return Ok(w.remove_plan(&plan)?);
                }
                // Names stand in the steps only from now on, and those are gone.
                let mut plan = plan.clone();
                plan.holds.iter_mut().for_each(|hold| hold.samples.clear());
                Ok(w.put_plan(&plan)?)
            })?;
        }
        Ok(())
    }

    fn purge_entities(&self, before: Timestamp, now: Timestamp, done: &mut Housekeeping) -> Result<(), EngineError> {
        for class in Class::ALL {
            let mut after: Option<EntityId> = None;
            loop {
                let (mut entities, mut last) = (HashSet::new(), None);
                for entity in self.store.snapshot()?.entities(class, after)?.take(PORTION) {
                    let entity = entity?;
                    last = Some(entity.id);
                    if matches!(entity.lifecycle, Lifecycle::Deleted { at } if at < before) {
                        entities.insert(entity.id);
                    }
                }
                if !entities.is_empty() {
                    done.entities += entities.len() as u64;
                    let erasure = Erasure { class, entities, words: Vec::new(), at: now, for_good: false };
                    self.store.commit::<_, EngineError>("purge-entities", |w| Ok(erase(w, &erasure)?))?;
                }
                let Some(last) = last else { break };
                after = Some(last);
            }
        }
        Ok(())
    }

    /// Values by which clients look up what very many were submitted of at once are moved to where the others are.
    fn fold_values(&self) -> Result<(), EngineError> {
        for (_, connection) in self.store.snapshot()?.connections()? {
            while self
                .store
                .commit::<_, EngineError>("fold-values", |w| Ok(w.fold_shadow_keys(connection, PORTION)?))?
            {
            }
        }
        Ok(())
    }

    /// Tombstones of shadows that belong to nobody.
    fn purge_shadows(&self, before: Timestamp, done: &mut Housekeeping) -> Result<(), EngineError> {
        let view = self.store.snapshot()?;
        for (_, connection) in view.connections()? {
            for class in Class::ALL {
                let mut gone = Vec::new();
                for row in view.shadows(connection, class, 0)? {
                    let (ordinal, shadow) = row?;
                    let ShadowState::Tombstone { at, .. } = shadow.state else { continue };
                    if at < before && view.link(connection, class, ordinal)?.is_none_or(|link| !link.live) {
                        gone.push((ordinal, shadow.id));
                    }
                }
                for portion in gone.chunks(PORTION) {
                    self.store.commit::<_, EngineError>("purge-shadows", |w| {
                        for (ordinal, id) in portion {
                            w.remove_link(connection, class, *ordinal)?;
                            w.purge_shadow(connection, class, id)?;
                        }
                        Ok(())
                    })?;
                }
                done.tombstones += gone.len() as u64;
            }
        }
        Ok(())
    }
}
