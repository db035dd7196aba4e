//! Sending a batch: in calls that the connector takes, and what follows a create once its id is known.

use super::look::{self, Answered};
use super::request::Prepared;
use super::worker::Route;
use rosterd_model::outbox::{Action, Applied, ProjectionStatus, Receipt, Request};
use rosterd_model::port::Destination;
use rosterd_model::{Fault, FaultKind, effect};

/// Sends a batch. A destination that answers with another number of receipts has answered nothing.
pub(super) async fn send(route: &Route, destination: &mut dyn Destination, batch: Vec<Prepared>) -> Vec<Answered> {
    let now = route.engine.clock.now();
    let (batch, mut answered) = look::before(route, destination, now, batch).await;
    effect::point("send");
    let first = batch.iter().flat_map(|prepared| prepared.requests.iter().take(at_once(prepared)).cloned()).collect();
    let mut receipts = ask(route, destination, first).await.into_iter();
    let mut received: Vec<Vec<Receipt>> =
        batch.iter().map(|prepared| receipts.by_ref().take(at_once(prepared)).collect()).collect();
    let (mut whose, mut follow) = (Vec::new(), Vec::new());
    for (index, (prepared, mine)) in batch.iter().zip(&received).enumerate() {
        let Some(made) = mine.last().and_then(done) else { continue };
        for request in prepared.requests.iter().skip(mine.len()) {
            whose.push(index);
            follow.push(about(made, request));
        }
    }
    for (index, receipt) in whose.into_iter().zip(ask(route, destination, follow).await) {
        if let Some(mine) = received.get_mut(index) {
            mine.push(receipt);
        }
    }
    effect::point("sent");
    answered.reserve(batch.len());
    for (prepared, mine) in batch.into_iter().zip(received) {
        let (prepared, mine) = in_parts(prepared, mine);
        answered.push(look::judge(route, destination, now, prepared, mine).await);
    }
    answered
}

/// How many requests of an entry can go out together: what follows a create must name the object, whose id nobody knows
/// before it is made.
fn at_once(prepared: &Prepared) -> usize {
    match prepared.requests.first().map(|request| &request.action) {
        Some(Action::Create(_)) => 1,
        _ => prepared.requests.len(),
    }
}

const fn done(receipt: &Receipt) -> Option<&Applied> {
    match receipt {
        Receipt::Applied(applied) | Receipt::Unchanged(applied) => Some(applied),
        Receipt::Failed(_) | Receipt::Unknown(_) | Receipt::NotAttempted(_) => None,
    }
}

/// A request about the object that was just made.
fn about(made: &Applied, request: &Request) -> Request {
    Request {
        id: Some(made.id.clone()),
        version: made.version.clone(),
        known: Some(request.desired.clone()),
        ..request.clone()
    }
}

/// What was made stays made if what was to follow it failed: the rest is an operation of its own, which is sent next and
/// fails in its own name.
fn in_parts(mut prepared: Prepared, mut receipts: Vec<Receipt>) -> (Prepared, Vec<Receipt>) {
    let made = at_once(&prepared) < prepared.requests.len() && receipts.first().is_some_and(|one| done(one).is_some());
    if made && receipts.iter().any(|receipt| done(receipt).is_none()) {
        receipts.truncate(1);
        prepared.status = ProjectionStatus::Present;
        prepared.next = Some(prepared.entry.lane);
    }
    (prepared, receipts)
}

/// One receipt for each request, in calls of as many as the connector takes.
async fn ask(route: &Route, destination: &mut dyn Destination, requests: Vec<Request>) -> Vec<Receipt> {
    let most = route.traits.maximum_batch.unwrap_or(usize::MAX).max(1);
    let mut receipts = Vec::with_capacity(requests.len());
    let mut rest = requests.into_iter().peekable();
    while rest.peek().is_some() {
        let part: Vec<Request> = rest.by_ref().take(most).collect();
        let asked = part.len();
        let answers = destination.apply(part).await;
        if answers.len() == asked {
            receipts.extend(answers);
        } else {
            let text = format!("{} receipts for {asked} operations; each operation needs one", answers.len());
            receipts.extend(vec![Receipt::Unknown(Fault::new(FaultKind::Internal, text)); asked]);
        }
    }
    receipts
}
