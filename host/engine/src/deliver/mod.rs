//! Delivery: the outbox of each destination, drained in order of lanes.
//!
//! An entry is sent only if the entity's present state, rendered for the destination, has the hash that an applied plan
//! fixed; otherwise it waits for the next plan. Attempts are stored before they are made, so that a process that dies in
//! between looks before it creates again.

mod request;
mod settle;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::policy::Delivery;
use crate::scan::blocking;
use request::Prepared;
use rosterd_model::effect;
use rosterd_model::outbox::{OutboxEntry, Receipt};
use rosterd_model::port::Destination;
use rosterd_model::run::DeliveryCounts;
use rosterd_model::{Class, EntityId, Fault, FaultKind};
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::collections::HashSet;

/// What came of a delivery.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) counts: DeliveryCounts,
    /// Why a destination was left alone.
    pub(crate) faults: Vec<String>,
}

/// Drains the outbox of every destination that the configuration names.
pub(crate) async fn deliver(engine: &Engine) -> Result<Delivered, EngineError> {
    let mut delivered = Delivered::default();
    let policy = engine.policy.clone();
    for delivery in &policy.deliveries {
        let number = engine.number(&delivery.destination)?;
        if engine.store.snapshot()?.outbox_count(number)? == 0 {
            continue;
        }
        drain(engine, delivery, number, &mut delivered).await?;
    }
    Ok(delivered)
}

type Key = (Class, EntityId);

async fn drain(
    engine: &Engine,
    delivery: &Delivery,
    number: ConnectionNumber,
    delivered: &mut Delivered,
) -> Result<(), EngineError> {
    let name = &delivery.destination;
    let mut destination = match engine.connections.destination(name).await {
        Ok(destination) => destination,
        Err(fault) => {
            delivered.faults.push(format!("connection {name}: {fault}"));
            return Ok(());
        }
    };
    let late = destination.settles_after_finish();
    let mut tried: HashSet<Key> = HashSet::new();
    let mut answered: Vec<(Prepared, Vec<Receipt>)> = Vec::new();
    loop {
        let batch = take(engine, delivery, number, &mut tried, &mut delivered.counts).await?;
        if batch.is_empty() {
            break;
        }
        let answers = send(destination.as_mut(), batch).await;
        delivered.counts.count(&answers);
        let stop = fatal(&answers);
        if late {
            answered.extend(answers);
        } else {
            settle::settle(engine, number, answers, &mut delivered.faults).await?;
        }
        engine.events.emit(&RunEvent::Delivered { destination: name.clone(), done: tried.len() as u64 });
        if let Some(fault) = stop {
            delivered.faults.push(format!("connection {name}: {fault}"));
            break;
        }
    }
    effect::point("finish");
    let finished = destination.finish().await;
    effect::point("finished");
    match finished {
        Ok(()) => {
            let step = engine.settings.apply_batch.max(1);
            let mut rest = answered.into_iter().peekable();
            while rest.peek().is_some() {
                let part: Vec<_> = rest.by_ref().take(step).collect();
                settle::settle(engine, number, part, &mut delivered.faults).await?;
            }
        }
        Err(fault) => {
            // Nothing was published: every receipt of this run is void, and the entries stay as they were.
            delivered.counts = DeliveryCounts { unknown: answered.len() as u64, ..DeliveryCounts::default() };
            delivered.faults.push(format!("connection {name}: {fault}"));
        }
    }
    Ok(())
}

/// The next entries that may be sent, with their attempt stored.
async fn take(
    engine: &Engine,
    delivery: &Delivery,
    number: ConnectionNumber,
    tried: &mut HashSet<Key>,
    counts: &mut DeliveryCounts,
) -> Result<Vec<Prepared>, EngineError> {
    let (engine, destination, known) = (engine.clone(), delivery.destination.clone(), std::mem::take(tried));
    let (known, prepared, stale) = blocking(move || {
        let mut known = known;
        let view = engine.store.snapshot()?;
        let now = view.policy_now(engine.clock.now())?;
        let delivery = engine.policy.deliveries.iter().find(|d| d.destination == destination);
        let Some(delivery) = delivery else { return Ok((known, Vec::new(), 0)) };
        let (mut prepared, mut stale) = (Vec::new(), 0);
        let mut paths = crate::paths::Paths::default();
        for entry in view.outbox(number)? {
            let entry: OutboxEntry = entry?;
            if prepared.len() >= engine.settings.deliver_batch {
                break;
            }
            if !request::due(&entry, now) || !known.insert((entry.class, entry.entity)) {
                continue;
            }
            match request::prepare(&view, delivery, number, entry, &mut paths)? {
                Some(ready) => prepared.push(ready),
                None => stale += 1,
            }
        }
        drop(view);
        if !prepared.is_empty() {
            engine.store.commit::<_, EngineError>("attempt", |w| {
                for ready in &mut prepared {
                    ready.entry.attempts += 1;
                    let sent = OutboxEntry { uncertain: true, ..ready.entry.clone() };
                    w.put_outbox(number, &sent)?;
                }
                Ok(())
            })?;
        }
        Ok((known, prepared, stale))
    })
    .await?;
    *tried = known;
    counts.stale += stale;
    Ok(prepared)
}

/// Sends a batch. A destination that answers with another number of receipts has answered nothing.
async fn send(destination: &mut dyn Destination, batch: Vec<Prepared>) -> Vec<(Prepared, Vec<Receipt>)> {
    let requests: Vec<_> = batch.iter().flat_map(|prepared| prepared.requests.iter().cloned()).collect();
    let asked = requests.len();
    effect::point("send");
    let receipts = destination.apply(requests).await;
    effect::point("sent");
    let mut receipts = if receipts.len() == asked {
        receipts
    } else {
        let text = format!("{} receipts for {asked} operations; each operation needs one", receipts.len());
        vec![Receipt::Unknown(Fault::new(FaultKind::Internal, text)); asked]
    }
    .into_iter();
    batch
        .into_iter()
        .map(|prepared| {
            let mine = receipts.by_ref().take(prepared.requests.len()).collect();
            (prepared, mine)
        })
        .collect()
}

/// A fault after which nothing more should be sent to the destination in this run.
fn fatal(answers: &[(Prepared, Vec<Receipt>)]) -> Option<Fault> {
    answers.iter().flat_map(|(_, receipts)| receipts).find_map(|receipt| match receipt {
        Receipt::Failed(fault) | Receipt::NotAttempted(fault) | Receipt::Unknown(fault)
            if matches!(
                fault.kind,
                FaultKind::Unauthorized
                    | FaultKind::Forbidden
                    | FaultKind::Denied
                    | FaultKind::Settings
                    | FaultKind::Internal
                    | FaultKind::Cancelled
                    | FaultKind::Timeout
            ) =>
        {
            Some(fault.clone())
        }
        _ => None,
    })
}

trait CountReceipts {
    fn count(&mut self, answers: &[(Prepared, Vec<Receipt>)]);
}

impl CountReceipts for DeliveryCounts {
    fn count(&mut self, answers: &[(Prepared, Vec<Receipt>)]) {
        for receipt in answers.iter().flat_map(|(_, receipts)| receipts) {
            match receipt {
                Receipt::Applied(_) => self.applied += 1,
                Receipt::Unchanged(_) => self.unchanged += 1,
                Receipt::Failed(_) => self.failed += 1,
                Receipt::Unknown(_) => self.unknown += 1,
                Receipt::NotAttempted(_) => self.not_attempted += 1,
            }
        }
    }
}
