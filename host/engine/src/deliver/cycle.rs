//! Org units and groups that are inside of themselves wait for a person. Once one of them is put right at its source, the
//! others go on by themselves, although nothing about them changed.

use super::reference::References;
use super::worker::Route;
use crate::error::EngineError;
use rosterd_model::outbox::{DeliveryState, Lane, OutboxEntry};
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;

/// Lanes in which an entry is parked over a cycle.
const LANES: [Lane; 3] = [Lane::OrgUnit, Lane::Reference, Lane::MembershipRemoval];

/// Why a unit or a group is not told.
pub(super) fn cycle(class: Class) -> Fault {
    let text = match class {
        Class::Group => "this group is a member of itself, over other groups; take one of them out at the source",
        _ => "this org unit is below itself; correct the parent of one of them at the source",
    };
    Fault::new(FaultKind::Invalid, text)
}

/// Lets those be looked at again whose cycle is gone.
pub(super) fn release(route: &Route) -> Result<(), EngineError> {
    let view = route.engine.store.snapshot()?;
    let mut free = Vec::new();
    for lane in LANES {
        for entry in view.outbox_lane(route.number, lane, 0)? {
            let entry = entry?;
            if !is_parked_for_it(&entry) {
                continue;
            }
            let Some(entity) = view.entity(entry.class, entry.entity)? else { continue };
            if !References::new(&view, route.delivery(), route.number, &entity).is_cyclic()? {
                free.push((entry.class, entry.entity));
            }
        }
    }
    drop(view);
    if free.is_empty() {
        return Ok(());
    }
    route.engine.store.commit::<_, EngineError>("cycle-gone", |w| {
        for (class, entity) in &free {
            w.look_again(route.number, *class, *entity)?;
        }
        Ok(())
    })
}

fn is_parked_for_it(entry: &OutboxEntry) -> bool {
    let parked = matches!(entry.state, DeliveryState::Parked { .. }) && entry.class != Class::Account;
    parked && entry.last_fault.as_ref().is_some_and(|fault| fault.message == cycle(entry.class).message)
}
