//! Who is back: the same person gets the same accounts again, unless it may be somebody else who was given his id.

use super::Planner;
use crate::error::EngineError;
use crate::policy::{JobClass, Policy};
use rosterd_model::claim::LinkMaker;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, ClaimSet, Class, ConnectionId, Entity, Lifecycle, Rule};
use rosterd_reconcile::returning::{Return, judge};
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;

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

    /// True if the job's source, with the record of this ordinal, decides about joining and leaving of an entity that these
    /// others know, too.
    pub(super) fn decides_lifecycle(
        &self,
        record: (Class, u32),
        others: &[(ConnectionId, ClaimSet)],
    ) -> Result<bool, EngineError> {
        decides_lifecycle(&self.view, self.policy, &self.job.source, record, others)
    }
}

/// True if a source decides about joining and leaving of an entity that these others know, too: no other stands before it in
/// the order of the lifecycle. A system that has somebody only because he was made there by us knows nothing of him.
pub(crate) fn decides_lifecycle(
    view: &Snapshot,
    policy: &Policy,
    source: &ConnectionId,
    (class, ordinal): (Class, u32),
    others: &[(ConnectionId, ClaimSet)],
) -> Result<bool, EngineError> {
    // A group that follows a rule is there as long as the hub says so.
    if Rule::GroupIsOurs.on() && others.iter().any(|(connection, _)| connection.is_hub()) {
        return Ok(false);
    }
    if !Rule::LifecycleAuthority.on() {
        return Ok(true);
    }
    let knows = |connection: &ConnectionId, ordinal: u32| {
        if !policy.is_both_ways(connection) || !Rule::EchoIsNoEmployment.on() {
            return Ok::<_, EngineError>(true);
        }
        let Some(number) = view.connection_number(connection)? else { return Ok(true) };
        let link = view.link(number, class, ordinal)?;
        Ok(link.is_none_or(|link| link.maker != LinkMaker::Delivery))
    };
    let rank = |connection: &ConnectionId| policy.authority.rank("lifecycle", connection);
    let (first, mut alone) = (rank(source), true);
    for (connection, claims) in others {
        if knows(connection, claims.ordinal)? {
            if rank(connection) < first {
                return Ok(false);
            }
            alone = false;
        }
    }
    Ok(alone || knows(source, ordinal)?)
}
