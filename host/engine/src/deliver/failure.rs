//! What was not done, into the store: when it is tried again, or that it waits for a person.

use super::look::{Failed, Looked};
use super::reference::living;
use super::request::Prepared;
use super::settle::Settling;
use crate::error::EngineError;
use rosterd_model::outbox::{DeliveryState, Doubt, Echo, Lane, OutboxEntry, Projection, ProjectionStatus};
use rosterd_model::plan::NOTHING;
use rosterd_model::rule::Defect;
use rosterd_model::{Attributes, Fault, FaultKind, Record, Timestamp, Value};
use rosterd_reconcile::normalise::json_attributes;
use rosterd_reconcile::order::lane;
use rosterd_reconcile::retry::{Asked, Failure, IfGone, Reaction, react};
use rosterd_store::Writer;
use rosterd_store::prelude::*;

/// Something was found where an object was to be made.
pub(super) fn found_before(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    found: &Looked,
) -> Result<(), EngineError> {
    match found {
        Looked::Found(record) if prepared.requests.is_empty() => {
            if take_over(settling, w, prepared, record)? {
                // Nobody wants it there: the next plan says what becomes of it.
                settling.finished(w, &prepared.entry)?;
                w.put_owed(settling.route.number, prepared.entry.class, prepared.entry.entity)?;
            }
            Ok(())
        }
        Looked::Found(record) => adopt(settling, w, prepared, record),
        Looked::Other(fault) | Looked::Failed(fault) => park(settling, w, &prepared.entry, fault),
        Looked::Nothing => settling.finished(w, &prepared.entry),
    }
}

/// An operation failed. `alone`: nothing else was sent with it.
pub(super) fn failed(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    failed: &Failed,
    alone: bool,
) -> Result<(), EngineError> {
    let (entry, fault) = (&prepared.entry, &failed.fault);
    if Defect::FailureForgotten.here() {
        return settling.finished(w, entry);
    }
    match (failed.reaction, &failed.looked) {
        (Reaction::Done, _) | (Reaction::Search(IfGone::Done), Some(Looked::Nothing)) => {
            settling.acknowledged(w, prepared, None)
        }
        (Reaction::RetryAt(at), _) => later(settling, w, prepared, failed, at),
        (Reaction::Rest(_) | Reaction::OpenBreaker | Reaction::Leave, _) => {
            tell(settling, entry, "was not delivered", fault);
            doubt(settling, w, entry, failed, false)
        }
        // Whatever ends an instance when it is sent alone is to blame itself.
        (Reaction::Discard, _) if alone => {
            let at = again(settling.now, entry);
            later(settling, w, prepared, failed, at)
        }
        (Reaction::Discard, _) => {
            tell(settling, entry, "was not delivered", fault);
            doubt(settling, w, entry, failed, true)
        }
        (Reaction::Correlate, Some(Looked::Found(record))) => adopt(settling, w, prepared, record),
        (Reaction::ReadAgain | Reaction::Search(_), Some(Looked::Found(record))) => {
            read_again(settling, w, prepared, record)
        }
        (Reaction::Recreate, _) | (Reaction::Search(IfGone::Make), Some(Looked::Nothing)) => {
            recreate(settling, w, prepared, fault)
        }
        (_, Some(Looked::Other(other))) => park(settling, w, entry, other),
        (_, Some(Looked::Failed(_))) => {
            let at = again(settling.now, entry);
            later(settling, w, prepared, failed, at)
        }
        (Reaction::Search(IfGone::Park), _) => {
            let text = "it is missing: neither its id nor what identifies it is found, so nobody knows whether it can \
                        still be used";
            park(settling, w, entry, &Fault { message: format!("{text}: {}", fault.message), ..fault.clone() })
        }
        (Reaction::Park | Reaction::Correlate | Reaction::ReadAgain | Reaction::Search(_), _) => {
            park(settling, w, entry, fault)
        }
    }
}

/// The time of a further quick try.
fn again(now: Timestamp, entry: &OutboxEntry) -> Timestamp {
    let failure = Failure {
        kind: FaultKind::Transient,
        asked: Asked::Update,
        attempts: entry.attempts + 1,
        again: false,
        since: entry.failing_since.unwrap_or(now),
        now,
        retry_after_ms: None,
        immutable_ids: false,
        may_recreate: false,
    };
    match react(&failure, entry.order) {
        Reaction::RetryAt(at) => at,
        _ => now,
    }
}

fn later(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    failed: &Failed,
    at: Timestamp,
) -> Result<(), EngineError> {
    let now = settling.now;
    tell(settling, &prepared.entry, "is sent again later", &failed.fault);
    settling.put_if_own(w, &prepared.entry, |entry| {
        entry.attempts += 1;
        // What is read again once is read again once at every try.
        entry.again = false;
        entry.doubt = entry.doubt.max(unanswered(failed.unknown));
        entry.failing_since.get_or_insert(now);
        entry.state = DeliveryState::Retry { at };
        entry.last_fault = Some(failed.fault.clone());
    })?;
    inherit(settling, w, &prepared.entry, failed)
}

/// It was not this entry's fault: it keeps its tries, and the doubt whether it was done.
fn doubt(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    entry: &OutboxEntry,
    failed: &Failed,
    trapped: bool,
) -> Result<(), EngineError> {
    settling.put_if_own(w, entry, |entry| {
        entry.doubt = entry.doubt.max(unanswered(failed.unknown || trapped));
        entry.last_fault = Some(failed.fault.clone());
    })?;
    inherit(settling, w, entry, failed)
}

/// A newer wish that took the entry's place inherits the doubt.
fn inherit(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    entry: &OutboxEntry,
    failed: &Failed,
) -> Result<(), EngineError> {
    if !failed.unknown {
        return Ok(());
    }
    let number = settling.route.number;
    let stored = w.outbox_entry(number, entry.class, entry.entity)?;
    if let Some(newer) = stored.filter(|stored| !stored.doubt.older() && stored.order != entry.order) {
        w.put_outbox(number, &OutboxEntry { doubt: entry.doubt_of_successor(), ..newer })?;
    }
    Ok(())
}

const fn unanswered(unknown: bool) -> Doubt {
    if unknown { Doubt::Attempt } else { Doubt::None }
}

/// An entry waits for a person, a new wish or another connector.
pub(super) fn park(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    entry: &OutboxEntry,
    fault: &Fault,
) -> Result<(), EngineError> {
    tell(settling, entry, "is parked", fault);
    let (at, connector) = (settling.now, settling.route.traits.digest.clone());
    settling.put_if_own(w, entry, |entry| {
        entry.attempts += 1;
        entry.failing_since.get_or_insert(at);
        entry.state = DeliveryState::Parked { at, connector };
        entry.last_fault = Some(fault.clone());
    })?;
    Ok(())
}

fn tell(settling: &mut Settling<'_>, entry: &OutboxEntry, what: &str, fault: &Fault) {
    settling.told.push(format!("{} {} {what}: {fault}", entry.class, entry.entity));
}

/// An object that is there is taken for the entity's, unless it is somebody else's; then it is brought to the wanted
/// state at once.
fn adopt(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    record: &Record,
) -> Result<(), EngineError> {
    if !take_over(settling, w, prepared, record)? {
        return Ok(());
    }
    settling.requeue(w, &prepared.entry, |entry| {
        (entry.doubt, entry.again) = (Doubt::None, true);
        entry.last_fault = None;
    })
}

/// What was found is the entity's from now on; false: it is another's, and a person must act.
fn take_over(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    record: &Record,
) -> Result<bool, EngineError> {
    let entry = &prepared.entry;
    if let Some(fault) = somebody_elses(settling, w, entry, record)? {
        park(settling, w, entry, &fault)?;
        return Ok(false);
    }
    let attributes = json_attributes(&record.attributes).unwrap_or_default();
    let projection = Projection {
        external_id: Some(record.id.clone()),
        version: record.version.clone(),
        applied: NOTHING,
        status: status(&attributes, ProjectionStatus::Present),
        attributes,
        revision: prepared.known.as_ref().map_or(1, |known| known.revision + 1),
        pending: Vec::new(),
        echo: Echo::default(),
    };
    settling.project(w, prepared, &projection)?;
    if !entry.doubt.any() {
        // No earlier try can have made it, so the password that waits for it is not its own.
        w.remove_password(settling.route.number, entry.entity)?;
    }
    if settling.pending {
        // Whoever waited for it may refer to it now.
        settling.complete(w, entry, &projection)?;
    }
    Ok(true)
}

/// Why an object that was found is not the entity's; none: nobody else has it.
fn somebody_elses(
    settling: &Settling<'_>,
    w: &Writer<'_>,
    entry: &OutboxEntry,
    record: &Record,
) -> Result<Option<Fault>, EngineError> {
    let other = w.projected(settling.route.number, entry.class, &record.id)?.filter(|other| *other != entry.entity);
    Ok(other.map(|other| {
        let text = format!("the {} that is there belongs to {other} already", entry.class);
        Fault::new(FaultKind::AlreadyExists, text).about(record.id.as_str())
    }))
}

/// What is known of an object is what was just read, and the operation is computed anew at once.
fn read_again(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    record: &Record,
) -> Result<(), EngineError> {
    let Some(known) = &prepared.known else { return adopt(settling, w, prepared, record) };
    // What is searched by a name may have become another's.
    if let Some(fault) = somebody_elses(settling, w, &prepared.entry, record)? {
        return park(settling, w, &prepared.entry, &fault);
    }
    let there = json_attributes(&record.attributes).unwrap_or_default();
    let mut projection = Projection {
        external_id: Some(record.id.clone()),
        version: record.version.clone(),
        status: status(&there, known.status),
        ..known.clone()
    };
    for (name, value) in there.iter() {
        // References are remembered in the hub's words.
        if projection.attributes.get(name).is_some_and(|ours| !refers(ours)) {
            projection.attributes.set(name, value.clone());
        }
    }
    settling.project(w, prepared, &projection)?;
    let differs = projection.attributes != known.attributes || projection.status != known.status;
    settling.requeue(w, &prepared.entry, |entry| {
        entry.again = true;
        // The stage of references tells nothing else, and what was changed there by hand is not only that.
        if differs && matches!(entry.lane, Lane::Reference | Lane::MembershipRemoval) {
            entry.lane = lane(entry.class, entry.operation, false);
        }
    })
}

/// What is gone is made again, after a look.
fn recreate(
    settling: &mut Settling<'_>,
    w: &mut Writer<'_>,
    prepared: &Prepared,
    fault: &Fault,
) -> Result<(), EngineError> {
    let Some(known) = prepared.known.as_ref().filter(|known| living(known).is_some()) else {
        return park(settling, w, &prepared.entry, fault);
    };
    let projection = Projection {
        external_id: None,
        version: None,
        applied: NOTHING,
        attributes: Attributes::new(),
        status: ProjectionStatus::Absent,
        revision: known.revision + 1,
        pending: Vec::new(),
        echo: Echo::default(),
    };
    settling.project(w, prepared, &projection)?;
    settling.requeue(w, &prepared.entry, |entry| (entry.doubt, entry.again) = (Doubt::Attempt, true))
}

/// Whether an object can be used, where it says so.
fn status(attributes: &Attributes, otherwise: ProjectionStatus) -> ProjectionStatus {
    match attributes.get("active") {
        Some(Value::Bool(true)) => ProjectionStatus::Present,
        Some(Value::Bool(false)) => ProjectionStatus::Disabled,
        _ => otherwise,
    }
}

fn refers(value: &Value) -> bool {
    match value {
        Value::Reference { .. } => true,
        Value::List(values) => values.iter().any(refers),
        _ => false,
    }
}
