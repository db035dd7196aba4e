//! One pass over a plan: what of it is still true since a person approved it, and how the pass ends.

use crate::apply::Applying;
use crate::error::EngineError;
use crate::plan::{accept, accept_unknown, put_partly, put_states};
use crate::policy::Delivery;
use rosterd_model::plan::{Bucket, Hold, NOTHING, Operation, Part, PlanHeader, PlanState, Reason, Target};
use rosterd_model::{Class, ConnectionId, Entity, EntityId, Rule, RunId, Step};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Writer};

impl Applying<'_> {
    /// True for a group whose members may leave or return only once a person released them: it is told again then.
    pub(crate) fn waits_for_members(&self, header: &PlanHeader, step: &Step, destination: &ConnectionId) -> bool {
        let people = |hold: &Hold| {
            let Bucket { target, class, operation, .. } = &hold.bucket;
            (target, *class) == (&Target::Hub, Class::Account)
                && matches!(operation, Operation::Disable | Operation::Enable)
        };
        let delivery = self.engine.policy.deliveries.iter().find(|delivery| delivery.destination == *destination);
        let strips = step.class == Class::Group && delivery.is_some_and(Delivery::strips_groups);
        strips && !self.held && header.holds.iter().any(people)
    }

    /// The entity of a record that an earlier pass created.
    pub(crate) fn created(&self, w: &impl Read, run: RunId, step: &Step) -> Result<Option<Entity>, EngineError> {
        let Some(source) = &step.source else { return Ok(None) };
        let link = w.link(self.of(w, source)?, step.class, source.ordinal)?.filter(|link| link.live);
        match link {
            // The record may be linked to somebody who left and whose id was given away.
            Some(link) => Ok(w.entity(step.class, link.entity)?.filter(|entity| entity.created == run)),
            None => Ok(None),
        }
    }

    /// True if a destination acknowledged something else since a person approved: only that is dropped.
    pub(crate) fn moved_there(
        &self,
        w: &impl Read,
        number: ConnectionNumber,
        step: &Step,
        part: &Part,
        entity: EntityId,
    ) -> Result<bool, EngineError> {
        let known = w.projection(number, step.class, entity)?;
        let before = known.map_or(NOTHING, |known| known.applied);
        Ok(before != part.before && Rule::DriftDropsTheStep.on())
    }

    /// True if the source says otherwise by now than when a person approved: it showed another state of the object, or shows
    /// again what was missing.
    pub(crate) fn source_moved(&self, w: &impl Read, step: &Step) -> Result<bool, EngineError> {
        let Some(source) = &step.source else { return Ok(false) };
        let shadow = w.shadow(self.connection, step.class, source.ordinal)?;
        if shadow.is_none_or(|shadow| shadow.seq != source.seq) {
            return Ok(true);
        }
        let missing = matches!(step.reason, Reason::Missing { .. });
        Ok(missing && w.missing(self.connection, step.class, source.ordinal)?.is_none())
    }

    /// What the step would have done was dropped: the next plan decides its record anew, also if it was settled before.
    pub(crate) fn again(&self, w: &mut impl Write, step: &Step) -> Result<(), EngineError> {
        let Some(source) = step.source.as_ref().filter(|_| !matches!(step.reason, Reason::Missing { .. })) else {
            return Ok(());
        };
        let connection = self.of(w, source)?;
        if let Some(shadow) = w.shadow(connection, step.class, source.ordinal)? {
            w.put_unsettled(connection, step.class, source.ordinal, shadow.seq)?;
        }
        Ok(())
    }

    /// The end of a pass: what the plan is now, with which configuration, and who did it.
    pub(crate) fn end(&self, w: &mut Writer<'_>, header: &mut PlanHeader, before: u64) -> Result<(), EngineError> {
        header.done = 0;
        let waits = !self.held && header.outcome.held > 0;
        header.state = if waits { PlanState::Held } else { PlanState::Applied };
        // A plan that a dead process left may be one of another configuration, and lets that of today through in nothing.
        let ours = header.configuration == self.engine.policy.digest;
        if ours {
            if waits {
                put_partly(w, self.engine, self.job)?;
            } else {
                put_states(w, self.engine, self.job, true)?;
            }
            self.followed(w, header)?;
            // What waits is judged by itself: the configuration was let through when anything of its plan was.
            accept(w, &self.engine.policy, self.job, &header.connector)?;
        } else {
            put_states(w, self.engine, self.job, false)?;
            accept_unknown(w, &self.engine.policy, self.job, &header.connector)?;
        }
        let applied = header.outcome.applied.values().sum::<u64>().saturating_sub(before);
        if applied == 0 {
            return Ok(());
        }
        let what = if self.held { "plan-applied-approved" } else { "plan-applied" };
        let detail = format!("{} run {}: {applied} applied, {} held", header.digest, header.run, header.outcome.held);
        w.add_audit(self.now, &self.engine.principal, what, &detail)?;
        Ok(())
    }
}
