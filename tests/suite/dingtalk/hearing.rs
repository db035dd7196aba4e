//! A service that hears of changes, and what the vendor sent it.

use super::company::Company;
use super::directory::Directory;
use super::{APP, Pair, Way};
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The token of the subscription; it is looked for wherever it must not be.
const TOKEN: &str = "KanariSubscription2026";
/// Its key.
const AES_KEY: &str = "kanarivogel0123456789abcdefghijklmnopqrstuv";
/// Whoever has not heard of a change after this time, and was asked so often, never will: machines of tests stop for minutes.
const PATIENCE: Duration = Duration::from_secs(120);
const OFTEN: u32 = 60;

/// The secrets of callbacks, without which a hub that is called can do nothing.
pub(super) fn secrets(pair: &Pair) {
    pair.hub.watched.variable("DING_CALLBACK_TOKEN", TOKEN);
    pair.hub.watched.variable("DING_AES_KEY", AES_KEY);
}

/// Starts the service, and lets the vendor tell it.
pub(super) fn start(pair: &Pair) -> Service {
    let service = Service::start(&pair.hub);
    if pair.way == Way::Stream {
        drop(service.wait_for("connection ding listens"));
        return service;
    }
    let line = service.wait_for("remote systems can call");
    let address = line["fields"]["address"].as_str().expect("an address").to_owned();
    let url = format!("http://{address}/receive/ding");
    let callback = json!({ "url": url, "token": TOKEN, "aes_key": AES_KEY, "owner": APP });
    pair.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "callback": callback } } }));
    service
}

/// Asks again whenever the service said something, until there is an answer.
pub(super) fn until<T>(pair: &Pair, service: &Service, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    for asked in 1_u32.. {
        let said = service.log().len();
        let why = match ask() {
            Ok(answer) => return answer,
            Err(why) => why,
        };
        if begun.elapsed() > PATIENCE && asked > OFTEN {
            let sent = pair.vendor.verb("GET", "/events", &Value::Null);
            let log = service.log().iter().rev().take(40).map(ToString::to_string).collect::<Vec<_>>().join("\n");
            panic!("{why}\nsent: {sent}\nlog, the newest first:\n{log}");
        }
        service.wait_for_more(said);
    }
    unreachable!("nobody asks four billion times")
}

/// Waits until the hub knows of all people but these what the vendor has.
pub(super) fn heard(pair: &Pair, service: &Service, but: &BTreeSet<String>) {
    // Whatever came before was looked at before this one is known.
    let last = Company::somebody_read_late(&pair.vendor);
    let name = format!("{last} at last, day {}", pair.day.get());
    pair.vendor.verb("POST", &format!("/people/{last}"), &json!({ "name": name }));
    until(pair, service, || {
        let said = pair.hub.rosterd(&["account", "show", &last, "--format", "json"]);
        let known = said.code == Some(0) && said.json()["account"]["attributes"]["displayName"] == *name;
        if known { Ok(()) } else { Err(format!("nobody heard of {name:?}: {}{}", said.out, said.err)) }
    });
    let there = pair.vendor.directory();
    until(pair, service, || {
        let known = Directory::listed(&pair.hub);
        known.assert_nobody_wrongly_removed(&there, "while events came");
        let different = known.other_people(&there, but);
        if different.is_empty() { Ok(()) } else { Err(format!("events were not heard:\n{}", different.join("\n"))) }
    });
}

/// What the vendor sent since a delivery.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Everybody whom these events are about.
    pub(super) people: BTreeSet<String>,
    /// Those of whom at least one event was lost.
    pub(super) lost: BTreeSet<String>,
    /// Each event with each object that it is about, if it came.
    pub(super) objects: BTreeSet<String>,
    /// Events that were lost.
    pub(super) events_lost: usize,
    /// Attempts, acknowledged or not.
    pub(super) attempts: u64,
    /// Deliveries that needed several.
    pub(super) again: usize,
    /// The number of the last one.
    pub(super) last: u64,
}

/// What was sent after the delivery of this number.
pub(super) fn sent(pair: &Pair, after: u64) -> Sent {
    let mut found = Sent { last: after, ..Sent::default() };
    for one in pair.vendor.verb("GET", "/events", &Value::Null).as_array().expect("a list") {
        let number = one["number"].as_u64().expect("a number");
        if number <= after {
            continue;
        }
        found.last = found.last.max(number);
        let all = |name: &str| one[name].as_array().cloned().unwrap_or_default();
        let people: Vec<String> = all("users").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        found.people.extend(people.iter().cloned());
        if one["progress"] == "lost" {
            found.lost.extend(people);
            found.events_lost += 1;
            continue;
        }
        let departments = all("departments");
        let objects = people.iter().cloned().chain(departments.iter().map(ToString::to_string));
        found.objects.extend(objects.map(|object| format!("{} {object}", one["event"])));
        let attempts = one["attempts"].as_u64().expect("a number");
        found.attempts += attempts;
        found.again += usize::from(attempts > 1);
    }
    found
}
