//! Receipts into the store: one transaction for a batch.

use super::request::Prepared;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::scan::blocking;
use rosterd_model::outbox::{Applied, DeliveryState, OutboxEntry, Projection, Receipt};
use rosterd_model::{Fault, FaultKind, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Writer};

/// First wait before a further attempt, in milliseconds; doubled each time.
const FIRST_WAIT_MS: u64 = 2_000;
/// Longest wait of the fast track, in milliseconds.
const LONGEST_WAIT_MS: u64 = 15 * 60 * 1_000;
/// Attempts after which an entry waits for a person.
const MOST_ATTEMPTS: u32 = 8;

/// Stores what a batch came to.
pub(super) async fn settle(
    engine: &Engine,
    number: ConnectionNumber,
    answers: Vec<(Prepared, Vec<Receipt>)>,
    problems: &mut Vec<String>,
) -> Result<(), EngineError> {
    let engine = engine.clone();
    let told = blocking(move || {
        let now = engine.now()?;
        let mut told = Vec::new();
        engine.store.commit::<_, EngineError>("settle", |w| {
            told.clear();
            for (prepared, receipts) in &answers {
                one(w, number, prepared, receipts, now, &mut told)?;
            }
            Ok(())
        })?;
        Ok(told)
    })
    .await?;
    problems.extend(told);
    Ok(())
}

fn one(
    w: &mut Writer<'_>,
    number: ConnectionNumber,
    prepared: &Prepared,
    receipts: &[Receipt],
    now: Timestamp,
    told: &mut Vec<String>,
) -> Result<(), EngineError> {
    let mut last: Option<&Applied> = None;
    for receipt in receipts {
        match receipt {
            Receipt::Applied(applied) | Receipt::Unchanged(applied) => last = Some(applied),
            Receipt::Failed(fault) => return retry(w, number, prepared, fault, false, now, told),
            Receipt::Unknown(fault) => return retry(w, number, prepared, fault, true, now, told),
            Receipt::NotAttempted(fault) => {
                let attempts = prepared.entry.attempts.saturating_sub(1);
                let last_fault = Some(fault.clone());
                w.put_outbox(number, &OutboxEntry { attempts, last_fault, ..prepared.entry.clone() })?;
                return Ok(());
            }
        }
    }
    let Some(applied) = last else { return Ok(()) };
    let entry = &prepared.entry;
    let projection = Projection {
        external_id: Some(applied.id.clone()),
        version: applied.version.clone(),
        applied: entry.desired,
        attributes: prepared.attributes.clone(),
        status: prepared.status,
        revision: prepared.known.as_ref().map_or(1, |known| known.revision + 1),
    };
    let living = |status: rosterd_model::outbox::ProjectionStatus| i64::from(status.is_living());
    let before = prepared.known.as_ref().map_or(0, |known| living(known.status));
    w.add_total(Some(number), entry.class, living(prepared.status) - before)?;
    w.put_projection(number, entry.class, entry.entity, &projection)?;
    // A newer wish may have taken the entry's place while it was under way: only our own is removed.
    if w.outbox_entry(number, entry.class, entry.entity)?.is_some_and(|now| now.desired == entry.desired) {
        w.remove_outbox(number, entry.class, entry.entity)?;
    }
    told.extend(applied.problems.iter().map(|problem| format!("{} {}: {problem}", entry.class, applied.id)));
    Ok(())
}

fn retry(
    w: &mut Writer<'_>,
    number: ConnectionNumber,
    prepared: &Prepared,
    fault: &Fault,
    uncertain: bool,
    now: Timestamp,
    told: &mut Vec<String>,
) -> Result<(), EngineError> {
    let entry = &prepared.entry;
    let state = match fault.kind {
        FaultKind::Transient | FaultKind::Timeout | FaultKind::RateLimited if entry.attempts < MOST_ATTEMPTS => {
            let doubled = FIRST_WAIT_MS.saturating_mul(1 << entry.attempts.saturating_sub(1).min(20));
            let wait = fault.retry_after_ms.unwrap_or(0).max(doubled.min(LONGEST_WAIT_MS));
            DeliveryState::Retry { at: now.plus_ms(wait) }
        }
        // Who must act is a person at the connection; the entry itself is as good as before.
        FaultKind::Unauthorized
        | FaultKind::Forbidden
        | FaultKind::Denied
        | FaultKind::Settings
        | FaultKind::Cancelled
        | FaultKind::Internal
        | FaultKind::Held => DeliveryState::Waiting,
        _ => DeliveryState::Parked,
    };
    let word = match &state {
        DeliveryState::Parked => "is parked",
        DeliveryState::Retry { .. } => "is sent again by a later run",
        _ => "was not delivered",
    };
    told.push(format!("{} {} {word}: {fault}", entry.class, entry.entity));
    let last_fault = Some(fault.clone());
    w.put_outbox(number, &OutboxEntry { state, uncertain, last_fault, ..entry.clone() })?;
    Ok(())
}
