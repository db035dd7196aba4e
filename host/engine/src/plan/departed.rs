//! Objects that are gone: by the word of their source, or because they were missing for long enough.

use super::Planner;
use super::effective::{Effective, claim_changes};
use super::units::GoingUnit;
use crate::error::EngineError;
use rosterd_model::claim::{ClaimSet, Link, LinkMaker};
use rosterd_model::plan::{Reason, StepObject};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::record::DepartureCause;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::spec::ScopeReaction;
use rosterd_model::{Class, ConnectionId, DisabledReason, Entity, EntityId, Lifecycle, Rule};
use rosterd_reconcile::diff::Difference;
use rosterd_reconcile::leaver::left;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// Decides the explicit departures of this run, now that it is known who is back under another id.
    pub(super) fn departed_all(&mut self) -> Result<(), EngineError> {
        for (class, ordinal) in std::mem::take(&mut self.departures) {
            let link = self.view.link(self.connection, class, ordinal)?.filter(|link| link.live);
            let (Some(shadow), Some(link)) = (self.view.shadow(self.connection, class, ordinal)?, link) else {
                continue;
            };
            let ShadowState::Tombstone { cause, .. } = &shadow.state else { continue };
            // Settled by the step that ties the new record, when it is applied.
            if self.relinked.contains(&link.entity) {
                continue;
            }
            let cases = self.cases.len();
            let done = self.departed(ordinal, &shadow, &link, *cause)?;
            self.heal(class, &shadow, done && self.cases.len() == cases)?;
        }
        Ok(())
    }

    /// The source said that the object is gone.
    pub(super) fn departed(
        &mut self,
        ordinal: u32,
        shadow: &Shadow,
        link: &Link,
        cause: DepartureCause,
    ) -> Result<bool, EngineError> {
        if cause != DepartureCause::Deleted && Rule::LeftScopeIsNoDelete.on() {
            match self.job.class(shadow.class).map_or(ScopeReaction::Quarantine, |part| part.spec.reaction.left_scope) {
                ScopeReaction::Quarantine => {}
                ScopeReaction::Unlink => return self.untie(ordinal, shadow, link.entity),
                ScopeReaction::Ignore => {
                    self.settled.push((shadow.class, ordinal, shadow.seq));
                    return Ok(true);
                }
            }
            let message = format!(
                "{} \"{}\" left what this connection may see; that is never taken for a delete",
                shadow.class, shadow.id
            );
            self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, vec![link.entity])?;
            return Ok(false);
        }
        if shadow.class == Class::OrgUnit {
            let (shadow, entity, reason) = (shadow.clone(), link.entity, Reason::Deleted);
            self.going.push(GoingUnit { ordinal, shadow, entity, reason, unlicensed: false });
            return Ok(false);
        }
        self.leave(ordinal, shadow, link.entity, Reason::Deleted)
    }

    /// The connection says nothing more about the entity: others decide what it said, or its last words stay.
    fn untie(&mut self, ordinal: u32, shadow: &Shadow, id: EntityId) -> Result<bool, EngineError> {
        let job = self.job;
        let (Some(part), Some(entity)) = (job.class(shadow.class), self.view.entity(shadow.class, id)?) else {
            return Ok(true);
        };
        let (mine, others) = self.claims(id)?;
        // No record has this number: all claims are another's.
        let changes = claim_changes(mine.as_ref(), u32::MAX, &[]);
        let overrides = self.overrides_of(id)?;
        let attributes = Effective {
            authority: &self.policy.authority,
            source: &job.source,
            mine: mine.as_ref(),
            others: &others,
            overrides: &overrides,
            ages: &self.ages,
            now: self.now,
            everything: false,
        }
        .attributes(&entity.attributes, &changes);
        let after = entity.with(attributes, entity.lifecycle);
        let object = StepObject::Entity(id);
        let before = Some((&entity, Difference::between(&entity.attributes, &after.attributes)));
        self.step(part, ordinal, shadow, object, before, &after, Some(changes), Reason::LeftScope)
    }

    /// A leaver: disabled in the hub, and at destinations as their policy says.
    pub(super) fn leave(
        &mut self,
        ordinal: u32,
        shadow: &Shadow,
        id: EntityId,
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let job = self.job;
        let (Some(part), Some(entity)) = (job.class(shadow.class), self.view.entity(shadow.class, id)?) else {
            return Ok(true);
        };
        if !self.leaves_by_us(ordinal, &entity)? {
            // A record that is only missing may still have something to say: that he is back, in a plan that nobody applied.
            if shadow.state != ShadowState::Live || !Rule::ReturnIsKept.on() {
                self.settled.push((shadow.class, ordinal, shadow.seq));
            }
            return Ok(true);
        }
        if let Some(done) = self.other_employment(part, ordinal, &entity)? {
            return Ok(done);
        }
        let mut after = Entity { lifecycle: left(), ..entity.clone() };
        if entity.class == Class::Account {
            self.gone.insert(id);
            // One step for both: he leaves, and his unit goes.
            if let Some(unit) = self.held_in(&entity)? {
                after.attributes.set("orgUnit", unit);
            }
        }
        let before = Some((&entity, Difference::between(&entity.attributes, &after.attributes)));
        self.step(part, ordinal, shadow, StepObject::Entity(id), before, &after, Some(Vec::new()), reason)
    }

    /// True if a connection made this entity that no job reads any more: the operator removed it, and with it whoever could
    /// say that the person is still here.
    fn frozen(&self, entity: &Entity, others: &[(ConnectionId, ClaimSet)]) -> Result<bool, EngineError> {
        let is_read = |connection: &ConnectionId| self.policy.jobs.values().any(|job| job.source == *connection);
        for (connection, claims) in others.iter().filter(|(connection, _)| !is_read(connection)) {
            let Some(number) = self.view.connection_number(connection)? else { continue };
            let link = self.view.link(number, entity.class, claims.ordinal)?;
            if link.is_some_and(|link| link.live && link.maker == LinkMaker::Created) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if this source decides about leaving, and the entity has not left already.
    fn leaves_by_us(&self, ordinal: u32, entity: &Entity) -> Result<bool, EngineError> {
        if has_left(entity) && Rule::EffectiveOnly.on() {
            return Ok(false);
        }
        // The first connection of the lifecycle's authority that knows the person decides; nobody else.
        let (_, others) = self.claims(entity.id)?;
        if Rule::RemovedConnectionFreezes.on() && self.frozen(entity, &others)? {
            return Ok(false);
        }
        self.decides_lifecycle((entity.class, ordinal), &others)
    }
}

/// True if nobody leaves here any more.
pub(crate) fn has_left(entity: &Entity) -> bool {
    // Who was disabled by a person can still leave: then the grace begins.
    let ordered = |reason| matches!(reason, DisabledReason::Manual | DisabledReason::Guard);
    matches!(entity.lifecycle, Lifecycle::Disabled { reason, .. } if !ordered(reason))
        || matches!(entity.lifecycle, Lifecycle::Deleted { .. })
}
