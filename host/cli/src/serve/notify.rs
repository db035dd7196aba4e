//! Messages to people who must act: a plan that waits, a connection that is left alone, records that are set aside, a value
//! that goes back and forth, what events missed, and that all is well again. They go to the webhook of `[notify]`, each
//! until it is taken or too old.

use super::hub::Hub;
use crate::clock::SystemClock;
use crate::context::secret_store;
use rosterd_connector::webhook::Webhook;
use rosterd_engine::{Events, RunEvent};
use rosterd_model::plan::{PlanDigest, PlanHeader};
use rosterd_model::port::Clock as _;
use rosterd_model::run::{Run, RunState};
use rosterd_store::prelude::*;
use rosterd_store::{Store, StoreError};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages that wait to be sent; further ones are dropped, which the log says.
const MOST_WAITING: usize = 256;
/// Waits between attempts.
const WAITS: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];
/// Names that a message about a held plan shows.
const SAMPLE: usize = 10;
/// Steps that are looked through for them.
const MOST_STEPS: usize = 20_000;
/// Held plans that were told, so that each is told once.
const REMEMBERED: usize = 256;

/// What is worth a message.
pub(super) enum Notice {
    /// A plan waits; what it holds is read from the store when the message is made.
    Held(Box<Run>, PlanDigest),
    /// A message as it is sent.
    Ready(&'static str, Value),
}

/// Where notices wait.
pub(super) type Inbox = mpsc::Receiver<Notice>;

/// A listener that puts what is worth a message into the inbox.
pub(super) fn channel() -> (Events, Inbox) {
    let (sender, inbox) = mpsc::channel(MOST_WAITING);
    let events = Events::new(move |event| {
        if let Some(notice) = notice(event)
            && sender.try_send(notice).is_err()
        {
            tracing::warn!("too many notifications wait; one was dropped");
        }
    });
    (events, inbox)
}

fn notice(event: &RunEvent) -> Option<Notice> {
    match event {
        RunEvent::Ended(run) if run.state == RunState::Held => Some(Notice::Held(run.clone(), run.plan?)),
        RunEvent::BreakerOpened { connection, because, given_up } => Some(Notice::Ready(
            "rosterd.breaker.opened",
            json!({ "connection": connection, "because": because, "given-up": given_up }),
        )),
        RunEvent::BreakerClosed { connection } => {
            Some(Notice::Ready("rosterd.breaker.closed", json!({ "connection": connection })))
        }
        RunEvent::QuarantineGrew { connection, before, now } => Some(Notice::Ready(
            "rosterd.quarantine.grew",
            json!({ "connection": connection, "before": before, "now": now, "command": "rosterd quarantine list" }),
        )),
        RunEvent::Frozen { destination, class, entity, attribute } => Some(Notice::Ready(
            "rosterd.value.frozen",
            json!({ "destination": destination, "class": class, "entity": entity, "attribute": attribute,
                "command": format!("rosterd drift {destination} --release") }),
        )),
        RunEvent::Missed { run, connection, new, changed, deleted, missing, .. } => Some(Notice::Ready(
            "rosterd.verification.missed",
            json!({ "run": run, "connection": connection, "new": new, "changed": changed, "deleted": deleted,
                "missing": missing, "command": format!("rosterd runs show {run}") }),
        )),
        RunEvent::Recovered { job, run, after } => {
            Some(Notice::Ready("rosterd.job.recovered", json!({ "job": job, "run": run, "after": after })))
        }
        _ => None,
    }
}

/// Sends what comes into the inbox, one after the other.
pub(super) async fn send_all(hub: Arc<Hub>, mut inbox: Inbox) {
    let mut told: VecDeque<PlanDigest> = VecDeque::new();
    let mut count = 0_u64;
    while let Some(notice) = inbox.recv().await {
        let (kind, data) = match notice {
            Notice::Ready(kind, data) => (kind, data),
            Notice::Held(_, digest) if told.contains(&digest) => continue,
            Notice::Held(run, digest) => {
                let store = Arc::clone(&hub.store);
                let data = tokio::task::spawn_blocking(move || held(&store, &run, digest)).await;
                let Ok(Ok(Some(data))) = data else { continue };
                told.push_back(digest);
                if told.len() > REMEMBERED {
                    told.pop_front();
                }
                ("rosterd.plan.held", data)
            }
        };
        count += 1;
        send(&hub, kind, &data, count).await;
    }
}

/// What a plan holds: counts, some names, and the commands that look at it and release it.
fn held(store: &Store, run: &Run, digest: PlanDigest) -> Result<Option<Value>, StoreError> {
    let view = store.snapshot()?;
    let Some(header) = view.plan_of_digest(digest)? else { return Ok(None) };
    let holds: Vec<Value> = header
        .holds
        .iter()
        .map(|hold| json!({ "what": hold.bucket.to_string(), "count": hold.count, "of": hold.of, "because": hold.because }))
        .collect();
    let short = header.digest.short();
    Ok(Some(json!({
        "job": run.job,
        "run": run.id,
        "plan": short,
        "holds": holds,
        "sample": sample(&view, &header)?,
        "look": format!("rosterd plan show {short}"),
        "release": format!("rosterd plan approve {short} && rosterd apply {short}"),
    })))
}

fn sample(view: &rosterd_store::Snapshot, header: &PlanHeader) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for row in view.steps(header.number)?.take(MOST_STEPS) {
        let step = row?.step;
        let waits = step.parts.iter().any(|part| step.buckets(part).any(|bucket| header.holds(&bucket)));
        if waits {
            names.push(step.label.to_string());
            if names.len() == SAMPLE {
                break;
            }
        }
    }
    Ok(names)
}

async fn send(hub: &Hub, kind: &str, data: &Value, count: u64) {
    let generation = hub.generation();
    let Some(table) = &generation.config.file.notify else { return };
    let secrets = secret_store(&generation.config);
    let secret = table.secret.as_ref().map(crate::context::reference);
    let webhook = match Webhook::new(&table.url, secret.as_ref(), &generation.config.dir, Some(&secrets)) {
        Ok(webhook) => webhook,
        Err(error) => {
            hub.metrics.notification(false);
            return tracing::error!(%error, kind, "a notification can not be sent; correct [notify]");
        }
    };
    let now = SystemClock.now();
    let id = format!("msg_{}_{count}", hub.since.0);
    let body = json!({ "type": kind, "timestamp": instant(now.0), "data": data }).to_string();
    for wait in WAITS.into_iter().map(Some).chain([None]) {
        let seconds = SystemClock.now().0 / 1000;
        match webhook.send(&id, seconds, &body).await {
            Ok(()) => {
                hub.metrics.notification(true);
                return tracing::info!(kind, id, "a notification was sent");
            }
            Err(error) => match wait.filter(|_| error.again) {
                Some(wait) => {
                    tracing::warn!(kind, because = error.because, "a notification was not taken; it is sent again");
                    tokio::time::sleep(wait).await;
                }
                None => {
                    hub.metrics.notification(false);
                    return tracing::error!(kind, because = error.because, "a notification was given up");
                }
            },
        }
    }
}

fn instant(ms: u64) -> String {
    let instant = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    instant.map_or_else(String::new, |instant| instant.to_string())
}
