//! What is configured otherwise than when a plan was last applied. Another mapping, scope, authority or connector may
//! change everybody at once, so the next run only plans.

use crate::error::EngineError;
use crate::policy::{Delivery, Job, Policy};
use rosterd_model::{ConnectionId, Rule};
use rosterd_store::prelude::*;
use rosterd_store::{Accepted, AppliedRole, ConnectionNumber, Snapshot, Writer};

fn settings(policy: &Policy, connection: &ConnectionId) -> String {
    policy.settings.get(connection).cloned().unwrap_or_default()
}

fn of_job(policy: &Policy, job: &Job, connector: &str) -> Accepted {
    let (mapping, settings) = (job.fingerprint(&policy.authority), settings(policy, &job.source));
    Accepted { mapping, settings, connector: connector.to_owned() }
}

fn of_delivery(policy: &Policy, delivery: &Delivery) -> Accepted {
    let (mapping, settings) = (delivery.fingerprint(), settings(policy, &delivery.destination));
    Accepted { mapping, settings, connector: String::new() }
}

/// What is otherwise, as words of a sentence. What was never applied is not otherwise.
pub(super) fn changes(
    view: &Snapshot,
    policy: &Policy,
    job: &Job,
    connection: ConnectionNumber,
    connector: &str,
) -> Result<Vec<String>, EngineError> {
    let mut changes = Vec::new();
    if !Rule::ChangeForcesPlan.on() {
        return Ok(changes);
    }
    if let Some(before) = view.accepted(connection, AppliedRole::Source)? {
        let now = of_job(policy, job, connector);
        if before.mapping != now.mapping {
            changes.push(format!("a change of mapping, correlation or authority of job {}", job.name));
        }
        if before.settings != now.settings {
            changes.push(format!("a change of the settings of connection {}", job.source));
        }
        if before.connector != now.connector {
            changes.push(format!("another connector of connection {}", job.source));
        }
    }
    for rule in &policy.groups {
        let accepted = view.group_rule(&rule.name)?.accepted;
        if accepted.is_some_and(|accepted| accepted != rule.fingerprint()) {
            changes.push(format!("a change of the rule of group {}", rule.name));
        }
    }
    changes.extend(changed_deliveries(view, policy)?.into_iter().map(|(_, change)| change));
    Ok(changes)
}

/// Destinations that are told otherwise than when a plan was last applied, with words of a sentence.
pub(super) fn changed_deliveries(view: &Snapshot, policy: &Policy) -> Result<Vec<(ConnectionId, String)>, EngineError> {
    let mut changes = Vec::new();
    if !Rule::ChangeForcesPlan.on() {
        return Ok(changes);
    }
    for delivery in &policy.deliveries {
        let name = &delivery.destination;
        let Some(number) = view.connection_number(name)? else { continue };
        let Some(before) = view.accepted(number, AppliedRole::Destination)? else { continue };
        let now = of_delivery(policy, delivery);
        if before.mapping != now.mapping {
            changes.push((name.clone(), format!("a change of the delivery to {name}")));
        }
        if before.settings != now.settings {
            changes.push((name.clone(), format!("a change of the settings of connection {name}")));
        }
    }
    Ok(changes)
}

/// True if [`accept`] would write anything.
pub(super) fn differs(
    view: &Snapshot,
    policy: &Policy,
    job: &Job,
    connection: ConnectionNumber,
    connector: &str,
) -> Result<bool, EngineError> {
    if view.accepted(connection, AppliedRole::Source)?.as_ref() != Some(&of_job(policy, job, connector)) {
        return Ok(true);
    }
    for delivery in &policy.deliveries {
        let before = match view.connection_number(&delivery.destination)? {
            Some(number) => view.accepted(number, AppliedRole::Destination)?,
            None => None,
        };
        if before.as_ref() != Some(&of_delivery(policy, delivery)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes that the present configuration was applied.
pub(crate) fn accept(w: &mut Writer<'_>, policy: &Policy, job: &Job, connector: &str) -> Result<(), EngineError> {
    if job.is_hub() {
        return Ok(());
    }
    let number = w.intern_connection(&job.source)?;
    w.accept(number, AppliedRole::Source, &of_job(policy, job, connector))?;
    for delivery in &policy.deliveries {
        let number = w.intern_connection(&delivery.destination)?;
        w.accept(number, AppliedRole::Destination, &of_delivery(policy, delivery))?;
    }
    Ok(())
}

/// Notes that a configuration was applied that nobody knows any more, where none is known: that of today is another one.
pub(crate) fn accept_unknown(
    w: &mut Writer<'_>,
    policy: &Policy,
    job: &Job,
    connector: &str,
) -> Result<(), EngineError> {
    if job.is_hub() {
        return Ok(());
    }
    let unknown = |known: Accepted| Accepted { mapping: "unknown".to_owned(), ..known };
    let number = w.intern_connection(&job.source)?;
    if w.accepted(number, AppliedRole::Source)?.is_none() {
        w.accept(number, AppliedRole::Source, &unknown(of_job(policy, job, connector)))?;
    }
    for delivery in &policy.deliveries {
        let number = w.intern_connection(&delivery.destination)?;
        if w.accepted(number, AppliedRole::Destination)?.is_none() {
            w.accept(number, AppliedRole::Destination, &unknown(of_delivery(policy, delivery)))?;
        }
    }
    Ok(())
}
