//! Clients push people through the receiver of the real hub: over HTTP, into the sandbox, into the store, and on to a file.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

use rosterd_tests::http::{Client, Reply};
use rosterd_tests::hub::Hub;
use rosterd_tests::python::environment;
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[serve]
receive = "127.0.0.1:0"
PUBLIC

[connection.okta]
plugin = "scim"
events = ["receive"]
settings = { attributes = ["urn:company:scim:1.0:User:badge"] }
grants.directory = true

[connection.entra]
plugin = "scim"
events = ["receive"]
grants.directory = true

[connection.directory]
plugin = "csv"
[connection.directory.settings]
file = "directory.csv"
id = "login"
status = { header = "status", enabled = "on", disabled = "off" }
[connection.directory.grants]
files = ["directory.csv"]

[job.okta]
source = "okta"
pushed = true
[job.okta.account.map]
userName = "source.userName"
displayName = "source.displayName"
lifecycle = "source.active == false ? 'suspended' : 'active'"
[job.okta.group.map]
displayName = "source.displayName"
members = "source.members"

[job.entra]
source = "entra"
pushed = true
[job.entra.account.map]
userName = "source.userName"

[authority]
default = ["okta", "entra"]

[deliver.directory]
first-delivery = "allow"
on-leave = "disable"
[deliver.directory.account]
match = ["login"]
[deliver.directory.account.map]
login = "account.userName"
name = { from = "account.displayName", on-null = "clear" }
"#;

const SCOPES: [&str; 6] =
    ["accounts:read", "accounts:write", "org-units:read", "org-units:write", "groups:read", "groups:write"];

/// A hub that serves, and where it listens.
struct Serving {
    hub: Hub,
    service: Service,
    address: String,
}

impl Serving {
    fn new() -> Self {
        Self::known_as("")
    }

    /// A hub that clients know by this line of its configuration.
    fn known_as(public: &str) -> Self {
        let hub = Hub::with(&["scim", "csv"]).untaped();
        hub.write("rosterd.toml", &CONFIG.replace("PUBLIC", public));
        let service = Service::start(&hub);
        let address = service.wait_for("remote systems can call")["fields"]["address"].as_str().unwrap().to_owned();
        Self { hub, service, address }
    }

    /// A new client of a connection, as an operator makes it.
    fn client(&self, name: &str, connection: &str, scopes: &[&str]) -> Client {
        let mut words = vec!["client", "create", name, "--connection", connection, "--format", "json"];
        scopes.iter().for_each(|scope| words.extend(["--scope", scope]));
        let said = self.hub.rosterd(&words).code(0).json();
        let token = said["secret"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
        self.hub.watched.plant("the secret of a client", &token);
        let base = format!("/receive/{connection}");
        Client { address: self.address.clone(), base, token, kind: "application/scim+json" }
    }
}

fn filled(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
}

/// Every member of `wanted` is there; null: it is not.
#[track_caller]
fn holds(wanted: &Value, there: &Value, step: &str) {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(all)) => {
            for (name, value) in wanted {
                holds(value, all.get(name).unwrap_or(&Value::Null), &format!("{step} {name}"));
            }
        }
        (Value::Array(wanted), Value::Array(list)) => {
            assert_eq!(wanted.len(), list.len(), "{step}: {list:?}");
            wanted.iter().zip(list).for_each(|(wanted, there)| holds(wanted, there, step));
        }
        (wanted, there) => assert_eq!(wanted, there, "{step}"),
    }
}

/// Plays what a client is known to send.
fn played(client: &Client, text: &str) {
    let steps: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut kept = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        let send = filled(step["send"].as_str().unwrap(), &kept);
        let (method, target) = send.split_once(' ').unwrap();
        let body = step
            .get("body")
            .map_or(Value::Null, |body| serde_json::from_str(&filled(&body.to_string(), &kept)).unwrap());
        let said = client.ask(method, target, &body);
        let name = format!("step {at}, {send}");
        assert_eq!(Value::from(said.status), step["status"], "{name}: {said:?}");
        let wanted: Value = serde_json::from_str(&filled(&step["answer"].to_string(), &kept)).unwrap();
        if !wanted.is_null() {
            holds(&wanted, &said.body, &name);
        }
        for (name, path) in step.get("keep").and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("/{}", path.as_str().unwrap().replace('.', "/"));
            kept.insert(name.clone(), said.body.pointer(&pointer).and_then(Value::as_str).unwrap().to_owned());
        }
    }
}

#[test]
fn scim2_tester_finds_nothing_wrong_in_the_whole_hub() {
    let serving = Serving::new();
    let client = serving.client("judge", "okta", &SCOPES);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/scim/tests/conformance/receiving");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-judge");
    let output = Command::new(environment(&folder, &sources.join("requirements.txt")))
        .arg(sources.join("judge.py"))
        .arg(format!("http://{}/receive/okta", serving.address))
        .arg(format!("Authorization=Bearer {}", client.token))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python starts");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{report}");
    let counts: Value = serde_json::from_str(report.lines().last().unwrap_or_default()).unwrap_or_default();
    assert!(counts["SUCCESS"].as_u64().unwrap_or(0) >= 135, "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(counts.as_object().map(serde_json::Map::len), Some(1), "nothing but SUCCESS: {report}");
    assert_eq!(serving.service.end(), Some(0));
    serving.hub.verify();
}

#[test]
fn entra_and_okta_push_through_the_whole_hub() {
    let serving = Serving::known_as("public-url = \"https://hub.example\"");
    let okta = serving.client("okta", "okta", &SCOPES);
    played(&okta, include_str!("../../../plugins/scim/tests/fixtures/receiving/okta.json"));
    let entra = serving.client("entra", "entra", &SCOPES);
    for text in [
        include_str!("../../../plugins/scim/tests/fixtures/receiving/entra.json"),
        include_str!("../../../plugins/scim/tests/fixtures/receiving/entra-flag.json"),
    ] {
        played(&entra, &text.replace("/receive/okta/", "/receive/entra/"));
    }
    assert_eq!(serving.service.end(), Some(0));
    serving.hub.verify();
}

#[test]
fn who_is_pushed_reaches_a_file_and_who_is_deleted_is_disabled_there() {
    let serving = Serving::new();
    let okta = serving.client("okta", "okta", &SCOPES);
    let made = okta.ask("POST", "/Users", &json!({ "userName": "ann", "displayName": "Ann" }));
    assert_eq!(made.status, 201, "{made:?}");
    let row = |begins: &str, ends: &str| {
        for _ in 0..120 {
            let text = serving.hub.read("directory.csv");
            if text.lines().any(|line| line.starts_with(begins) && line.ends_with(ends)) {
                return;
            }
            serving.service.wait_for_more(serving.service.log().len());
        }
        panic!("no line {begins} ... {ends} in {}", serving.hub.read("directory.csv"));
    };
    row("\"ann\",\"Ann\"", "");
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    assert_eq!(okta.ask("DELETE", &path, &Value::Null).status, 204);
    row("\"ann\",\"Ann\"", "\"off\"");
    assert_eq!(okta.ask("GET", &path, &Value::Null).status, 404);
    assert_eq!(serving.service.end(), Some(0));
    serving.hub.verify();
}

#[test]
fn who_may_not_is_told_so_and_nothing_else() {
    let serving = Serving::new();
    let okta = serving.client("okta", "okta", &SCOPES);
    let looks = serving.client("looks", "okta", &["accounts:read"]);
    let other = serving.client("other", "entra", &SCOPES);
    let made = okta.ask("POST", "/Users", &json!({ "userName": "ann", "displayName": "Ann" }));
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let get = |client: &Client| client.ask("GET", &path, &Value::Null);
    assert_eq!(get(&looks).status, 200);
    let refused = looks.ask("POST", "/Users", &json!({ "userName": "bob" }));
    assert_eq!((refused.status, refused.body["status"].as_str()), (403, Some("403")), "{refused:?}");
    let strangers = [
        Client { token: String::new(), ..okta.clone() },
        Client { token: "rst_okta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(), ..okta.clone() },
        // A client of another connection is as unknown as anybody.
        Client { token: other.token.clone(), ..okta.clone() },
    ];
    let answers: Vec<Reply> = strangers.iter().map(get).collect();
    for answer in &answers {
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(answer.body, answers[0].body, "all strangers are told the same");
        assert!(!answer.body.to_string().contains("ann"));
    }
    // Where it belongs the other one sees its own, which is nobody.
    let nobody = other.ask("GET", "/Users", &Value::Null);
    assert_eq!((nobody.status, &nobody.body["totalResults"]), (200, &json!(0)));
    drop(serving.hub.rosterd(&["client", "revoke", "okta"]).code(0));
    assert_eq!(get(&okta).status, 401);
    assert_eq!(get(&looks).status, 200);
    assert_eq!(serving.service.end(), Some(0));
    serving.hub.verify();
}
