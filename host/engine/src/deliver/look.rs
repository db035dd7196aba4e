//! Looking at a destination: before an object is made that may be there, and after an operation failed because
//! something was not as expected.

use super::request::Prepared;
use super::worker::Route;
use rosterd_model::outbox::Receipt;
use rosterd_model::port::Destination;
use rosterd_model::{Attributes, Fault, FaultKind, Record, Timestamp};
use rosterd_reconcile::canonical::equal;
use rosterd_reconcile::normalise::json_attributes;
use rosterd_reconcile::normalise::value::match_key;
use rosterd_reconcile::retry::{Asked, Failure, Reaction, react};

/// What a look showed.
#[derive(Debug)]
pub(super) enum Looked {
    /// One object that fits.
    Found(Record),
    /// No object.
    Nothing,
    /// Something that is not ours to take, as a sentence.
    Other(Fault),
    /// It could not be looked.
    Failed(Fault),
}

/// An operation that was not done.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) fault: Fault,
    /// True: it may have been done all the same.
    pub(super) unknown: bool,
    pub(super) reaction: Reaction,
    pub(super) looked: Option<Looked>,
}

/// What came of an entry.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) prepared: Prepared,
    pub(super) receipts: Vec<Receipt>,
    /// None: done.
    pub(super) failed: Option<Failed>,
    /// Found before it was made.
    pub(super) found: Option<Looked>,
}

/// Looks for an object by the attributes that identify it, best first.
pub(super) async fn search(route: &Route, destination: &mut dyn Destination, prepared: &Prepared) -> Looked {
    let class = prepared.entry.class;
    for attribute in route.delivery().matching(class) {
        let Some(value) = prepared.shown.get(attribute).filter(|value| !value.is_empty()) else { continue };
        match destination.find(class, attribute.clone(), value.to_text().to_string()).await {
            Ok(mut found) => match (found.len(), found.pop()) {
                (0, _) | (_, None) => {}
                (1, Some(record)) => return Looked::Found(record),
                (several, _) => {
                    let text = format!(
                        "{several} objects have its {attribute}; merge them there, then `rosterd outbox retry`"
                    );
                    return Looked::Other(Fault::new(FaultKind::AlreadyExists, text));
                }
            },
            Err(fault) if fault.kind == FaultKind::Unsupported => {}
            Err(fault) => return Looked::Failed(fault),
        }
    }
    Looked::Nothing
}

/// Decides what follows from the answers to an entry, and looks where that depends on what is there.
pub(super) async fn judge(
    route: &Route,
    destination: &mut dyn Destination,
    now: Timestamp,
    prepared: Prepared,
    receipts: Vec<Receipt>,
) -> Answered {
    let first = receipts.iter().find_map(|receipt| match receipt {
        Receipt::Failed(fault) => Some((fault.clone(), false, true)),
        Receipt::Unknown(fault) => Some((fault.clone(), true, true)),
        Receipt::NotAttempted(fault) => Some((fault.clone(), false, false)),
        Receipt::Applied(_) | Receipt::Unchanged(_) => None,
    });
    let Some((fault, unknown, tried)) = first else {
        return Answered { prepared, receipts, failed: None, found: None };
    };
    let entry = &prepared.entry;
    let failure = Failure {
        kind: fault.kind,
        asked: prepared.asked,
        attempts: entry.attempts + 1,
        again: entry.again,
        since: entry.failing_since.unwrap_or(now),
        now,
        retry_after_ms: fault.retry_after_ms,
        immutable_ids: route.traits.immutable_ids(entry.class),
        may_recreate: route.delivery().recreates,
    };
    let seed = entry.order ^ (u64::from(entry.attempts) << 32) ^ now.0;
    let reaction = if tried { react(&failure, seed) } else { untried(&failure, seed) };
    let looked = match reaction {
        Reaction::Correlate => Some(in_the_way(route, destination, &prepared, &fault).await),
        Reaction::ReadAgain => Some(read(destination, &prepared).await),
        Reaction::Search(_) => Some(search(route, destination, &prepared).await),
        _ => None,
    };
    Answered { prepared, receipts, failed: Some(Failed { fault, unknown, reaction, looked }), found: None }
}

/// An operation that was not attempted keeps its tries; what stopped the batch may still concern the connection.
fn untried(failure: &Failure, seed: u64) -> Reaction {
    match react(failure, seed) {
        reaction @ (Reaction::Rest(_) | Reaction::OpenBreaker) => reaction,
        _ => Reaction::Leave,
    }
}

/// The object that stands in the way of a create: ours if it has the values that identify the one to be made.
async fn in_the_way(route: &Route, destination: &mut dyn Destination, prepared: &Prepared, fault: &Fault) -> Looked {
    let class = prepared.entry.class;
    let Some(id) = &fault.subject else { return search(route, destination, prepared).await };
    let read = destination.read(vec![(class, id.as_str().into())]).await.into_iter().next();
    match read {
        Some(Ok(Some(record))) if fits(route.delivery().matching(class), &record, &prepared.shown) => {
            Looked::Found(record)
        }
        Some(Ok(Some(_))) => {
            let text = "another object is in its place and is not known to be the same; set match in \
                        [deliver.CONNECTION], or give one of them another name";
            Looked::Other(Fault::new(FaultKind::AlreadyExists, text).about(id.as_str()))
        }
        Some(Ok(None)) | None => search(route, destination, prepared).await,
        Some(Err(fault)) => Looked::Failed(fault),
    }
}

async fn read(destination: &mut dyn Destination, prepared: &Prepared) -> Looked {
    let id = prepared.known.as_ref().and_then(|known| known.external_id.clone());
    let Some(id) = id else { return Looked::Nothing };
    match destination.read(vec![(prepared.entry.class, id)]).await.into_iter().next() {
        Some(Ok(Some(record))) => Looked::Found(record),
        Some(Ok(None)) | None => Looked::Nothing,
        Some(Err(fault)) => Looked::Failed(fault),
    }
}

/// True if an object has one of the identifying values, and contradicts none.
fn fits(matching: &[String], record: &Record, shown: &Attributes) -> bool {
    let Ok(there) = json_attributes(&record.attributes) else { return false };
    let mut any = false;
    for attribute in matching {
        let (Some(ours), Some(theirs)) = (shown.get(attribute), there.get(attribute)) else { continue };
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        if match_key(ours) != match_key(theirs) && !equal(ours, theirs) {
            return false;
        }
        any = true;
    }
    any
}

/// Looks up what may be there already. What is found is not sent, nor what has nothing to be sent.
pub(super) async fn before(
    route: &Route,
    destination: &mut dyn Destination,
    now: Timestamp,
    ready: Vec<Prepared>,
) -> (Vec<Prepared>, Vec<Answered>) {
    let (mut send, mut answered) = (Vec::with_capacity(ready.len()), Vec::new());
    for prepared in ready {
        if !prepared.look_up || prepared.asked != Asked::Create {
            send.push(prepared);
            continue;
        }
        match search(route, destination, &prepared).await {
            Looked::Nothing if !prepared.requests.is_empty() => send.push(prepared),
            Looked::Failed(fault) => {
                answered.push(judge(route, destination, now, prepared, vec![Receipt::Failed(fault)]).await);
            }
            found => answered.push(Answered { prepared, receipts: Vec::new(), failed: None, found: Some(found) }),
        }
    }
    (send, answered)
}
