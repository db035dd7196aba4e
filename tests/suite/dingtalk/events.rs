//! Events through the whole hub, with what gets lost, comes twice and comes late. Nothing is read but what they are about.

use super::company::Company;
use super::directory::Directory;
use super::{APP, Pair, Way};
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The token of the subscription; it is looked for wherever it must not be.
const TOKEN: &str = "KanariSubscription2026";
/// Its key.
const AES_KEY: &str = "kanarivogel0123456789abcdefghijklmnopqrstuv";
/// Whoever has not heard of a change after this time never will.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn days_by_callbacks() {
    days(Way::Callbacks);
}

#[test]
fn days_over_a_stream() {
    days(Way::Stream);
}

fn days(way: Way) {
    let (mut company, mut organisation) = Company::new(29, 1_500, 60);
    // Callbacks are signed with the time, so both clocks are that of the machine.
    organisation["settings"].as_object_mut().expect("settings").remove("clock");
    if way == Way::Stream {
        organisation["apps"][APP]["stream"] = true.into();
    }
    let pair = Pair::new(organisation, way);
    pair.hub.watched.variable("DING_CALLBACK_TOKEN", TOKEN);
    pair.hub.watched.variable("DING_AES_KEY", AES_KEY);
    drop(pair.hub.rosterd(&["run", "ding"]).code(0));
    pair.assert_equal();
    let service = Service::start(&pair.hub);
    subscribe(way, &pair, &service);
    pair.vendor.verb("DELETE", "/log", &Value::Null);

    company.changes(&pair.vendor);
    heard(&pair, &service);
    // They come in another order than they happened in.
    pair.vendor.verb("POST", "/events", &json!({ "hold": true }));
    company.changes(&pair.vendor);
    pair.vendor.verb("POST", "/events", &json!({ "hold": false, "release": "reversed" }));
    heard(&pair, &service);
    // They come three times.
    pair.vendor.verb("POST", "/events", &json!({ "repeat": { "after": 0, "times": 2 } }));
    company.changes(&pair.vendor);
    heard(&pair, &service);
    let listed = pair.vendor.verb("GET", "/counts", &Value::Null)["calls"].as_object().cloned().expect("calls");
    assert!(!listed.keys().any(|call| call.contains("/topapi/v2/user/list")), "a scan read everything: {listed:?}");
    // Those that are lost are found by the next run.
    for after in 0..60 {
        pair.vendor.verb("POST", "/events", &json!({ "lose": { "after": after } }));
    }
    company.changes(&pair.vendor);
    assert_eq!(service.end(), Some(0));
    drop(pair.hub.rosterd(&["run", "ding"]));
    Directory::of_hub(&pair.hub).assert_nobody_wrongly_removed(&pair.vendor.directory(), "");
    pair.hub.verify();
}

/// Lets the vendor tell the service.
fn subscribe(way: Way, pair: &Pair, service: &Service) {
    if way == Way::Stream {
        drop(service.wait_for("connection ding listens"));
        return;
    }
    let line = service.wait_for("remote systems can call");
    let address = line["fields"]["address"].as_str().expect("an address").to_owned();
    let url = format!("http://{address}/receive/ding");
    let callback = json!({ "url": url, "token": TOKEN, "aes_key": AES_KEY, "owner": APP });
    pair.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "callback": callback } } }));
}

/// Waits until the hub knows of everybody what the vendor has.
fn heard(pair: &Pair, service: &Service) {
    // Whatever came before was looked at before this one is known.
    let last = Company::somebody_read_late(&pair.vendor);
    let name = format!("{last} at last");
    pair.vendor.verb("POST", &format!("/people/{last}"), &json!({ "name": name }));
    let begun = Instant::now();
    loop {
        let known = Directory::listed(&pair.hub);
        let different = known.other_people(&pair.vendor.directory());
        if different.is_empty() {
            return;
        }
        if begun.elapsed() > PATIENCE {
            let sent = pair.vendor.verb("GET", "/events", &Value::Null);
            let log = service.log().iter().rev().take(40).map(ToString::to_string).collect::<Vec<_>>().join("\n");
            panic!("events were not heard:\n{}\nsent: {sent}\nlog, the newest first:\n{log}", different.join("\n"));
        }
    }
}
