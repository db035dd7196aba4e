//! One transaction between two batches: the answers to the last one, what the next one found without being sent, what is
//! about to be sent, and what all of it says about the connection.

use super::batch::{Batch, Key};
use super::look::{Answered, Looked};
use super::worker::Route;
use super::{failure, settle};
use crate::error::EngineError;
use crate::event::RunEvent;
use rosterd_model::circuit::{Circuit, CircuitState, CircuitWindow};
use rosterd_model::outbox::{DeliveryState, Doubt, Lane, OutboxEntry, Receipt};
use rosterd_model::{ConnectionId, Fault, FaultKind, Rule, Timestamp};
use rosterd_reconcile::breaker::{self, Answers, Permit, Turn};
use rosterd_reconcile::retry::Reaction;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, InFlight};

/// Whether more may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gate {
    /// Yes.
    Open,
    /// One operation, to see whether the connection works again.
    Probe,
    /// No, and why, as a sentence.
    Shut(String),
}

/// What a transaction came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Sentences about entries that were not done, without those of `waiting`.
    pub(super) told: Vec<String>,
    /// What waits for something else, which may come about before the delivery ends.
    pub(super) waiting: Vec<Key>,
    /// What others must hear.
    pub(super) events: Vec<RunEvent>,
    pub(super) gate: Gate,
    /// The connector's instance is useless.
    pub(super) discarded: bool,
    /// Something that waited may be sent now.
    pub(super) freed: bool,
    /// What the breaker judges by.
    pub(super) window: CircuitWindow,
}

/// Whether anything may be sent to a connection.
pub(super) fn gate(
    view: &impl Read,
    name: &ConnectionId,
    number: ConnectionNumber,
    now: Timestamp,
) -> Result<Gate, EngineError> {
    if let Some(pause) = view.pause(Some(number))?.filter(|_| Rule::PauseStops.on()) {
        return Ok(Gate::Shut(format!(
            "connection {name} is paused by {} ({}); to go on: rosterd resume {name}",
            pause.by, pause.reason
        )));
    }
    let circuit = view.circuit(number)?;
    Ok(match breaker::permit(&circuit, now) {
        Permit::All => Gate::Open,
        Permit::Probe => Gate::Probe,
        Permit::Wait(until) => Gate::Shut(format!(
            "connection {name} is left alone for {} s: {}",
            until.since_ms(now).div_ceil(1_000),
            because(&circuit)
        )),
        Permit::Never => Gate::Shut(format!(
            "connection {name} did not answer for four weeks and is disabled: {}; to go on: rosterd resume {name}",
            because(&circuit)
        )),
    })
}

fn because(circuit: &Circuit) -> String {
    circuit.because.as_ref().map_or_else(|| "it asked for a rest".to_owned(), ToString::to_string)
}

/// Stores the answers to one batch, and what is about to be sent. If the gate turns out to be shut, only those flights are
/// noted which go out in any case: the first so many.
pub(super) fn turn(
    route: &Route,
    answered: &[Answered],
    batch: &Batch,
    (flights, certain): (&[InFlight], usize),
    window: &CircuitWindow,
) -> Result<Outcome, EngineError> {
    let number = route.number;
    let now = route.engine.now()?;
    route.engine.store.commit::<_, EngineError>("settle", |w| {
        w.gather();
        let mut settling = settle::Settling {
            route,
            now,
            told: Vec::new(),
            events: Vec::new(),
            freed: false,
            wakes: false,
            pending: false,
        };
        for (entry, on, because) in &batch.blocked {
            settling.put_if_own(w, entry, |entry| {
                entry.state = DeliveryState::Blocked { on: on.clone() };
                entry.last_fault = Some(because.clone());
            })?;
        }
        settling.wakes = w.row_count(rosterd_store::Table::OutboxBlocked)? > 0;
        settling.pending = w.has_pending_refs(number)?;
        for (entry, because) in &batch.parked {
            failure::park(&mut settling, w, entry, because)?;
        }
        for entry in &batch.done {
            settling.finished(w, entry)?;
        }
        for (class, entity) in &batch.owed {
            // What was read there since the last plan may have made it so: no record changed, and the plan must be told.
            w.put_owed(number, *class, *entity)?;
        }
        let alone = answered.len() == 1;
        for one in answered {
            // As in `batch::next`: what is sent meanwhile goes first.
            std::thread::yield_now();
            match (&one.found, &one.failed) {
                (Some(found), _) => failure::found_before(&mut settling, w, &one.prepared, found)?,
                (None, Some(failed)) => failure::failed(&mut settling, w, &one.prepared, failed, alone)?,
                (None, None) => settling.done(w, &one.prepared, &one.receipts)?,
            }
        }
        let mut circuit = w.circuit(number)?;
        let before = circuit.clone();
        if circuit.state == CircuitState::Closed && circuit.window.answered < window.answered {
            circuit.window = window.clone();
        }
        let answers = answers(answered, &route.traits.digest);
        let turned = breaker::record(&mut circuit, &answers, now);
        // Counts without a failure are not worth a row.
        let quiet = |circuit: &Circuit| Circuit { window: CircuitWindow::default(), ..circuit.clone() };
        let failing = circuit.window.failed > 0 || before.window.failed > 0;
        if failing || quiet(&circuit) != quiet(&before) {
            w.put_circuit(number, &circuit)?;
        }
        let gate = gate(&*w, &route.name, number, now)?;
        let noted = if matches!(gate, Gate::Shut(_)) { certain.min(flights.len()) } else { flights.len() };
        w.put_in_flight(number, &flights[..noted])?;
        let mut all = settling.events;
        all.extend(events(route, turned, &circuit));
        Ok(Outcome {
            events: all,
            told: settling.told,
            waiting: batch.blocked.iter().map(|(entry, ..)| (entry.class, entry.entity)).collect(),
            gate,
            discarded: answers.trapped.is_some(),
            window: circuit.window,
            freed: settling.freed,
        })
    })
}

/// What the answers say about the connection.
fn answers(answered: &[Answered], digest: &str) -> Answers {
    let mut all = Answers::default();
    for one in answered {
        all.answered = all.answered.saturating_add(1);
        let kinds = one.receipts.iter().filter_map(|receipt| match receipt {
            Receipt::Applied(_) | Receipt::Unchanged(_) => Some(true),
            Receipt::Failed(fault) => Some(is_verdict(fault.kind)),
            Receipt::Unknown(_) | Receipt::NotAttempted(_) => None,
        });
        all.reached |= kinds.into_iter().any(|reached| reached) || matches!(one.found, Some(Looked::Found(_)));
        let Some(failed) = &one.failed else { continue };
        match failed.reaction {
            Reaction::OpenBreaker => all.refused = Some(failed.fault.clone()),
            Reaction::Discard => {
                let message = format!("{}; its component is {digest}", failed.fault.message);
                all.trapped = Some(Fault { message, ..failed.fault.clone() });
            }
            Reaction::Rest(until) => all.rest_until = all.rest_until.max(Some(until)),
            Reaction::RetryAt(_) | Reaction::Park
                if !matches!(one.prepared.entry.lane, Lane::Reference | Lane::MembershipRemoval) =>
            {
                all.failed = all.failed.saturating_add(1);
                all.last = Some(failed.fault.clone());
            }
            _ => {}
        }
    }
    all
}

/// True for a fault that only a remote system which works can give.
const fn is_verdict(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::NotFound
            | FaultKind::AlreadyExists
            | FaultKind::Conflict
            | FaultKind::Invalid
            | FaultKind::Unsupported
            | FaultKind::Held
    )
}

fn events(route: &Route, turned: Turn, circuit: &Circuit) -> Vec<RunEvent> {
    let connection = route.name.clone();
    match turned {
        Turn::None => Vec::new(),
        Turn::Opened => vec![RunEvent::BreakerOpened { connection, because: because(circuit), given_up: false }],
        Turn::GivenUp => vec![RunEvent::BreakerOpened { connection, because: because(circuit), given_up: true }],
        Turn::Closed => vec![RunEvent::BreakerClosed { connection }],
    }
}

/// A connection that could not be opened is judged as one that did not answer.
pub(super) fn unreachable(route: &Route, fault: &Fault) -> Result<(), EngineError> {
    let number = route.number;
    let now = route.engine.now()?;
    let (circuit, turned) = route.engine.store.commit::<_, EngineError>("unreachable", |w| {
        let mut circuit = w.circuit(number)?;
        let open = matches!(circuit.state, CircuitState::Open { .. });
        let refused = matches!(fault.kind, FaultKind::Unauthorized | FaultKind::Forbidden) && Rule::BreakerOnAuth.on();
        let mut answers = Answers { answered: 1, failed: 1, last: Some(fault.clone()), ..Answers::default() };
        answers.refused = (refused || open).then(|| fault.clone());
        let turned = breaker::record(&mut circuit, &answers, now);
        w.put_circuit(number, &circuit)?;
        Ok((circuit, turned))
    })?;
    events(route, turned, &circuit).iter().for_each(|event| route.engine.events.emit(event));
    Ok(())
}

/// What an earlier process may have sent without storing the answer is doubtful from now on.
pub(super) fn recover(route: &Route) -> Result<(), EngineError> {
    let number = route.number;
    let view = route.engine.store.snapshot()?;
    let flights = view.in_flight(number)?;
    if flights.is_empty() {
        return Ok(());
    }
    let mut doubtful: Vec<OutboxEntry> = Vec::new();
    for flight in &flights {
        for entry in view.outbox_lane(number, flight.lane, flight.from.saturating_sub(1))? {
            let entry = entry?;
            if entry.order > flight.to {
                break;
            }
            if !matches!(entry.state, DeliveryState::Blocked { .. } | DeliveryState::Parked { .. }) {
                doubtful.push(entry);
            }
        }
    }
    drop(view);
    route.engine.store.commit::<_, EngineError>("recover", |w| {
        w.gather();
        for entry in &doubtful {
            w.put_outbox(
                number,
                &OutboxEntry { doubt: entry.doubt.max(Doubt::Attempt), attempts: entry.attempts + 1, ..entry.clone() },
            )?;
        }
        Ok(w.put_in_flight(number, &[])?)
    })
}

/// Every answer is stored.
pub(super) fn landed(route: &Route) -> Result<(), EngineError> {
    let number = route.number;
    if route.engine.store.snapshot()?.in_flight(number)?.is_empty() {
        return Ok(());
    }
    route.engine.store.commit::<_, EngineError>("landed", |w| Ok(w.put_in_flight(number, &[])?))
}
