//! The service, and commands beside it.

use crate::probe::peer::{Answer, Peer, Request};
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rosterd_tests::hub::{Hub, people};
use rosterd_tests::service::Service;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// A hub whose job runs again and again.
fn busy() -> Hub {
    // What changes while it is read is on no tape as it was.
    let hub = Hub::new().untaped();
    hub.configure(
        "[job.hr]\nsource = \"hr\"",
        "[job.hr]\nsource = \"hr\"\nschedule = { every = \"100ms\", jitter = \"0s\" }",
    );
    hub.write("people.csv", &people(1, 300));
    hub
}

/// Commands, and the exit codes that are right for them.
const COMMANDS: &[(&[&str], &[i32])] = &[
    (&["account", "list", "--limit", "1000"], &[0]),
    (&["account", "show", "user1"], &[0]),
    (&["account", "history", "user1"], &[0]),
    (&["account", "why", "user2.mail"], &[0]),
    (&["plan", "hr"], &[0, 6]),
    (&["plan", "show", "00000000"], &[2]),
    (&["plan", "approve", "00000000"], &[2]),
    (&["apply", "00000000"], &[2]),
    (&["run", "hr"], &[0, 6, 7]),
    (&["quarantine", "list"], &[0]),
    (&["quarantine", "show", "999"], &[2]),
    (&["quarantine", "release", "999"], &[2]),
    (&["connection", "list"], &[0]),
    (&["connection", "discover", "hr"], &[0]),
    (&["runs", "list"], &[0]),
    (&["runs", "show", "1"], &[0]),
    (&["import", "more.csv"], &[0, 6, 7]),
    (&["export", "all.csv"], &[0]),
    (&["check"], &[0]),
    (&["check", "--online"], &[0]),
    (&["plugin", "list"], &[0]),
    (&["plugin", "describe", "csv"], &[0]),
    (&["plugin", "inspect", "csv", "--connection", "hr"], &[0]),
    (&["store", "verify"], &[0]),
    (&["store", "stats"], &[0]),
    (&["store", "backup", "copy.redb"], &[0]),
    (&["config", "schema"], &[0]),
    (&["status"], &[0]),
    (&["serve", "reload"], &[0]),
    (&["serve"], &[2]),
];

#[test]
fn every_command_works_beside_a_busy_service() {
    let hub = busy();
    hub.write("more.csv", "employee_number,username\n90001,extra1\n90002,extra2\n");
    let service = Service::start(&hub);
    drop(service.wait_for("a run ended"));
    assert!(COMMANDS.len() >= 25);
    // Four at a time, while the service runs its job all the time and people change under it.
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let hub = &hub;
            scope.spawn(move || {
                for (words, codes) in COMMANDS.iter().skip(worker).step_by(4) {
                    let said = hub.rosterd(words);
                    let all = format!("{words:?}: {:?}\n{}{}", said.code, said.out, said.err);
                    assert!(!all.contains("is open in"), "{all}");
                    assert!(said.code.is_some_and(|code| codes.contains(&code)), "{all}");
                }
            });
        }
        for round in 1..=3 {
            // In one step, as whoever exports a file while others read it must do.
            hub.write("people.new", &people(1, 300 + round));
            std::fs::rename(hub.path("people.new"), hub.path("people.csv")).expect("moved");
            drop(service.wait_for_nth("a run ended", 2 * round));
        }
    });
    let runs = service.log().iter().filter(|line| line["fields"]["message"] == "a run ended").count();
    assert!(runs >= 6, "the service did next to nothing: {runs} runs");
    assert_eq!(service.end(), Some(0));
    hub.verify();
}

#[test]
fn a_path_is_one_of_the_caller_and_the_caller_is_recorded() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 5));
    let service = Service::start(&hub);
    let ran = hub.rosterd(&["run", "hr", "--format", "json"]).code(0).json();
    let user = std::process::Command::new("id").arg("-un").output().expect("id").stdout;
    assert_eq!(ran["run"]["by"], String::from_utf8_lossy(&user).trim());
    drop(hub.rosterd(&["export", "here.csv"]).code(0));
    assert_eq!(hub.read("here.csv").lines().count(), 6);
    let refused = hub.rosterd(&["run", "nobody", "--format", "json"]).code(2);
    assert!(refused.err.contains("there is no job"), "{}", refused.err);
    assert_eq!(service.end(), Some(0));
    assert!(!hub.path("data/control.sock").exists());
}

#[test]
fn who_has_the_store_is_named() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 3));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let path = hub.path("data/hub.redb");
    let store = rosterd_store::Store::open(&path, rosterd_store::OpenOptions::default()).expect("a store");
    rosterd_store::holder::announce(&path, "rosterd import");
    for words in [["account", "list"], ["run", "hr"]] {
        let said = hub.rosterd(&words).code(4);
        let who = format!("is open in process {} (rosterd import)", std::process::id());
        assert!(said.err.contains(&who), "{}", said.err);
    }
    drop(store);
    drop(hub.rosterd(&["account", "list"]).code(0));
}

#[test]
fn a_broken_configuration_is_refused_and_the_old_one_stays() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 5));
    let service = Service::start(&hub);
    let right = hub.read("rosterd.toml");
    hub.configure("displayName = 'source.display_name'", "displayName = 'source.display_name +'");
    let said = hub.rosterd(&["serve", "reload"]).code(3);
    assert!(said.err.contains("rosterd.toml:") && said.err.contains("goes on with the configuration"), "{}", said.err);
    service.signal("HUP");
    drop(service.wait_for_nth("the configuration was not reloaded", 2));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub.write("rosterd.toml", &right);
    // Another plugin that can not be loaded is as bad as another configuration that can not be read.
    let component = std::fs::read(hub.path("plugins/csv.wasm")).expect("a component");
    hub.write("plugins/csv.wasm", "this is no component");
    drop(hub.rosterd(&["serve", "reload"]).code(5));
    // A job that needs it is refused by its name, until it is whole again.
    assert!(hub.rosterd(&["run", "hr"]).code(3).err.contains("plugins/csv.wasm"));
    std::fs::write(hub.path("plugins/csv.wasm"), component).expect("written");
    hub.configure("displayName = 'source.display_name'", "displayName = 'ToUpper(source.display_name)'");
    let said = hub.rosterd(&["serve", "reload", "--format", "json"]).code(0).json();
    assert_eq!((&said["policy-changed"], &said["jobs"][0]), (&true.into(), &"hr".into()));
    hub.configure("path = \"data/hub.redb\"", "path = \"data/other.redb\"");
    let said = hub.rosterd(&["--config", "rosterd.toml", "serve", "reload"]);
    assert_ne!(said.code, Some(0), "{}{}", said.out, said.err);
    hub.configure("data/other.redb", "data/hub.redb");
    assert_eq!(service.end(), Some(0));
    hub.verify();
}

#[test]
fn the_service_ends_in_order_and_the_next_one_goes_on() {
    let hub = busy();
    hub.write("people.csv", &people(1, 2_000));
    let service = Service::start(&hub);
    drop(service.wait_for("a run started"));
    assert_eq!(service.end(), Some(0));
    hub.verify();
    // And one that is killed loses nothing either.
    let service = Service::start(&hub);
    drop(service.wait_for("a run started"));
    service.kill();
    hub.verify();
    let service = Service::start(&hub);
    drop(service.wait_for("a run ended"));
    assert_eq!(service.end(), Some(0));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    assert_eq!(hub.read("directory.csv").lines().count(), 2_001);
    hub.verify();
}

#[test]
fn status_says_what_runs_and_what_waits_for_a_person() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 40));
    let alone = hub.rosterd(&["status"]).code(0);
    assert!(alone.out.contains("does not run"), "{}", alone.out);
    let service = Service::start(&hub);
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub.write("people.csv", &people(1, 5));
    drop(hub.rosterd(&["run", "hr"]).code(6));
    let said = hub.rosterd(&["status"]).code(0);
    for word in ["rosterd serve runs since", "held: plan", "rosterd plan approve", "2: held"] {
        assert!(said.out.contains(word), "no {word:?} in {}", said.out);
    }
    let json = hub.rosterd(&["status", "--format", "json"]).code(0).json();
    assert_eq!(json["jobs"][0]["last-state"], "held");
    assert_eq!(service.end(), Some(0));
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n").expect("written");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

#[test]
fn machines_read_metrics_and_health() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 5));
    hub.configure("[limits]", "[serve]\nmetrics = \"127.0.0.1:0\"\n[limits]");
    let service = Service::start(&hub);
    let listening = service.wait_for("metrics can be read");
    let address = listening["fields"]["address"].as_str().expect("an address").to_owned();
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let metrics = get(&address, "/metrics");
    for line in [
        "rosterd_runs_total{job=\"hr\",outcome=\"ok\"} 1",
        "rosterd_records_total{job=\"hr\"} ",
        "rosterd_objects_total{job=\"hr\",kind=\"account\",action=\"created\",result=\"success\"} 5",
        "rosterd_outbox_entries{connection=\"directory\"} 0",
        "rosterd_store_bytes ",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    assert!(get(&address, "/healthz").contains("200 OK") && get(&address, "/readyz").contains("ready"));
    assert_eq!(service.end(), Some(0));
}

const HOOK_KEY: &str = "Elster/19+gelb=blau";

/// The next message that is not about what was set aside: org units that are gone with their people are, here.
fn news(messages: &mpsc::Receiver<Request>) -> (Request, serde_json::Value) {
    loop {
        let message = messages.recv_timeout(Duration::from_secs(60)).expect("a message");
        let body: serde_json::Value = serde_json::from_slice(&message.body).expect("JSON");
        if body["type"] != "rosterd.quarantine.grew" {
            return (message, body);
        }
    }
}

#[test]
fn a_held_plan_is_told_to_a_webhook_once_and_signed() {
    let (sender, messages) = mpsc::channel::<Request>();
    let sender = Arc::new(Mutex::new(sender));
    let refused = Arc::new(Mutex::new(1));
    let peer = Peer::http(move |request: &Request| {
        // The first attempt is refused, so that it comes again.
        let mut refuse = refused.lock().expect("nobody panicked");
        if *refuse > 0 {
            *refuse -= 1;
            return Answer::text(503, "later");
        }
        let copy = Request { path: request.path.clone(), headers: request.headers.clone(), body: request.body.clone() };
        drop(sender.lock().expect("nobody panicked").send(copy));
        Answer::text(204, "")
    });
    let hub = Hub::new();
    hub.watched.variable("HOOK_KEY", HOOK_KEY);
    let notify = format!("[notify]\nurl = \"{}/hook\"\nsecret = {{ env = \"HOOK_KEY\" }}\n[limits]", peer.url());
    hub.configure("[limits]", &notify);
    hub.write("people.csv", &people(1, 40));
    let service = Service::start(&hub);
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub.write("people.csv", &people(1, 5));
    drop(hub.rosterd(&["run", "hr"]).code(6));
    drop(hub.rosterd(&["run", "hr"]).code(6));
    let (message, body) = news(&messages);
    assert_eq!((&body["type"], &body["data"]["job"]), (&"rosterd.plan.held".into(), &"hr".into()));
    assert_eq!(body["data"]["sample"].as_array().map(Vec::len), Some(10));
    assert!(body["data"]["release"].as_str().is_some_and(|text| text.starts_with("rosterd plan approve ")));
    let header = |name: &str| message.header(name).expect("a header").to_owned();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(HOOK_KEY.as_bytes()).expect("any length");
    mac.update(format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    mac.update(&message.body);
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));
    // The job is well again: that is told too, and the same hold was told once only.
    std::fs::remove_file(hub.path("people.csv")).expect("it was there");
    assert_ne!(hub.rosterd(&["run", "hr"]).code, Some(0));
    hub.write("people.csv", &people(1, 40));
    // Org units that were missing stay set aside, which is no failure.
    let ran = hub.rosterd(&["run", "hr"]);
    assert!(matches!(ran.code, Some(0 | 7)), "{}{}", ran.out, ran.err);
    let (_, body) = news(&messages);
    assert_eq!((&body["type"], &body["data"]["after"]), (&"rosterd.job.recovered".into(), &"failed".into()));
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_store_of_a_later_version_or_half_a_file_is_refused_and_left_as_it_is() {
    use rosterd_store::prelude::*;
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 50));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let path = hub.path("data/hub.redb");
    let right = std::fs::read(&path).expect("a store");
    let refused = |sentence: &str| {
        let before = std::fs::metadata(&path).expect("a store").len();
        for words in [&["serve"][..], &["run", "hr"], &["account", "list"], &["status"]] {
            let said = hub.rosterd(words).code(4);
            assert!(said.err.contains(sentence), "{words:?}: {}", said.err);
        }
        // The engine of the store may mark its head when it looks into a file; nothing is cut and nothing added.
        assert_eq!(before, std::fs::metadata(&path).expect("a store").len(), "what is refused is left as it is");
    };
    let store = rosterd_store::Store::open(&path, rosterd_store::OpenOptions::default()).expect("a store");
    let later = rosterd_store::SCHEMA_VERSION + 1;
    store.commit::<_, rosterd_store::StoreError>("later", |w| w.put_schema_version(later)).expect("written");
    store.close().expect("closed");
    refused("install the rosterd that wrote it");
    std::fs::write(&path, &right[..right.len() / 2]).expect("written");
    refused("restore a backup");
    std::fs::write(&path, &right).expect("written");
    assert_eq!(
        hub.rosterd(&["account", "list", "--format", "json"]).code(0).json()["accounts"].as_array().map(Vec::len),
        Some(50)
    );
    hub.verify();
}
