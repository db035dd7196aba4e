//! Secrets in use: a source sends one in every way there is, the server gets it, and nothing that the hub writes and no
//! guest ever holds it. And once the other way round: a secret that a guest does hold is found.

use crate::probe::peer::{Answer, Peer, Request};
use base64::Engine as _;
use rosterd_tests::hub::{CANARY_OF_HR, Hub, people};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"

[secrets]
file = "SAFE"
identity = "IDENTITY"

[connection.hr]
plugin = "probe"
[connection.hr.settings]
protocol = "people"
api = "API"
note = "NOTE"
[connection.hr.grants]
http = ["API"]
networks = ["127.0.0.0/8"]
[connection.hr.secrets]
api-token = { env = "HR_TOKEN" }
api-key = { command = ["cat", "KEY"] }
app-secret = { store = "hr-app" }
api-password = { file = "PASSWORD" }

[connection.directory]
plugin = "csv"
[connection.directory.settings]
file = "directory.csv"
id = "employee_number"
[connection.directory.grants]
files = ["directory.csv"]
[connection.directory.secrets]
canary = { env = "ROSTERD_TEST_CANARY" }

[job.hr]
source = "hr"
[job.hr.account.map]
userName = 'ToLower(source.name)'
displayName = 'source.note'

[deliver.directory]
first-delivery = "allow"
[deliver.directory.account.map]
employee_number = 'account.userName'
username = 'account.userName'
display_name = 'account.displayName'
"#;

const TOKEN: &str = "Kanari-token/17+gelb=blau";
const KEY: &str = "Kanari key/18+\"gelb\" & blau";
const APP: &str = "Kanari app/19+\"gelb\" \\ blau";
const PASSWORD: &str = "Kanari pass/20+\"grün\" & blau";

/// A server that wants the right secret on each page, and gives away what it got: in the body and in a header.
fn server(right: &Arc<Mutex<Vec<String>>>) -> Peer {
    let right = Arc::clone(right);
    Peer::http(move |request| {
        let got = got(request);
        if got.is_some() {
            right.lock().expect("nobody panicked").push(request.path.split('?').next().unwrap_or_default().to_owned());
        }
        let (name, Some(secret)) = (request.path[1..].split('?').next().unwrap_or_default().to_owned(), got) else {
            return Answer::text(401, "who are you?");
        };
        let person = json!([{ "id": format!("id-{name}"), "name": name, "echo": secret }]);
        Answer::json(&person).header("x-echo", &secret.replace('ü', "u"))
    })
}

/// The secret of a request, if it is the right one.
fn got(request: &Request) -> Option<String> {
    let header = request.header("authorization").unwrap_or_default();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("sync:{PASSWORD}"));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (secret, right) = match request.path.as_str() {
        "/bearer" => (TOKEN, header == format!("Bearer {TOKEN}")),
        "/key?key=Kanari%20key%2F18%2B%22gelb%22%20%26%20blau" => (KEY, true),
        "/body" => (APP, body["secret"] == APP),
        "/basic" => (PASSWORD, header == format!("Basic {basic}")),
        _ => return None,
    };
    right.then(|| secret.to_owned())
}

fn hub(api: &str, note: &str) -> Hub {
    let hub = Hub::with(&["csv", "probe"]);
    let watched = &hub.watched;
    watched.variable("HR_TOKEN", TOKEN);
    let (key, password) = (watched.file("key", KEY), watched.file("password", PASSWORD));
    let config = CONFIG.replace("API", api).replace("NOTE", note);
    let places = [("SAFE", watched.path("safe.age")), ("IDENTITY", watched.path("identity")), ("KEY", key)];
    let config = [("PASSWORD", password)]
        .into_iter()
        .chain(places)
        .fold(config, |text, (name, path)| text.replace(&format!("\"{name}\""), &format!("\"{}\"", path.display())));
    hub.write("rosterd.toml", &config);
    hub
}

/// Puts a secret into the encrypted store, which stays in the folder of the hub and is searched.
fn store(hub: &Hub, name: &str, secret: &str) {
    drop(hub.rosterd(&["secret", "init"]).code(0));
    let input = hub.watched.file("input", secret);
    drop(hub.rosterd_reading(&["secret", "set", name], &input).code(0));
}

#[test]
fn every_kind_of_secret_reaches_the_server_and_is_nowhere_else() {
    let right = Arc::new(Mutex::new(Vec::new()));
    let peer = server(&right);
    let hub = hub(&peer.url(), "nothing");
    hub.configure(&hub.watched.path("safe.age").display().to_string(), "data/safe.age");
    store(&hub, "hr-app", APP);
    let said = hub.rosterd(&["run", "hr", "--verbose"]).code(0);
    assert_eq!(*right.lock().expect("nobody panicked"), ["/bearer", "/key", "/body", "/basic"], "{}", said.err);
    assert_eq!(hub.read("directory.csv").lines().count(), 5, "{}{}", said.out, said.err);
    for words in [&["check", "--online", "--verbose"][..], &["secret", "list"], &["runs", "show", "1"], &["run", "hr"]]
    {
        drop(hub.rosterd(words));
    }
    drop(hub.export());
    hub.verify();
    let guests: std::collections::BTreeSet<String> = hub.watched.memories().into_iter().map(|(name, _)| name).collect();
    assert!(["hr", "directory", "file"].iter().all(|name| guests.contains(*name)), "only {guests:?} were searched");
}

#[test]
fn a_wrong_secret_is_not_repeated_by_what_is_said_about_it() {
    let peer = Peer::http(|request| {
        let all = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect::<String>();
        Answer::text(401, &format!("{} is not welcome:\n{all}", request.path))
    });
    let hub = hub(&peer.url(), "nothing");
    store(&hub, "hr-app", APP);
    let said = hub.rosterd(&["run", "hr", "--verbose"]);
    assert_ne!(said.code, Some(0), "{}", said.out);
    assert!(said.err.contains("401") || said.out.contains("401"), "{}{}", said.out, said.err);
    assert!(!hub.watched.memories().is_empty());
}

#[test]
fn a_secret_in_the_settings_is_found_in_memory_store_and_files() {
    let peer = server(&Arc::default());
    let hub = hub(&peer.url(), TOKEN);
    store(&hub, "hr-app", APP);
    drop(hub.rosterd(&["run", "hr"]).code(0));
    drop(hub.rosterd(&["account", "show", "bearer"]));
    let seen = hub.sightings();
    for place in ["HR_TOKEN (plain) in the memory of hr", "HR_TOKEN (plain) in the memory of directory"] {
        assert!(seen.iter().any(|one| one == place), "{place} is not among {seen:#?}");
    }
    for place in ["hub.redb", "directory.csv", "rosterd.toml", "stdout"] {
        assert!(
            seen.iter().any(|one| one.starts_with("HR_TOKEN (plain)") && one.contains(place)),
            "{place}: {seen:#?}"
        );
    }
}

#[test]
fn a_secret_in_a_cell_is_found_in_every_form() {
    let hub = Hub::new();
    let utf16: String = CANARY_OF_HR.chars().flat_map(|c| [c, '\0']).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(CANARY_OF_HR);
    let hex: String = CANARY_OF_HR.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url: String = CANARY_OF_HR.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let rows = [base64, hex, url, utf16].into_iter().enumerate();
    let rows: String = rows.map(|(n, cell)| format!("{n:05},user{n},{cell},,,\n")).collect();
    hub.write("people.csv", &(people(1, 0) + &rows));
    drop(hub.rosterd(&["plan", "hr"]));
    let seen = hub.sightings();
    for form in ["base64", "hex", "url", "utf-16le"] {
        let wanted = format!("ROSTERD_TEST_CANARY ({form}) in the memory of hr");
        assert!(seen.contains(&wanted), "{wanted} is not among {seen:#?}");
    }
}
