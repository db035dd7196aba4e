//! Objects that are gone: by the word of their source, or because they were missing for long enough.

use super::{Planner, lifecycle};
use crate::error::EngineError;
use rosterd_model::claim::Link;
use rosterd_model::plan::{Reason, StepObject};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::record::DepartureCause;
use rosterd_model::shadow::Shadow;
use rosterd_model::{ConnectionId, Entity, EntityId, Lifecycle};
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// The source said that the object is gone.
    pub(super) fn departed(
        &mut self,
        ordinal: u32,
        shadow: &Shadow,
        link: &Link,
        cause: DepartureCause,
    ) -> Result<bool, EngineError> {
        if cause != DepartureCause::Deleted {
            let message = format!(
                "{} \"{}\" left what this connection may see; that is never taken for a delete",
                shadow.class, shadow.id
            );
            self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, vec![link.entity])?;
            return Ok(false);
        }
        self.leave(ordinal, shadow, link.entity, Reason::Deleted)
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
        if !self.leaves_by_us(&entity)? {
            self.settled.push((shadow.class, ordinal, shadow.seq));
            return Ok(true);
        }
        let after = Entity { lifecycle: lifecycle::left(), ..entity.clone() };
        self.step(part, ordinal, shadow, StepObject::Entity(id), Some(&entity), &after, Some(Vec::new()), reason)
    }

    /// True if this source decides about leaving, and the entity has not left already.
    fn leaves_by_us(&self, entity: &Entity) -> Result<bool, EngineError> {
        if matches!(entity.lifecycle, Lifecycle::Disabled { .. } | Lifecycle::Deleted { .. }) {
            return Ok(false);
        }
        // The first connection of the lifecycle's authority that knows the person decides; nobody else.
        let (_, others) = self.claims(entity.id)?;
        let rank = |connection: &ConnectionId| self.policy.authority.rank("lifecycle", connection);
        let mine = rank(&self.job.source);
        Ok(others.iter().all(|(connection, _)| mine <= rank(connection)))
    }
}
