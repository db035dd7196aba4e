//! The form of Alibaba Cloud IDaaS.

use super::{Calls, DAY, FIRST, assert_taken_in_the_end};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as WEB;
use rosterd_tests::built::binary;
use rosterd_tests::http::Client;
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::process::Command;

const EVENT_KEY: &str = include_str!("../../../host/connector/testdata/rsa2048.pem");
/// 32 bytes, of which a shorter key is the beginning.
const ENCRYPT_KEY: &str = "4b616e6172692f30313233343536373839616263646566676869ff006b6c6d6e";
/// What seals the passwords in the store.
const PASSWORDS: &str = "Kanari-key/9876543210+abcdef=ghijklmn";
const MAPS: &str = "[deliver.app.org-unit.map]
id = 'orgUnit.displayName'
organizationalUnitName = 'orgUnit.displayName'
parentId = 'orgUnit.parent'
[deliver.app.account.map]
id = 'account.employeeNumber'
username = 'account.userName'
displayName = 'account.displayName'
primaryOrganizationalUnitId = 'account.orgUnit'";

pub(super) fn calls(settings: &str, encrypt: bool) -> Calls {
    with_key(settings, encrypt, ENCRYPT_KEY)
}

/// What the application has, whose clock is so many seconds ahead.
pub(super) fn keys(calls: &Calls, later: u64) -> Value {
    let jwks = calls.sender()["jwks"].clone();
    json!({ "form": "idaas", "jwks": jwks, "encrypt": ENCRYPT_KEY, "audience": "app_1", "later": later })
}

fn with_key(settings: &str, encrypt: bool, encrypt_key: &str) -> Calls {
    let names = "event-key = { file = \"EVENT\" }\nencrypt-key = { env = \"APP_ENCRYPT\" }";
    let idaas = format!("idaas = {{ instance-id = \"idaas_1\", application-id = \"app_1\", encrypt = {encrypt} }}");
    let calls = Calls::new(&format!("form = \"idaas\"\n{idaas}\n{settings}"), names, MAPS);
    let key = calls.hub.watched.file("event-key", EVENT_KEY);
    calls.hub.configure("EVENT", &key.display().to_string());
    calls.hub.watched.variable("APP_ENCRYPT", encrypt_key);
    let jwks = calls.sender()["jwks"].clone();
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(1), "{jwks}");
    calls.app.keys(&json!({ "form": "idaas", "jwks": jwks, "encrypt": encrypt_key, "audience": "app_1" }));
    calls
}

#[test]
fn each_change_arrives_signed_and_encrypted_and_again_with_the_same_id() {
    let calls = calls("", true);
    calls.show(FIRST);
    let checked = calls.hub.rosterd(&["check", "--online"]).code(0);
    assert!(checked.out.contains("it took a signed event"), "{}", checked.out);
    assert_eq!(calls.app.events()[0]["type"], "common:test");

    calls.show(FIRST);
    calls.app.behave(&["take", "retry", "lost", "500"]);
    drop(calls.run());
    calls.deliver();
    let events = calls.app.events();
    assert_taken_in_the_end(&events, &["retry", "lost", "500"]);
    calls.assert_settled();
    let of = |name: &str| {
        events.iter().find(|event| event["event"].to_string().contains(name)).expect(name)["event"].clone()
    };
    let li = of("li.lei");
    assert_eq!(
        (&li["displayName"], &li["userId"], &li["status"]),
        (&json!("Li \"Lee\" Lei"), &json!("E1"), &json!("enabled"))
    );
    assert_eq!(li["primaryOrganizationalUnitId"], of("Sales")["organizationalUnitId"]);

    calls.show(
        &FIRST
            .replace("Tom Li", "Tom Lee")
            .replace("E3,tom.li,Tom Lee,Clerk,Acme,", "E3,tom.li,Tom Lee,Clerk,Acme/Sales,")
            .replace("E1,active\nE3", "E1,left\nE3"),
    );
    drop(calls.run().code(0));
    drop(calls.run_later(2 * DAY));
    assert_eq!(calls.story("tom.li"), ["ud:user:create", "ud:user:update_info", "ud:user:update_primary_ou"]);
    assert_eq!(calls.story("wang.fang"), ["ud:user:create", "ud:user:disable", "ud:user:delete"]);
    calls.assert_settled();
}

#[test]
fn the_application_opens_what_was_encrypted_with_a_key_of_any_length() {
    for digits in [32, 48, 64] {
        let calls = with_key("passwords = true", true, &ENCRYPT_KEY[..digits]);
        hand_over(&calls);
        calls.show("E1,li.lei,Li Lei,Director,Acme,,active\n");
        let checked = calls.hub.rosterd(&["check", "--online"]).code(0);
        assert!(checked.out.contains("it took a signed event"), "{digits}: {}", checked.out);
        drop(calls.run().code(0));
        calls.assert_settled();
        let events = calls.app.events();
        let created = events.iter().find(|event| event["type"] == "ud:user:create").expect("an event");
        assert!(created["event"]["password"].is_string(), "{digits}: {created}");
    }
}

#[test]
fn a_first_password_is_in_a_plain_event_and_nowhere_else() {
    a_first_password_is_in_the_event(false);
}

#[test]
fn a_first_password_is_in_an_encrypted_event_and_nowhere_else() {
    a_first_password_is_in_the_event(true);
}

/// The hub keeps first passwords until somebody fetches them.
fn hand_over(calls: &Calls) {
    let key = calls.hub.watched.file("passwords-key", PASSWORDS).display().to_string();
    let table = format!("[connection.app.initial-passwords]\nkey = {{ file = \"{key}\" }}\n[connection.app.grants]");
    calls.hub.configure("[connection.app.grants]", &table);
}

fn a_first_password_is_in_the_event(encrypt: bool) {
    let calls = calls("passwords = true", encrypt);
    hand_over(&calls);
    calls.show(FIRST);
    calls.app.behave(&["take", "500", "500"]);
    drop(calls.run());
    calls.deliver();
    calls.assert_settled();
    let events = calls.app.events();
    assert_taken_in_the_end(&events, &["500"]);
    let told = |name: &str| -> Vec<String> {
        let of = events.iter().filter(|event| event["type"] == "ud:user:create" && event["event"]["username"] == name);
        of.map(|event| event["event"]["password"].as_str().expect("a password").to_owned()).collect()
    };
    for name in ["li.lei", "wang.fang", "tom.li"] {
        let passwords = told(name);
        assert!(!passwords.is_empty() && passwords.iter().all(|one| *one == passwords[0] && one.len() >= 12), "{name}");
        calls.hub.watched.plant(&format!("the password of {name}"), &passwords[0]);
    }
    assert!(told("tom.li").len() == 2, "an event with a password came again, and with the same one: {events:?}");
    assert!(events.iter().all(|event| event["type"] == "ud:user:create" || event["event"].get("password").is_none()));
    // Who is given it by the hub logs in with it at the application.
    assert_eq!(fetch(&calls, "li.lei")["password"], told("li.lei")[0].as_str());
    // On the way nobody reads it.
    let on_the_way: String = calls.app.captured().into_iter().map(|request| request.body).collect();
    assert!(!on_the_way.contains(&told("li.lei")[0]) && on_the_way.matches("\"event\"").count() >= 5);
    let claims = on_the_way.split('.').filter_map(|part| WEB.decode(part).ok());
    let readable: Vec<u8> = claims.flatten().collect();
    let found = String::from_utf8_lossy(&readable).contains(&told("li.lei")[0]);
    assert_eq!(found, !encrypt, "the claims are readable by anybody, and what is encrypted in them is not");
}

/// The first password, as a person fetches it. It is the one command that may show it.
fn fetch(calls: &Calls, account: &str) -> Value {
    let mut command = Command::new(binary());
    command.args(["account", "password", account, "--connection", "app", "--format", "json"]);
    command.current_dir(calls.hub.path(".")).env("NO_COLOR", "1").env_remove("ROSTERD_CONFIG");
    let output = command.output().expect("the command starts");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn the_public_key_is_shown_to_anybody_where_the_operator_said_so() {
    let calls = calls("", true);
    calls.hub.configure(
        "[connection.app]\n",
        "[serve]\nreceive = \"127.0.0.1:0\"\n\n[connection.app]\npublish-keys = true\n",
    );
    let service = Service::start(&calls.hub);
    let line = service.wait_for("remote systems can call");
    let address = line["fields"]["address"].as_str().expect("an address").to_owned();
    let anybody = Client { address, base: "/keys".to_owned(), token: String::new(), kind: "" };
    let shown = anybody.send("GET", "/app", &[], b"");
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("application/jwk-set+json")), "{shown:?}");
    // Exactly the public half of the one key.
    let key = &shown.body["keys"][0];
    let names: Vec<&str> = key.as_object().expect("a key").keys().map(String::as_str).collect();
    assert_eq!(shown.body["keys"].as_array().map(Vec::len), Some(1), "{shown:?}");
    assert!(names.iter().all(|name| ["kty", "kid", "use", "alg", "n", "e"].contains(name)), "{names:?}");
    assert_eq!((&key["kty"], key["n"].as_str().map(str::len)), (&json!("RSA"), Some(342)));
    for other in ["/hr", "/nobody", "/..", "/app/x"] {
        assert_eq!(anybody.send("GET", other, &[], b"").status, 404, "{other}");
    }
    assert_eq!(service.end(), Some(0));
    // With what is shown the application verifies what it is sent.
    calls.app.keys(&json!({ "form": "idaas", "jwks": shown.body, "encrypt": ENCRYPT_KEY, "audience": "app_1" }));
    calls.show(FIRST);
    drop(calls.run().code(0));
    assert!(calls.app.events().iter().all(|event| event.get("refused").is_none()), "{:?}", calls.app.events());
    assert_ne!(calls.app.events().len(), 0);
}
