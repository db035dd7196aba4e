//! The dingtalk connector, natively, against the simulator: events over HTTP and over a socket become hints, and what they
//! name is read again. What a hub does in between (it serves the address, stores hints, wakes the job) is played here.
#![expect(clippy::panic, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod hub;

use hub::{Simulator, Wire, crypto, send, serve_one};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::receiver::Request;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Class, Fault, Hint, Listener, ObjectRef, Receiver, Source, Subscription};
use serde_json::{Value, json};
use std::net::TcpListener;

/// Where the simulator's clock stands, and the hub's.
const NOW: u64 = 1_767_225_600_000;
const TOKEN: &str = "SyncTok2026";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The sample organisation with one application.
fn state(app: &str, described: &Value) -> Value {
    let mut state: Value = serde_json::from_str(include_str!("../../clients/state.json")).expect("it is JSON");
    state["apps"] = json!({ app: described });
    state
}

fn world(simulator: &Simulator, app: (&'static str, &'static str)) -> World {
    let (port, url) = (simulator.api, format!("http://127.0.0.1:{}", simulator.api));
    let settings = json!({ "app-key": app.0, "corp-id": "dingcorp0001", "server": url, "new-server": url, "gateways": [format!("ws://127.0.0.1:{port}")] });
    let world = World::new().settings(settings).at_ms(NOW).crypto(crypto).secret("app-secret", app.1);
    world.http(move |request| send(port, app, request)).server("127.0.0.1", port, Wire { port, stream: None })
}

/// Class and id, and whether the hint tells of a delete.
fn named(hint: &Hint) -> (&'static str, &str, bool) {
    let deleted = hint.detail.contains("\"deleted\":true");
    (hint.class.map_or("any", |class| class.as_str()), hint.id.as_deref().unwrap_or("*"), deleted)
}

/// What the source says of an object that a hint named: its name; none if it is not there.
fn read_again(class: Class, id: &str) -> Result<Option<String>, Fault> {
    let answer = open::<Dingtalk>()?.read(&[ObjectRef { class, id: id.to_owned() }]).pop().expect("one answer");
    let name = |text: &str| serde_json::from_str::<Value>(text).ok()?.get("name")?.as_str().map(str::to_owned);
    Ok(answer?.and_then(|object| name(&object.attributes)))
}

/// Does something at the simulator while the connector answers so many callbacks.
fn called(simulator: &Simulator, listener: &TcpListener, count: usize, change: &(&str, &str, Value)) -> Vec<Hint> {
    std::thread::scope(|scope| {
        // The change returns once everything that it caused was delivered.
        let changing = scope.spawn(|| simulator.control(change.0, change.1, &change.2));
        let mut hints = Vec::new();
        for _ in 0..count {
            serve_one(listener, |query, body| {
                let (method, path, context) = ("POST".to_owned(), "/".to_owned(), "{}".to_owned());
                let request = Request { method, path, query: query.to_owned(), headers: vec![], body, context };
                let answer = open::<Dingtalk>().expect("it opens").handle(request);
                hints.extend(answer.hints);
                (answer.response.status, answer.response.body)
            });
        }
        changing.join().unwrap_or_else(|_| panic!("{change:?} failed"));
        hints
    })
}

#[test]
fn callbacks_become_hints_that_are_read_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/dingtalk", listener.local_addr().expect("an address"));
    const APP: (&str, &str) = ("dingsimkey001", "SIMSECRET");
    for (owner, spelling) in [(APP.0, "current"), ("dingcorp0001", "legacy")] {
        for signature in ["both", "signature", "msg_signature"] {
            let callback = json!({ "url": url, "token": TOKEN, "aes_key": AES_KEY, "owner": owner, "spelling": spelling, "signature": signature });
            let simulator = Simulator::start(&state(APP.0, &json!({ "secret": APP.1, "callback": callback })));
            let key = decoded_key();
            let _world = world(&simulator, APP).secret("callback-token", TOKEN).secret("aes-key", key).enter();
            let call = |method, path, body| called(&simulator, &listener, 1, &(method, path, body));

            let hints = call("POST", "/people/u1001", json!({ "name": "Li L" }));
            assert_eq!(hints.iter().map(named).collect::<Vec<_>>(), [("account", "u1001", false)]);
            assert_eq!(hints[0].event_id.is_some(), spelling == "current");
            assert_eq!(read_again(Class::Account, "u1001").expect("it is read").as_deref(), Some("Li L"));

            let hints = call("DELETE", "/people/u1001?reason=leave", Value::Null);
            assert_eq!(hints.iter().map(named).collect::<Vec<_>>(), [("account", "u1001", true)]);
            assert_eq!(read_again(Class::Account, "u1001"), Ok(None));

            let hints = call("POST", "/departments/42000036", json!({ "name": "Fairs" }));
            assert_eq!(hints.iter().map(named).collect::<Vec<_>>(), [("org-unit", "42000036", false)]);
            assert_eq!(read_again(Class::OrgUnit, "42000036").expect("it is read").as_deref(), Some("Fairs"));

            call("POST", "/fire", json!({ "type": "check_url" }));
            let hints = call("POST", "/fire", json!({ "type": "user_active_org", "users": ["u1002", "u1003"] }));
            assert_eq!(hints.len(), 2);
            assert!(call("POST", "/fire", json!({ "type": "chat_disband" })).is_empty());

            let events = simulator.control("GET", "/events", &Value::Null);
            let progress: Vec<&Value> = events.as_array().expect("a list").iter().map(|one| &one["progress"]).collect();
            assert_eq!(progress, vec!["done"; 6], "{events}");
        }
    }
}

/// 43 letters, of which the last has bits to spare, as the hub decodes them.
fn decoded_key() -> Vec<u8> {
    use base64::Engine;
    let lenient = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    engine.decode(format!("{AES_KEY}=")).expect("base64")
}

#[test]
fn events_over_a_socket_are_acknowledged_once_the_hub_has_them() {
    const APP: (&str, &str) = ("dingstream003", "STREAM");
    let simulator = Simulator::start(&state(APP.0, &json!({ "secret": APP.1, "stream": true })));
    let _world = world(&simulator, APP).enter();
    let mut events =
        open::<Dingtalk>().expect("it opens").listen(&[Class::Account, Class::OrgUnit]).expect("it listens");
    let control = |method, path, body| simulator.control(method, path, &body);
    let progress = || control("GET", "/events", Value::Null)[0]["progress"].clone();

    control("POST", "/people/u77", json!({ "name": "Streamed" }));
    let hints = events.next(5_000).expect("hints");
    assert_eq!(hints.iter().map(named).collect::<Vec<_>>(), [("account", "u77", false)]);
    assert_eq!(read_again(Class::Account, "u77").expect("it is read").as_deref(), Some("Streamed"));
    assert_eq!(progress(), "waiting", "not before the hub has stored it");
    assert_eq!(events.next(0), Ok(vec![]));
    let said = || control("GET", "/streams", Value::Null)[0]["said"].as_array().cloned().unwrap_or_default();
    let heard = |count: usize| {
        (0..500).any(|_| {
            std::thread::yield_now();
            said().len() >= count
        })
    };
    assert!(heard(1), "{:?}", said());
    assert_eq!(progress(), "done");

    let pinged = control("POST", "/streams", json!({ "system": "ping" }));
    assert_eq!(events.next(500), Ok(vec![]));
    assert!(heard(2), "{:?}", said());
    assert_eq!(said()[1]["headers"]["messageId"], pinged["messages"][0]);
    assert!(said()[1]["data"].as_str().is_some_and(|data| data.contains("opaque")));

    // A robot's message is nobody's business here, and is acknowledged all the same.
    let messages = control("POST", "/streams", json!({ "callback": "/v1.0/im/bot/messages/get" }))["messages"].clone();
    assert_eq!(events.next(500), Ok(vec![]));
    assert!(heard(3), "{:?}", said());
    assert_eq!((&said()[2]["headers"]["messageId"], &said()[2]["code"]), (&messages[0], &json!(200)));

    // Whoever stops before the hub has stored something gets it again.
    control("POST", "/departments/42000036", json!({ "name": "Fairs" }));
    assert_eq!(
        events.next(5_000).expect("hints").iter().map(named).collect::<Vec<_>>(),
        [("org-unit", "42000036", false)]
    );
    drop(events);
    // A gateway that has not noticed sends it to where nobody is, and waits for another minute.
    let noticed = (0..500).any(|_| {
        std::thread::yield_now();
        control("GET", "/streams", Value::Null) == json!([])
    });
    assert!(noticed, "the gateway still has a stream");
    control("POST", "/clock", json!({ "advance": 60_000 }));
    let mut events = open::<Dingtalk>().expect("it opens").listen(&[Class::OrgUnit]).expect("it listens again");
    assert_eq!(events.next(5_000).expect("hints").len(), 1);

    control("POST", "/streams", json!({ "system": "disconnect" }));
    let fault = events.next(5_000).expect_err("the gateway goes away");
    assert!(fault.message.contains("goes away") && fault.retry_after_ms.is_some(), "{fault:?}");
    assert_eq!(control("GET", "/mistakes", Value::Null), json!([]));
}
