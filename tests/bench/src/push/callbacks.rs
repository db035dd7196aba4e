//! How soon an application is called back: from the answer of the API, which is given when the change is durable, to the event,
//! while people change at a pace that does not wait for anybody.

use super::Serving;
use super::http::{Connection, on_one_thread, request};
use super::receiver::{Arrivals, listen};
use crate::dingtalk::{percentile, tell};
use crate::report::Report;
use crate::settings::Settings;
use serde_json::json;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// What application and hub share: `whsec_` and 32 zeros.
pub(super) const SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const MORE: &str = include_str!("callback.toml");
/// People who change, one after the other and again.
const PEOPLE: u64 = 2_000;
/// Changes in a second, and for how long.
const PACE: u64 = 500;
const SECONDS: u64 = 20;
/// Connections that they come by.
const CONNECTIONS: u64 = 32;
/// Nobody waits longer for the last event.
const PATIENCE: Duration = Duration::from_secs(60);
const JSON: &str = "application/json";

/// A change: its number, when it was due, and when it was answered.
struct Changed {
    number: u64,
    due: Duration,
    answered: Instant,
}

pub(super) fn measure(settings: &Settings, report: &mut Report) -> Result<(), String> {
    on_one_thread(async {
        let arrivals = Arrivals::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| format!("can not listen: {error}"))?;
        let port = listener.local_addr().map_err(|error| format!("can not listen: {error}"))?.port();
        tokio::task::spawn_local(listen(listener, arrivals.clone()));
        let more = MORE.replace("PORT", &port.to_string());
        let serving = Serving::start(settings, "callbacks", &more, &["callback.wasm"])?;
        let token = serving.token("api", 0)?;
        tell(&format!("making {PEOPLE} people, and {PACE} changes a second of them"));
        make(serving.port, &token, &arrivals).await?;
        let begun = Instant::now();
        let changed = change(serving.port, &token).await?;
        let last = title(PACE * SECONDS - 1);
        await_arrival(&arrivals, &last).await?;
        let seconds = waited(&changed, &arrivals, begun);
        let late = changed.iter().map(|one| (one.answered - begun).saturating_sub(one.due).as_secs_f64()).collect();
        let rate = changed.len() as f64 / answered(&changed, begun);
        // A few are on their way at the end.
        report.at_least("callbacks: changes answered in a second", rate, "/s", 0.98 * PACE as f64);
        report.note("callbacks: from when a change was due to its answer, 99 in 100", percentile(late, 99), "s");
        report.note("callbacks: from the answer to the event, half", percentile(seconds.clone(), 50), "s");
        report.limit("callbacks: from the answer to the event, 99 in 100", percentile(seconds, 99), "s", 1.0);
        serving.service.end()
    })
}

fn title(number: u64) -> String {
    format!("Clerk {number}")
}

/// Makes everybody, and waits until the application knows them.
async fn make(port: u16, token: &str, arrivals: &Arrivals) -> Result<(), String> {
    let line = |number: u64| {
        let name = format!("user{number}");
        let person = json!({
            "id": format!("p-{number}"), "userName": name, "displayName": name, "employeeNumber": number.to_string(),
            "title": format!("New {number}"),
        });
        format!("{person}\n")
    };
    let body: String = (0..PEOPLE).map(line).collect();
    let asked = request("POST", "/v1/import/accounts", token, "application/x-ndjson", &body);
    let answer = Connection::open(port).await?.ask(&asked).await?;
    let made = String::from_utf8_lossy(&answer.body).matches("\"created\"").count();
    if made as u64 != PEOPLE {
        return Err(format!("{made} of {PEOPLE} people were made"));
    }
    for number in 0..PEOPLE {
        await_arrival(arrivals, &format!("New {number}")).await?;
    }
    Ok(())
}

async fn await_arrival(arrivals: &Arrivals, title: &str) -> Result<(), String> {
    let begun = Instant::now();
    while !arrivals.lock().unwrap_or_else(PoisonError::into_inner).contains_key(title) {
        if begun.elapsed() > PATIENCE {
            return Err(format!("the application never heard of \"{title}\""));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Changes people at the pace, whether or not the changes before were answered.
async fn change(port: u16, token: &str) -> Result<Vec<Changed>, String> {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for first in 0..CONNECTIONS {
        let mut connection = Connection::open(port).await?;
        let token = token.to_owned();
        tasks.push(tokio::task::spawn_local(async move {
            let mut changed = Vec::new();
            let mut number = first;
            while number < PACE * SECONDS {
                let due = Duration::from_micros(number * 1_000_000 / PACE);
                tokio::time::sleep_until((begun + due).into()).await;
                let path = format!("/v1/accounts/p-{}", number % PEOPLE);
                let body = json!({ "title": title(number) }).to_string();
                let answer = connection.ask(&request("PATCH", &path, &token, JSON, &body)).await?;
                if answer.status != 200 {
                    let body = String::from_utf8_lossy(&answer.body).into_owned();
                    return Err(format!("a change was answered {}: {body}", answer.status));
                }
                changed.push(Changed { number, due, answered: Instant::now() });
                number += CONNECTIONS;
            }
            Ok(changed)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.map_err(|error| format!("a client ended: {error}"))??);
    }
    Ok(all)
}

/// How long the last answer took from the beginning.
fn answered(changed: &[Changed], begun: Instant) -> f64 {
    changed.iter().map(|one| (one.answered - begun).as_secs_f64()).fold(0.0, f64::max)
}

/// How long each change waited for its event, or for that of a later change of the same person, which tells more. A change
/// that nothing was told of waits until today.
fn waited(changed: &[Changed], arrivals: &Arrivals, begun: Instant) -> Vec<f64> {
    let arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    let never = begun + PATIENCE + Duration::from_secs(SECONDS);
    let arrived = |number: u64| {
        let later = (number..PACE * SECONDS).step_by(usize::try_from(PEOPLE).unwrap_or(usize::MAX));
        later.filter_map(|number| arrivals.get(&title(number)).copied()).min().unwrap_or(never)
    };
    changed.iter().map(|one| arrived(one.number).saturating_duration_since(one.answered).as_secs_f64()).collect()
}
