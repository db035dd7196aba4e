//! Who is back: the same person gets the same accounts again, unless it may be somebody else who was given his id.

use super::Planner;
use crate::error::EngineError;
use crate::policy::{JobClass, Policy};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, ClaimSet, ConnectionId, Entity, Lifecycle, Rule};
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

    /// True if the job's source decides about joining and leaving of an entity that these others know, too; `says` if it claims
    /// anything itself.
    pub(super) fn decides_lifecycle(&self, says: bool, others: &[(ConnectionId, ClaimSet)]) -> bool {
        decides_lifecycle(self.policy, &self.job.source, says, others)
    }
}

/// True if a source decides about joining and leaving of an entity that these others know, too: no other stands before it in
/// the order of the lifecycle. A system that has somebody only because he was made there by us knows nothing of him.
pub(crate) fn decides_lifecycle(
    policy: &Policy,
    source: &ConnectionId,
    says: bool,
    others: &[(ConnectionId, ClaimSet)],
) -> bool {
    if !Rule::LifecycleAuthority.on() {
        return true;
    }
    let knows = |connection: &ConnectionId, says: bool| {
        says || !policy.is_both_ways(connection) || !Rule::EchoIsNoEmployment.on()
    };
    let others: Vec<_> =
        others.iter().filter(|(connection, claims)| knows(connection, says_anything(claims))).collect();
    let rank = |connection: &ConnectionId| policy.authority.rank("lifecycle", connection);
    let first = rank(source);
    (others.is_empty() || knows(source, says)) && others.iter().all(|(connection, _)| first <= rank(connection))
}

/// True if a connection claims anything.
pub(crate) fn says_anything(claims: &ClaimSet) -> bool {
    !claims.entries.is_empty()
}
