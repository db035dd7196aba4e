//! From an outbox entry to the requests that bring a destination to the planned state.

use crate::error::EngineError;
use crate::paths::Paths;
use crate::policy::Delivery;
use rosterd_model::outbox::{Action, DeliveryState, OutboxEntry, Projection, ProjectionStatus, Request};
use rosterd_model::plan::{AttributeChange, Part};
use rosterd_model::record::Edit;
use rosterd_model::{Attributes, Class, ConnectionId, Entity, Timestamp, Value};
use rosterd_reconcile::fanout::{Status, part};
use rosterd_reconcile::normalise::{to_json, value_to_json};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// An entry, and what is asked of the destination for it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) entry: OutboxEntry,
    pub(super) requests: Vec<Request>,
    /// What the destination shows once every request is done.
    pub(super) attributes: Attributes,
    pub(super) status: ProjectionStatus,
    pub(super) known: Option<Projection>,
}

/// True if the entry may be sent now.
pub(super) fn due(entry: &OutboxEntry, now: Timestamp) -> bool {
    match entry.state {
        DeliveryState::Waiting => true,
        DeliveryState::Retry { at } => at <= now,
        DeliveryState::Parked => false,
    }
}

/// Renders the entity as it is now. None: it is no longer what the plan fixed, and waits for the next plan.
pub(super) fn prepare(
    view: &Snapshot,
    delivery: &Delivery,
    number: ConnectionNumber,
    entry: OutboxEntry,
    paths: &mut Paths,
) -> Result<Option<Prepared>, EngineError> {
    let Some(entity) = view.entity(entry.class, entry.entity)? else { return Ok(None) };
    let extra = if delivery.wants_paths { extra(view, &entity, paths)? } else { Attributes::new() };
    let Ok(desired) = delivery.outbound.desired(&entity, &extra) else { return Ok(None) };
    let known = view.projection(number, entry.class, entry.entity)?;
    let on_leave = delivery.outbound.on_leave();
    let Some(step) = part(&delivery.destination, entry.class, &desired, known.as_ref(), on_leave) else {
        return Ok(None);
    };
    if step.after != entry.desired {
        return Ok(None);
    }
    let there = known.as_ref().filter(|p| matches!(p.status, ProjectionStatus::Present | ProjectionStatus::Disabled));
    let mut attributes = desired.attributes;
    if there.is_none() {
        for (name, value) in desired.on_create.iter() {
            attributes.set(name, value.clone());
        }
    }
    let status = match (desired.in_scope, &desired.status, step.operation) {
        (_, _, rosterd_model::plan::Operation::Delete) | (_, Status::Deleted, _) => ProjectionStatus::Deleted,
        (false, ..) | (_, Status::Disabled, _) => ProjectionStatus::Disabled,
        (true, Status::Present, _) => ProjectionStatus::Present,
    };
    let actions = actions(there, &attributes, status, &step);
    let key = key(&delivery.destination, &entry, known.as_ref());
    let count = actions.len();
    let desired = to_json(&attributes);
    let requests = actions
        .into_iter()
        .enumerate()
        .map(|(index, action)| Request {
            key: if count == 1 { key.clone() } else { format!("{key}.{}", index + 1) },
            class: entry.class,
            id: there.and_then(|projection| projection.external_id.clone()),
            action,
            desired: desired.clone(),
            known: there.map(|projection| to_json(&projection.attributes)),
            version: there.and_then(|projection| projection.version.clone()),
            attempt: entry.attempts + 1,
        })
        .collect();
    Ok(Some(Prepared { entry, requests, attributes, status, known }))
}

/// The key of an operation: the same for every attempt, another one each time the destination has acknowledged something.
fn key(destination: &ConnectionId, entry: &OutboxEntry, known: Option<&Projection>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(destination.as_str().as_bytes());
    hasher.update(&[0, entry.class.code()]);
    hasher.update(entry.entity.as_bytes());
    hasher.update(&known.map_or(0, |projection| projection.revision).to_be_bytes());
    hasher.update(&entry.desired);
    hasher.finalize().to_hex()[..32].to_owned()
}

fn actions(there: Option<&Projection>, after: &Attributes, status: ProjectionStatus, step: &Part) -> Vec<Action> {
    let Some(there) = there else {
        let mut actions = vec![Action::Create(to_json(after))];
        if status == ProjectionStatus::Disabled {
            actions.push(Action::Disable);
        }
        return actions;
    };
    if status == ProjectionStatus::Deleted {
        return vec![Action::Delete];
    }
    let mut actions = Vec::new();
    let edits: Vec<Edit> = step.changes.iter().map(edit).collect();
    if !edits.is_empty() {
        actions.push(Action::Update(edits));
    }
    match (there.status, status) {
        (ProjectionStatus::Present, ProjectionStatus::Disabled) => actions.push(Action::Disable),
        (ProjectionStatus::Disabled, ProjectionStatus::Present) => actions.push(Action::Enable),
        _ => {}
    }
    actions
}

fn edit(change: &AttributeChange) -> Edit {
    let value = change.after.as_ref().unwrap_or(&Value::Null);
    Edit {
        attribute: change.attribute.to_string(),
        replace: Some(value_to_json(value).to_string()),
        add: None,
        remove: None,
    }
}

fn extra(view: &Snapshot, entity: &Entity, paths: &mut Paths) -> Result<Attributes, EngineError> {
    // The connection whose reference is in effect knows the tree.
    for (number, claims) in view.claims_of(entity.id)? {
        let unit = (entity.class == Class::OrgUnit).then_some(&claims.external_id);
        let mine = claims.get("orgUnit").is_some_and(|entry| entity.attributes.get("orgUnit") == Some(&entry.value));
        if unit.is_some() || mine {
            return Ok(paths.extra(view, number, entity.class, unit, &entity.attributes)?);
        }
    }
    Ok(Attributes::new())
}
