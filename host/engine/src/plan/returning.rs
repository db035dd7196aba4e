//! Who is back: the same person gets the same accounts again, unless it may be somebody else who was given his id.

use super::Planner;
use crate::error::EngineError;
use crate::policy::JobClass;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, ClaimSet, ConnectionId, Entity, Lifecycle, Rule};
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::returning::{Return, judge};

impl Planner<'_> {
    /// False: somebody who left would be back, and a person must say that it is him; the record was set aside.
    pub(super) fn may_return(
        &mut self,
        part: &JobClass,
        entity: &Entity,
        after: &Attributes,
        wanted: &Lifecycle,
        shadow: &Shadow,
    ) -> Result<bool, EngineError> {
        if !wanted.is_active() {
            return Ok(true);
        }
        match judge(entity, after, self.now, &part.returning) {
            Return::Welcome => Ok(true),
            Return::Held(message) => {
                let reason = QuarantineReason::Returning;
                self.quarantine(shadow.class, &shadow.id, reason, message, vec![entity.id])?;
                Ok(false)
            }
        }
    }

    /// True if the job's source decides about joining and leaving of an entity that these others know, too: no other
    /// stands before it in the order of the lifecycle.
    pub(super) fn decides_lifecycle(&self, others: &[(ConnectionId, ClaimSet)]) -> bool {
        decides_lifecycle(&self.policy.authority, &self.job.source, others.iter().map(|(connection, _)| connection))
    }
}

/// True if a source decides about joining and leaving of an entity that these others know, too.
pub(crate) fn decides_lifecycle<'a>(
    authority: &Authority,
    source: &ConnectionId,
    mut others: impl Iterator<Item = &'a ConnectionId>,
) -> bool {
    let rank = |connection: &ConnectionId| authority.rank("lifecycle", connection);
    let mine = rank(source);
    !Rule::LifecycleAuthority.on() || others.all(|connection| mine <= rank(connection))
}
