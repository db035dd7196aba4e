//! From an outbox entry to the requests that bring a destination to the planned state.
//!
//! An entry goes through up to three stages, each in a lane of its own: the object itself, what it refers to, and members
//! that are no longer. What is asked is computed when it is sent: the present entity, against what the destination
//! acknowledged.

use super::occupied::Occupied;
use super::reference::References;
use super::ring::cycle;
use super::stage::{self, Stage};
use super::worker::Route;
use crate::error::EngineError;
use crate::members::{Members, Turned};
use crate::origin::withhold;
use crate::paths::Paths;
use crate::policy::Delivery;
use rosterd_model::outbox::{Action, Doubt, Lane, OutboxEntry, Projection, ProjectionStatus, Request};
use rosterd_model::plan::{AttributeChange, Operation, Part, Target};
use rosterd_model::record::Edit;
use rosterd_model::{
    Attributes, Class, ConnectionId, Entity, EntityId, Fault, FaultKind, Rule, Text, Timestamp, Value,
};
use rosterd_reconcile::fanout::{Desired, Status, is_planned, part};
use rosterd_reconcile::normalise::{to_json, value_to_json};
use rosterd_reconcile::protect::Protect;
use rosterd_reconcile::retry::Asked;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, MissingReference, Snapshot};

/// An entry, and what is asked of the destination for it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) entry: OutboxEntry,
    /// None: there is nothing to ask at this stage.
    pub(super) requests: Vec<Request>,
    /// What is asked, for the reaction to a failure.
    pub(super) asked: Asked,
    /// What the destination shows once every request is done, in the hub's words.
    pub(super) attributes: Attributes,
    /// The same in the destination's words; for whoever reads it back.
    pub(super) shown: Attributes,
    pub(super) status: ProjectionStatus,
    pub(super) known: Option<Projection>,
    /// The lane of the next stage.
    pub(super) next: Option<Lane>,
    /// Attributes that can not be complete yet, and what is missing for them.
    pub(super) pending: Vec<Text>,
    pub(super) missing: Vec<MissingReference>,
    /// True: it may be there already, and is looked up before it is made.
    pub(super) look_up: bool,
}

/// What is to be done about an entry.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is sent.
    Send(Box<Prepared>),
    /// It is no longer what a plan fixed, and waits for the next plan.
    Stale,
    /// The destination shows it already.
    Done(OutboxEntry),
    /// It waits for other objects.
    Block(OutboxEntry, Vec<(Class, EntityId)>, Fault),
    /// It waits for a person.
    Park(OutboxEntry, Fault),
}

/// Whom an entry waits for, and why.
type Waits = (Vec<(Class, EntityId)>, Fault);

/// Computes requests over one view of the store.
pub(super) struct Preparer<'a> {
    pub(super) view: &'a Snapshot,
    pub(super) delivery: &'a Delivery,
    pub(super) number: ConnectionNumber,
    protect: &'a Protect,
    now: Timestamp,
    paths: Paths,
    occupied: Option<Occupied>,
}

impl<'a> Preparer<'a> {
    pub(super) fn new(route: &'a Route, view: &'a Snapshot, now: Timestamp) -> Self {
        let (delivery, protect) = (route.delivery(), &route.engine.policy.protect);
        Self { view, delivery, number: route.number, protect, now, paths: Paths::default(), occupied: None }
    }

    /// Computes what an entry comes to now.
    pub(super) fn prepare(&mut self, entry: OutboxEntry) -> Result<Verdict, EngineError> {
        let Some(entity) = self.view.entity(entry.class, entry.entity)? else { return Ok(Verdict::Done(entry)) };
        let Some(mut desired) = self.desired(&entity)? else { return Ok(Verdict::Stale) };
        // A delete at the end of the grace is sent only while the grace is over: who came back meanwhile is not deleted.
        let leave = self.delivery.outbound.leave();
        desired.delete_due = entry.operation == Operation::Delete && leave.delete_due(&entity.lifecycle, self.now);
        let known = self.view.projection(self.number, entry.class, entry.entity)?;
        let on_leave = self.delivery.outbound.on_leave();
        let there = known.as_ref().filter(|known| known.status.is_living());
        let step = part(&self.delivery.destination, entry.class, &desired, known.as_ref(), on_leave);
        let step = match (step, there) {
            // What an older wish changed there, and nobody answered, is stated, too.
            (Some(step), Some(there)) if doubtful(&entry, &step) => Part { changes: all(&desired, there), ..step },
            (Some(step), _) => step,
            // What was sent and not answered may be there: the acknowledged state is stated once more.
            (None, Some(there)) if entry.doubt.any() || !Rule::LevelTriggered.on() => again(&desired, there, &entry),
            (None, Some(there)) if !there.pending.is_empty() => nothing(there, &entry),
            (None, None) if entry.doubt.any() && entry.operation != Operation::Delete => {
                return self.withdrawn(entry, &entity, &desired, known);
            }
            (None, _) => return Ok(Verdict::Done(entry)),
        };
        let planned = step.after == entry.desired
            || (step.operation != Operation::Delete && is_planned(&desired, &entry.desired));
        if !planned && Rule::OnlyPlanned.on() {
            return Ok(Verdict::Stale);
        }
        let (view, delivery, number) = (self.view, self.delivery, self.number);
        let mut references = References::new(view, delivery, number, &entity);
        let stage = match (entry.lane, there) {
            (Lane::Reference | Lane::MembershipRemoval, Some(there)) => {
                if entry.class == Class::Group && Rule::CyclesQuarantined.on() && references.is_cyclic()? {
                    return Ok(Verdict::Park(entry, cycle(Class::Group)));
                }
                stage::late(&mut references, there, &desired, (entry.lane, stated(&entry)))?
            }
            _ => {
                if let Some((on, because)) = self.waits_for(&entry, &entity, &desired, &step, known.as_ref())? {
                    return Ok(match on.as_slice() {
                        [] => Verdict::Park(entry, because),
                        _ => Verdict::Block(entry, on, because),
                    });
                }
                stage::main(&mut references, there, &desired, (&step, stated(&entry)))?
            }
        };
        if !stage.blocked.is_empty() && Rule::ParentsFirst.on() {
            if entry.class == Class::OrgUnit && references.is_cyclic()? && Rule::CyclesQuarantined.on() {
                return Ok(Verdict::Park(entry, cycle(Class::OrgUnit)));
            }
            let on = stage.blocked.into_iter().map(|unit| (Class::OrgUnit, unit)).collect();
            let because = Fault::new(FaultKind::NotFound, "the org unit that it belongs to is not there yet");
            return Ok(Verdict::Block(entry, on, because));
        }
        let status = status(&desired, &step);
        self.requests(entry, stage, &mut references, known, status, &step).map(|ready| Verdict::Send(Box::new(ready)))
    }

    /// What the destination should hold of an entity; none: no rule says so.
    pub(super) fn desired(&mut self, entity: &Entity) -> Result<Option<Desired>, EngineError> {
        let extra = if self.delivery.wants_paths {
            self.paths.extra(self.view, entity.class, Some(entity.id), &entity.attributes, None)?
        } else {
            Attributes::new()
        };
        let Ok(mut desired) = self.delivery.outbound.desired_at(entity, &extra, self.now) else { return Ok(None) };
        withhold(self.view, self.delivery, Some(self.number), entity.class, entity.id, &[], &mut desired)?;
        if entity.class == Class::Group {
            let known = self.view.projection(self.number, entity.class, entity.id)?;
            let (view, protect, delivery) = (self.view, self.protect, self.delivery);
            let (group, turned) = (Some(entity.id), &Turned::new());
            let members = Members { view, protect, delivery, group, connection: self.number, turned };
            members.correct(known.as_ref(), &mut desired)?;
        }
        Ok(Some(desired))
    }

    /// An object that may have been made, and is not wanted any more: it is looked for, and whatever is found is the hub's to
    /// disable. Without a value to look for it by, a person must look.
    fn withdrawn(
        &self,
        entry: OutboxEntry,
        entity: &Entity,
        desired: &Desired,
        known: Option<Projection>,
    ) -> Result<Verdict, EngineError> {
        if !Rule::WithdrawnLookedFor.on() || !Rule::LookBeforeCreate.on() {
            return Ok(Verdict::Stale);
        }
        let mut references = References::new(self.view, self.delivery, self.number, entity);
        let shown = references.translate_all(&desired.attributes)?.into_owned();
        let matching = self.delivery.matching(entry.class);
        if !matching.iter().any(|attribute| shown.get(attribute).is_some_and(|value| !value.is_empty())) {
            let text = "it may have been made there before it was not wanted any more, and nothing says how to look for it; \
                        look there, disable or remove it, then `rosterd outbox drop`";
            return Ok(Verdict::Park(entry, Fault::new(FaultKind::Conflict, text)));
        }
        Ok(Verdict::Send(Box::new(Prepared {
            entry,
            requests: Vec::new(),
            asked: Asked::Create,
            attributes: Attributes::new(),
            shown,
            status: ProjectionStatus::Present,
            known,
            next: None,
            pending: Vec::new(),
            missing: Vec::new(),
            look_up: true,
        })))
    }

    /// What must happen first, apart from references; nothing in the list: a person must act.
    fn waits_for(
        &mut self,
        entry: &OutboxEntry,
        entity: &Entity,
        desired: &Desired,
        step: &Part,
        known: Option<&Projection>,
    ) -> Result<Option<Waits>, EngineError> {
        if step.operation == Operation::Delete {
            if entry.class != Class::OrgUnit || !Rule::ParentsFirst.on() {
                return Ok(None);
            }
            let occupied = match self.occupied.take() {
                Some(occupied) => occupied,
                None => Occupied::read(self.view, self.number)?,
            };
            let inside = occupied.inside(self.view, entry.entity);
            self.occupied = Some(occupied);
            let inside = inside?;
            let text = "somebody or something is still inside of this org unit; move it first";
            return Ok((!inside.is_empty()).then(|| (inside, Fault::new(FaultKind::Conflict, text))));
        }
        if Rule::UniqueHandOver.on() && !self.delivery.matching(entry.class).is_empty() {
            return self.hand_over(entity, desired, known);
        }
        Ok(None)
    }

    fn requests(
        &self,
        entry: OutboxEntry,
        stage: Stage,
        references: &mut References<'_>,
        known: Option<Projection>,
        status: ProjectionStatus,
        step: &Part,
    ) -> Result<Prepared, EngineError> {
        let there = known.as_ref().filter(|known| known.status.is_living());
        let status = if stage.is_late { there.map_or(status, |there| there.status) } else { status };
        let shown = references.translate_all(&stage.attributes)?.into_owned();
        let asked = asked(there, status, stage.is_late, step.operation);
        // Where enabling or disabling was not answered, nobody knows whether the account can be used there.
        let of_use = matches!(entry.operation, Operation::Enable | Operation::Disable);
        let doubted = (entry.doubt.any() && of_use) || (entry.doubt == Doubt::OlderUse && Rule::OlderIsStated.on());
        let doubted = doubted && !stage.is_late && Rule::LevelTriggered.on();
        let mut actions = actions(there, &stage, (status, doubted), &shown);
        let again = there.is_some_and(|there| disables(there.status, &entry)) && status == ProjectionStatus::Disabled;
        if again && !doubted && !stage.is_late {
            actions.push(Action::Disable);
        }
        let key = key(&self.delivery.destination, &entry, known.as_ref());
        let desired = if actions.is_empty() { String::new() } else { to_json(&shown) };
        let before = match there {
            Some(there) if !actions.is_empty() => Some(to_json(references.translate_all(&there.attributes)?.as_ref())),
            _ => None,
        };
        let count = actions.len();
        let look = entry.doubt.any() && Rule::LookBeforeCreate.on();
        let attempt = if Rule::LookBeforeCreate.on() { (entry.attempts + 1).max(1 + u32::from(look)) } else { 1 };
        let requests = actions
            .into_iter()
            .enumerate()
            .map(|(index, action)| Request {
                key: if count == 1 { key.clone() } else { format!("{key}.{}", index + 1) },
                entity: Some(entry.entity),
                class: entry.class,
                id: there.and_then(|there| there.external_id.clone()),
                action,
                desired: desired.clone(),
                known: before.clone(),
                version: there.and_then(|there| there.version.clone()),
                attempt,
            })
            .collect();
        // Who was deleted there and is back may have been made again by hand.
        let returns = known.as_ref().is_some_and(|known| known.status == ProjectionStatus::Deleted);
        let returns = returns && Rule::ReturnFindsOrCreates.on();
        let look_up = (look || returns) && there.is_none() && !self.delivery.matching(entry.class).is_empty();
        let Stage { attributes, next, pending, missing, .. } = stage;
        Ok(Prepared { entry, requests, asked, attributes, shown, status, known, next, pending, missing, look_up })
    }
}

/// The step that states once more what is acknowledged.
fn again(desired: &Desired, there: &Projection, entry: &OutboxEntry) -> Part {
    // Who is disabled there is disabled once more, where that was asked for.
    let operation = if disables(there.status, entry) { Operation::Disable } else { Operation::Update };
    Part { changes: all(desired, there), operation, ..nothing(there, entry) }
}

/// Every attribute that the destination should hold, but those that are left alone.
fn all(desired: &Desired, there: &Projection) -> Vec<AttributeChange> {
    let held = |name: &str| there.attributes.get(name).is_some_and(|value| !value.is_empty());
    let yields = |name: &str| held(name) && desired.weak.iter().any(|weak| weak == name) && Rule::StrengthWeak.on();
    let all = desired.attributes.iter().filter(|(name, _)| !there.is_frozen(name) && !yields(name));
    let change = |(name, value): (&str, &Value)| AttributeChange {
        attribute: name.into(),
        before: there.attributes.get(name).cloned(),
        after: Some(value.clone()),
    };
    all.map(change).collect()
}

/// True if the whole state is stated, because nobody knows what an older wish changed.
fn stated(entry: &OutboxEntry) -> bool {
    entry.doubt.older() && Rule::LevelTriggered.on() && Rule::OlderIsStated.on()
}

fn doubtful(entry: &OutboxEntry, step: &Part) -> bool {
    stated(entry) && step.operation != Operation::Delete
}

fn disables(status: ProjectionStatus, entry: &OutboxEntry) -> bool {
    entry.doubt.any() && entry.operation == Operation::Disable && status == ProjectionStatus::Disabled
}

/// A step that changes nothing.
fn nothing(there: &Projection, entry: &OutboxEntry) -> Part {
    Part {
        target: Target::Destination(entry.destination.clone()),
        operation: Operation::Update,
        before: there.applied,
        after: entry.desired,
        changes: Vec::new(),
        lifecycle: None,
    }
}

fn status(desired: &Desired, step: &Part) -> ProjectionStatus {
    match (desired.in_scope, &desired.status, step.operation) {
        (_, _, Operation::Delete) | (_, Status::Deleted, _) => ProjectionStatus::Deleted,
        (false, ..) | (_, Status::Disabled, _) => ProjectionStatus::Disabled,
        (true, Status::Present, _) => ProjectionStatus::Present,
    }
}

const fn asked(there: Option<&Projection>, status: ProjectionStatus, late: bool, operation: Operation) -> Asked {
    match (there, status) {
        (None, _) => Asked::Create,
        _ if late => Asked::Update,
        (Some(_), ProjectionStatus::Deleted) => Asked::Delete,
        (Some(there), ProjectionStatus::Disabled) if matches!(there.status, ProjectionStatus::Present) => {
            Asked::Disable
        }
        _ if matches!(operation, Operation::Disable) => Asked::Disable,
        (Some(there), ProjectionStatus::Present) if matches!(there.status, ProjectionStatus::Disabled) => Asked::Enable,
        _ => Asked::Update,
    }
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

fn actions(
    there: Option<&Projection>,
    stage: &Stage,
    (status, doubted): (ProjectionStatus, bool),
    shown: &Attributes,
) -> Vec<Action> {
    let Some(there) = there else {
        let mut actions = vec![Action::Create(to_json(shown))];
        if status == ProjectionStatus::Disabled {
            actions.push(Action::Disable);
        }
        return actions;
    };
    if status == ProjectionStatus::Deleted {
        return vec![Action::Delete];
    }
    let mut actions = Vec::new();
    if !stage.edits.is_empty() {
        actions.push(Action::Update(stage.edits.clone()));
    }
    match (there.status, status) {
        (ProjectionStatus::Present, ProjectionStatus::Disabled) => actions.push(Action::Disable),
        (ProjectionStatus::Disabled, ProjectionStatus::Present) => actions.push(Action::Enable),
        (ProjectionStatus::Present, _) if doubted => actions.push(Action::Enable),
        (ProjectionStatus::Disabled, _) if doubted => actions.push(Action::Disable),
        _ => {}
    }
    actions
}

/// An edit that puts a value in the place of another.
pub(super) fn replace(attribute: &str, value: &Value) -> Edit {
    let replace = Some(value_to_json(value).to_string());
    Edit { attribute: attribute.to_owned(), replace, add: None, remove: None }
}
