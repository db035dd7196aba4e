//! How soon an event has come to something: from the moment in which the simulator makes it to the end of the run that applied
//! it, by the hub's own record of the run. The hub serves, the simulator calls it, and limits what it may ask.

use super::company::{APP, userid};
use super::{Pair, percentile, tell};
use crate::report::Report;
use crate::served::Service;
use crate::settings::Settings;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The token of the subscription.
pub(super) const TOKEN: &str = "BenchSubscription2026";
/// Its key.
pub(super) const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// Events.
const EVENTS: usize = 400;
/// Time between two of them: the looks that they cause stay below the vendor's limit.
const APART: Duration = Duration::from_millis(100);
/// Nobody waits longer for the last one.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the hub is asked whether it has the last one.
const AGAIN: Duration = Duration::from_millis(200);

/// Measures it, at a hub that knows everybody.
pub(super) fn measure(settings: &Settings, pair: &Pair<'_>, report: &mut Report) -> Result<(), String> {
    let service = Service::start(&settings.binary("rosterd"), &["serve", "--log-format", "json"], pair.hub.folder())?;
    let line = service.wait_for("remote systems can call", PATIENCE)?;
    let address = line.pointer("/fields/address").and_then(Value::as_str).ok_or("the log names no address")?;
    let url = format!("http://{address}/receive/ding");
    let callback = json!({ "url": url, "token": TOKEN, "aes_key": AES_KEY, "owner": APP });
    pair.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "callback": callback } } }))?;
    tell(&format!("{EVENTS} events, ten a second"));
    let fired = fire(pair)?;
    let seconds = heard(pair, &fired)?;
    service.end()?;
    report.note("dingtalk, events: half of them applied within", percentile(seconds.clone(), 50), "s");
    report.limit("dingtalk, events: 99 in 100 applied within", percentile(seconds, 99), "s", 3.0);
    Ok(())
}

/// Somebody gets another title, again and again, each time somebody else. When each of them did, by number.
fn fire(pair: &Pair<'_>) -> Result<BTreeMap<usize, u64>, String> {
    let mut fired = BTreeMap::new();
    let begun = Instant::now();
    for n in 0..EVENTS.min(pair.people) {
        // Not after the one before, so that a slow one does not make room for the next.
        let due = APART.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        fired.insert(n, now(pair)?);
        let body = json!({ "texts": { "title": title(n) } });
        pair.vendor.verb("POST", &format!("/people/{}?settle=no", userid(n)), &body)?;
    }
    Ok(fired)
}

fn title(n: usize) -> String {
    format!("Principal {n}")
}

/// The time of this machine, in milliseconds: the simulator's clock runs.
fn now(pair: &Pair<'_>) -> Result<u64, String> {
    pair.vendor.verb("GET", "/clock", &Value::Null)?["now"].as_u64().ok_or_else(|| "there is no time".to_owned())
}

/// How long each event took, in seconds.
fn heard(pair: &Pair<'_>, fired: &BTreeMap<usize, u64>) -> Result<Vec<f64>, String> {
    let begun = Instant::now();
    let mut seconds = Vec::new();
    let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
    for (n, at) in fired {
        let run = loop {
            if let Some(run) = changed_by(pair, *n)? {
                break run;
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("the hub never heard of {}", userid(*n)));
            }
            std::thread::sleep(AGAIN);
        };
        // A run that changed somebody may have to deliver yet.
        while !ends.contains_key(&run) && begun.elapsed() < PATIENCE {
            ends = ended(pair)?;
        }
        let end = ends.get(&run).ok_or_else(|| format!("run {run} never ended"))?;
        seconds.push(end.saturating_sub(*at) as f64 / 1e3);
    }
    Ok(seconds)
}

/// The run that gave somebody the new title.
fn changed_by(pair: &Pair<'_>, n: usize) -> Result<Option<u64>, String> {
    let said = pair.hub.rosterd(&["account", "history", &userid(n), "--format", "json"])?.json()?;
    let title = title(n);
    let is_it = |change: &&Value| change["attribute"] == "title" && says(&change["after"], &title);
    Ok(said["changes"].as_array().into_iter().flatten().find(is_it).and_then(|change| change["run"].as_u64()))
}

/// True for a value that is this text.
fn says(value: &Value, text: &str) -> bool {
    value.as_str() == Some(text)
}

/// When the latest runs ended.
fn ended(pair: &Pair<'_>) -> Result<BTreeMap<u64, u64>, String> {
    let said = pair.hub.rosterd(&["runs", "list", "--limit", "1000", "--format", "json"])?.json()?;
    let runs = said["runs"].as_array().into_iter().flatten();
    Ok(runs.filter_map(|run| Some((run["id"].as_u64()?, run["ended"].as_u64()?))).collect())
}
