//! Systems that are read and written: what came from there does not go back, what was made there is known again, and who
//! was removed there is not made there once more.

use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::outbox::{Projection, ProjectionStatus};
use rosterd_model::shadow::ShadowState;
use rosterd_model::{Class, EntityId, Rule, Text};
use rosterd_reconcile::fanout::Desired;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// Takes out of the desired state what only the destination itself says: it would be told its own words. `saying` are
/// attributes of the hub that a step of the destination's own job is about to claim.
pub(crate) fn withhold(
    view: &impl Read,
    delivery: &Delivery,
    number: Option<ConnectionNumber>,
    class: Class,
    entity: EntityId,
    saying: &[Text],
    desired: &mut Desired,
) -> Result<(), EngineError> {
    if !delivery.both_ways || !Rule::OriginNotSentBack.on() {
        return Ok(());
    }
    let claims = view.claims_of(entity)?;
    let mapping = delivery.outbound.mapping(class);
    let names: Vec<Text> = desired.attributes.iter().map(|(name, _)| name.into()).collect();
    for name in names {
        let reads = mapping.reads_of(&name);
        let says = |own: bool| {
            let of = claims.iter().filter(|(from, _)| (Some(*from) == number) == own);
            of.flat_map(|(_, set)| &set.entries).any(|entry| reads.iter().any(|read| entry.attribute == read.as_str()))
        };
        let asks = saying.iter().any(|said| reads.iter().any(|read| said == read.as_str()));
        if (says(true) || asks) && !says(false) {
            desired.attributes.remove(&name);
        }
    }
    Ok(())
}

/// What a system that is read and written knows of an entity itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum There {
    /// Nothing.
    Unknown,
    /// It shows the object.
    Shown,
    /// It removed the object, and not because the hub told it to.
    Removed,
}

/// What the destination, read as a source, says of an entity. Its job counts an object as gone that was missing from so
/// many scans.
pub(crate) fn there(
    view: &impl Read,
    number: ConnectionNumber,
    (class, entity): (Class, EntityId),
    projection: Option<&Projection>,
    confirmations: u32,
) -> Result<There, EngineError> {
    let Some(claims) = view.claims(entity, number)? else { return Ok(There::Unknown) };
    let Some(shadow) = view.shadow(number, class, claims.ordinal)? else { return Ok(There::Unknown) };
    let ours = projection.is_some_and(|known| known.status == ProjectionStatus::Deleted);
    let missing = view.missing(number, class, claims.ordinal)?;
    let gone = missing.is_some_and(|row| row.confirmations >= confirmations);
    Ok(match shadow.state {
        ShadowState::Live if !gone => There::Shown,
        _ if ours => There::Unknown,
        _ => There::Removed,
    })
}
