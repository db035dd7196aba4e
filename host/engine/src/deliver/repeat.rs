//! Telling a destination again what it was told in a time: for whoever lost what came then.
//!
//! What goes out is the present state, as an operation with a key of its own, and nothing that happened in between. Which
//! objects are meant is read from the plans that runs of that time made or applied, and from what was parked in it.

use super::operate::afresh;
use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::outbox::{DeliveryState, Doubt, OutboxEntry, Projection, ProjectionStatus};
use rosterd_model::plan::{NOTHING, Operation, PlanHeader, Step, StepObject, Target};
use rosterd_model::{Class, EntityId, Rule, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};
use std::collections::BTreeSet;

/// Objects of one command: they are held in memory.
const MOST: usize = 200_000;
/// Entries in one transaction.
const PORTION: usize = 5_000;

/// What is to be told again.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// The destination.
    pub connection: String,
    /// From when on.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Only objects of this class.
    pub class: Option<Class>,
    /// Count, and queue nothing.
    pub dry: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repeated {
    /// Objects that are told again.
    pub queued: u64,
    /// Objects that wait to be sent anyway.
    pub waiting: u64,
    /// Objects that are not there any more, of which nothing can be told.
    pub gone: u64,
    /// Plans of that time whose steps are no longer kept.
    pub forgotten: u64,
}

type Object = (Class, EntityId);

impl Engine {
    /// Queues again whatever a destination was told of in a time. The next delivery sends it.
    ///
    /// # Errors
    /// The connection is no destination, the time is none, or more objects are meant than one command takes.
    pub fn outbox_repeat(&self, what: &Repeat) -> Result<Repeated, EngineError> {
        if what.since >= what.until {
            return Err(EngineError::Refused("the time ends before it begins; compare --since and --until".to_owned()));
        }
        let number = self.destination_number(&what.connection)?;
        let view = self.store.snapshot()?;
        let mut counts = Repeated::default();
        let objects = objects(&view, number, what, &mut counts)?;
        let mut entries = Vec::new();
        for object in objects {
            match told_again(&view, number, what, object)? {
                Again::Entry(entry) => entries.push(*entry),
                Again::Waits => counts.waiting += 1,
                Again::Gone => counts.gone += 1,
            }
        }
        drop(view);
        if what.dry {
            counts.queued = entries.len() as u64;
            return Ok(counts);
        }
        for portion in entries.chunks(PORTION) {
            counts.queued += self.queue_again(number, portion)?;
        }
        let Repeat { connection, since, until, .. } = what;
        let class = what.class.map_or("everything", |class| class.as_str());
        let detail = format!("{connection} {class} {}..{}: {}", since.0, until.0, counts.queued);
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("outbox-replay", |w| {
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, "outbox-replay", &detail)?;
            Ok(())
        })?;
        Ok(counts)
    }

    /// What was answered, changed or queued meanwhile is left alone.
    fn queue_again(&self, number: ConnectionNumber, entries: &[OutboxEntry]) -> Result<u64, EngineError> {
        self.store.commit::<_, EngineError>("outbox-replay", |w| {
            let mut count = 0;
            for entry in entries {
                let stored = w.outbox_entry(number, entry.class, entry.entity)?;
                let mut entry = entry.clone();
                match stored {
                    Some(stored) if stored.order != entry.order => continue,
                    Some(_) => {}
                    None => {
                        let known = w.projection(number, entry.class, entry.entity)?;
                        if entry.order != 0 || known.is_none_or(|known| known.applied != entry.desired) {
                            continue;
                        }
                        entry.order = w.next_order()?;
                    }
                }
                w.put_outbox(number, &entry)?;
                count += 1;
            }
            Ok(count)
        })
    }
}

/// What is told of one object.
enum Again {
    Entry(Box<OutboxEntry>),
    Waits,
    Gone,
}

fn told_again(
    view: &Snapshot,
    number: ConnectionNumber,
    what: &Repeat,
    (class, entity): Object,
) -> Result<Again, EngineError> {
    if let Some(entry) = view.outbox_entry(number, class, entity)? {
        return Ok(match entry.state {
            DeliveryState::Parked { .. } => Again::Entry(Box::new(afresh(entry))),
            _ => Again::Waits,
        });
    }
    let known = view.projection(number, class, entity)?;
    let Some(known) = known.filter(|known| known.status.is_living() && known.applied != NOTHING) else {
        return Ok(Again::Gone);
    };
    let plan = view.last_number(rosterd_store::Counter::Plan)?;
    let connection =
        what.connection.parse().map_err(|_| EngineError::NotFound(format!("there is no {}", what.connection)))?;
    let entry = OutboxEntry::new(connection, (class, entity), operation(&known), known.applied, 0, plan);
    // As if nobody knew whether it was done: what is acknowledged is stated once more.
    let doubt = if Rule::ToldAgain.on() { Doubt::Attempt } else { Doubt::None };
    Ok(Again::Entry(Box::new(OutboxEntry { doubt, ..entry })))
}

const fn operation(known: &Projection) -> Operation {
    match known.status {
        ProjectionStatus::Disabled => Operation::Disable,
        _ => Operation::Update,
    }
}

/// The objects of which a destination was told in a time, or was to be told when they were parked.
fn objects(
    view: &Snapshot,
    number: ConnectionNumber,
    what: &Repeat,
    counts: &mut Repeated,
) -> Result<BTreeSet<Object>, EngineError> {
    let (mut objects, mut plans) = (BTreeSet::new(), BTreeSet::new());
    for run in view.runs()? {
        let run = run?;
        let within = run.started <= what.until && run.ended.is_none_or(|ended| ended >= what.since);
        let Some(digest) = run.plan.filter(|_| within) else { continue };
        let Some(header) = view.plan_of_digest(digest)?.filter(|header| tells(header, what)) else { continue };
        if plans.insert(header.number) {
            let before = objects.len();
            let mut any = false;
            for row in view.steps(header.number)? {
                any = true;
                let step = row?.step;
                let told =
                    |target: &Target| matches!(target, Target::Destination(to) if to.as_str() == what.connection);
                if what.class.is_some_and(|class| class != step.class) || !step.parts.iter().any(|p| told(&p.target)) {
                    continue;
                }
                objects.extend(entity_of(view, &step)?.map(|entity| (step.class, entity)));
                bounded(&objects)?;
            }
            counts.forgotten += u64::from(!any && objects.len() == before);
        }
    }
    for entry in view.outbox(number)? {
        let entry = entry?;
        let parked = matches!(entry.state, DeliveryState::Parked { at, .. } if at >= what.since && at <= what.until);
        if parked && what.class.is_none_or(|class| class == entry.class) {
            objects.insert((entry.class, entry.entity));
            bounded(&objects)?;
        }
    }
    Ok(objects)
}

/// True if a plan has anything for the destination.
fn tells(header: &PlanHeader, what: &Repeat) -> bool {
    let about = |target: &Target| matches!(target, Target::Destination(to) if to.as_str() == what.connection);
    header.counts.iter().any(|(bucket, count)| *count > 0 && about(&bucket.target))
}

fn bounded(objects: &BTreeSet<Object>) -> Result<(), EngineError> {
    if objects.len() <= MOST {
        return Ok(());
    }
    Err(EngineError::Refused(format!(
        "more than {MOST} objects were told in that time; choose a shorter one, or one --class after the other"
    )))
}

/// The entity that a step is about, also if the step made it.
fn entity_of(view: &Snapshot, step: &Step) -> Result<Option<EntityId>, EngineError> {
    Ok(match &step.object {
        StepObject::Entity(id) => Some(*id),
        StepObject::New { connection, id } if connection.is_hub() => view.group_rule(id.as_str())?.entity,
        StepObject::New { connection, id } => match view.connection_number(connection)? {
            Some(number) => view.meant(number, step.class, id)?,
            None => None,
        },
    })
}
