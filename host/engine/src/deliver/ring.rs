//! Rings wait for a person: org units and groups that are inside of themselves, and objects that are to exchange a value
//! that no two may have. Once one of a ring is put right at its source, the others go on by themselves, although nothing
//! about them changed.

use super::reference::References;
use super::request::Preparer;
use super::worker::Route;
use crate::error::EngineError;
use rosterd_model::outbox::{DeliveryState, Lane, OutboxEntry};
use rosterd_model::{Class, Fault, FaultKind, Timestamp};
use rosterd_store::prelude::*;

/// Lanes in which an entry is parked over a ring.
const LANES: [Lane; 5] = [Lane::OrgUnit, Lane::Group, Lane::Account, Lane::Reference, Lane::MembershipRemoval];
/// How the sentence about an exchange ends.
const EXCHANGE: &str = "change places; give one of them another value first, or drop the entry";

/// Why a unit or a group is not told that is inside of itself.
pub(super) fn cycle(class: Class) -> Fault {
    let text = match class {
        Class::Group => "this group is a member of itself, over other groups; take one of them out at the source",
        _ => "this org unit is below itself; correct the parent of one of them at the source",
    };
    Fault::new(FaultKind::Invalid, text)
}

/// Why an object is not told whose value and that of another are to change places.
pub(super) fn exchange(class: Class, attribute: &str) -> Fault {
    Fault::new(FaultKind::AlreadyExists, format!("its {attribute} and that of another {class} {EXCHANGE}"))
}

/// Lets those be looked at again whose ring is gone.
pub(super) fn release(route: &Route, now: Timestamp) -> Result<(), EngineError> {
    let view = route.engine.store.snapshot()?;
    let mut preparer = Preparer::new(route, &view, now);
    let mut free = Vec::new();
    for lane in LANES {
        for entry in view.outbox_lane(route.number, lane, 0)? {
            let entry = entry?;
            if is_over(&mut preparer, &entry)? {
                free.push((entry.class, entry.entity));
            }
        }
    }
    if free.is_empty() {
        return Ok(());
    }
    route.engine.store.commit::<_, EngineError>("ring-gone", |w| {
        for (class, entity) in &free {
            w.look_again(route.number, *class, *entity)?;
        }
        Ok(())
    })
}

/// True if the entry is parked over a ring that there is no longer.
fn is_over(preparer: &mut Preparer<'_>, entry: &OutboxEntry) -> Result<bool, EngineError> {
    let (DeliveryState::Parked { .. }, Some(fault)) = (&entry.state, &entry.last_fault) else { return Ok(false) };
    let cyclic = entry.class != Class::Account && fault.message == cycle(entry.class).message;
    if !cyclic && !fault.message.ends_with(EXCHANGE) {
        return Ok(false);
    }
    let view = preparer.view;
    let Some(entity) = view.entity(entry.class, entry.entity)? else { return Ok(false) };
    if cyclic {
        return Ok(!References::new(view, preparer.delivery, preparer.number, &entity).is_cyclic()?);
    }
    let Some(desired) = preparer.desired(&entity)? else { return Ok(false) };
    let known = view.projection(preparer.number, entry.class, entry.entity)?;
    let waits = preparer.hand_over(&entity, &desired, known.as_ref())?;
    Ok(waits.is_none_or(|(on, _)| !on.is_empty()))
}
