//! Leavers whose last day was known a day before it came: the guard counts them apart from sudden ones.

use crate::error::EngineError;
use rosterd_model::{Entity, Lifecycle, Timestamp};
use rosterd_reconcile::canonical::equal;
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;

/// A last day is announced if it was known so long before it was over.
const AHEAD_MS: u64 = 24 * 3_600_000;

/// True if the last day of an entity is over, and was known a day ahead. The zone of the day must have been known as long:
/// another zone is another end of the day.
pub(crate) fn announced(view: &Snapshot, entity: &Entity, now: Timestamp) -> Result<bool, EngineError> {
    let Lifecycle::Leaving { effective_at } = entity.lifecycle else { return Ok(false) };
    if effective_at > now {
        return Ok(false);
    }
    let Some(day) = known_since(view, entity, "endDate", now)? else { return Ok(false) };
    let zone = known_since(view, entity, "timezone", now)?.unwrap_or_default();
    Ok(effective_at.since_ms(day.max(zone)) >= AHEAD_MS)
}

/// Since when an attribute has its present value, by whoever said so first; none: nobody says it any more.
fn known_since(
    view: &Snapshot,
    entity: &Entity,
    attribute: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, EngineError> {
    let Some(value) = entity.attributes.get(attribute) else { return Ok(None) };
    let set = view.overrides_of(entity.id)?.into_iter().find(|(name, _)| name == attribute);
    if let Some((_, set)) = set.filter(|(_, set)| set.counts(now) && equal(&set.value, value)) {
        return Ok(Some(set.at));
    }
    let mut since: Option<Timestamp> = None;
    for (_, claims) in view.claims_of(entity.id)? {
        let Some(entry) = claims.get(attribute).filter(|entry| equal(&entry.value, value)) else { continue };
        // A run that is not recorded any more was long ago.
        let at = view.run(entry.since)?.map_or(Timestamp(0), |run| run.started);
        since = Some(since.map_or(at, |known| known.min(at)));
    }
    Ok(since)
}
