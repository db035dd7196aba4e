//! Dedicated accounts are born with a password that the hub makes: the organisation gets it, a person fetches it, and nobody
//! else ever sees it.

use super::outbound::{FIRST, Out};
use rosterd_tests::built::binary;
use rosterd_tests::hub::Hub;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

/// What seals the passwords in the store.
const KEY: &str = "Kanari-key/0123456789+abcdef=ghijklmn";
const CREATE: &str = "/topapi/v2/user/create";
const DAY: u128 = 86_400_000;

#[test]
fn a_first_password_is_known_to_the_organisation_and_to_whoever_fetches_it() {
    let out = Out::new("dingtalk", "disable");
    out.hub.configure("name = 'account.displayName'", "name = 'account.displayName'\nlogin_id = 'account.userName'");
    out.show(FIRST);

    // Nobody said how passwords are handed over: nobody is made, and the hub says which line is missing.
    drop(out.run());
    assert!(out.person("E1").is_null());
    let waiting = out.hub.rosterd(&["outbox", "list"]).code(0).out;
    assert!(waiting.contains("[connection.ding.initial-passwords]: key = { store = \"NAME\" }"), "{waiting}");

    let key = out.hub.watched.file("passwords-key", KEY).display().to_string();
    let table = format!("[connection.ding.initial-passwords]\nkey = {{ file = \"{key}\" }}\n[connection.ding.grants]");
    out.hub.configure("[connection.ding.grants]", &table);
    drop(out.hub.rosterd(&["outbox", "retry-all"]).code(0));
    // The first create does not arrive, and the hub does not know that.
    out.vendor.verb("POST", "/faults", &json!({ "path": CREATE, "after": 0, "times": 1, "action": "ignore" }));
    out.vendor.verb("DELETE", "/log", &Value::Null);
    let first = out.run();
    let sent = sent(&out);
    assert_eq!(sent.len(), 4, "{sent:?}");
    // From now on they are looked for everywhere.
    for (userid, passwords) in &sent {
        // On a slow machine the first run comes to the second attempt itself.
        assert!(passwords.len() <= 2 && passwords.iter().all(|one| *one == passwords[0]), "{userid}: {passwords:?}");
        out.hub.watched.plant(&format!("the password of {userid}"), &passwords[0]);
    }
    out.hub.watched.canaries.search("what the first run said", format!("{}{}", first.out, first.err).as_bytes());

    // The second attempt sets the same password, and the connector does not see it.
    let tomorrow = (millis() + DAY).to_string();
    let now = [("ROSTERD_NOW_MS", tomorrow.as_str())];
    drop(out.hub.rosterd_with(&["run", "hr", "--record", "tape", "--with-store"], &now));
    let lost = self::sent(&out).into_iter().find(|(_, passwords)| passwords.len() == 2);
    let (userid, passwords) = lost.expect("the create that did not arrive was sent once more");
    assert_eq!(passwords[0], passwords[1], "{userid} got another password");
    out.vendor.assert_done();
    assert!(out.hub.path("tape").exists(), "the run was recorded");

    // Each is handed over once, to somebody whom the audit names.
    let people = [("E1", "li.lei"), ("E2", "wang.fang"), ("E3", "han.meimei")];
    for (userid, name) in people {
        let known = out.person(userid)["exclusive"]["password"].clone();
        assert_eq!(known, sent[userid][0], "{userid}");
        let fetched = fetch(&out.hub, name, &[]);
        assert_eq!(fetched["password"], known, "{fetched}");
        assert_ne!(fetch(&out.hub, name, &[])["password"], known, "it was handed over twice");
    }
    let listed = out.hub.rosterd(&["account", "password", "--connection", "ding"]).code(0).out;
    assert!(listed.contains("tom.li") && !listed.contains("li.lei"), "{listed}");
    fetch(&out.hub, "tom.li", &["--forget"]);
    assert!(fetch(&out.hub, "tom.li", &[])["password"].is_null());
    let audit = out.hub.rosterd(&["audit", "list"]).code(0).out;
    assert_eq!(audit.matches("password-handed-over").count(), 3, "{audit}");
    assert_eq!(audit.matches("password-forgotten").count(), 1, "{audit}");
    drop(out.hub.rosterd_with(&["run", "hr"], &now).code(0));
    out.hub.verify();
}

#[test]
fn nothing_is_handed_over_before_the_account_is_there_and_with_another_key() {
    let out = Out::new("dingtalk", "disable");
    out.hub.configure("name = 'account.displayName'", "name = 'account.displayName'\nlogin_id = 'account.userName'");
    let (own, other) = (out.hub.watched.file("own", KEY), out.hub.watched.file("other", &KEY.replace("0123", "3210")));
    let table = |key: &std::path::Path| {
        format!("[connection.ding.initial-passwords]\nkey = {{ file = \"{}\" }}\n", key.display())
    };
    out.hub.configure("[connection.ding.grants]", &format!("{}[connection.ding.grants]", table(&own)));
    let one = FIRST.lines().next().expect("a person");
    out.show(one);
    out.vendor.verb("POST", "/faults", &json!({ "path": CREATE, "after": 0, "times": 1, "action": "ignore" }));
    drop(out.run());
    let early = out.hub.rosterd(&["account", "password", "li.lei", "--connection", "ding"]);
    assert!(early.code != Some(0) && early.err.contains("is not at ding yet"), "{}", early.err);

    // A key that is lost makes no second password of its own accord.
    out.hub.configure(&table(&own), &table(&other));
    let tomorrow = (millis() + DAY).to_string();
    drop(out.hub.rosterd_with(&["run", "hr"], &[("ROSTERD_NOW_MS", &tomorrow)]));
    assert!(out.person("E1").is_null());
    let waiting = out.hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).out;
    assert!(waiting.contains("does not open") && waiting.contains("--forget"), "{waiting}");
    out.hub.configure(&table(&other), &table(&own));
    drop(out.hub.rosterd(&["resume", "ding"]));
    let later = (millis() + 2 * DAY).to_string();
    drop(out.hub.rosterd_with(&["run", "hr"], &[("ROSTERD_NOW_MS", &later)]));
    let known = out.person("E1")["exclusive"]["password"].clone();
    assert_eq!(fetch(&out.hub, "li.lei", &[])["password"], known);
    out.hub.verify();
}

#[test]
fn a_first_password_goes_with_its_account() {
    let out = Out::new("dingtalk", "delete");
    let key = out.hub.watched.file("own", KEY).display().to_string();
    let table = format!("[connection.ding.initial-passwords]\nkey = {{ file = \"{key}\" }}\n[connection.ding.grants]");
    let free = "{ floor = 50, percent = 100.0 }";
    for (from, to) in [
        ("name = 'account.displayName'", "name = 'account.displayName'\nlogin_id = 'account.userName'"),
        ("[connection.ding.grants]", &table),
        ("delete-requires = \"approval\"", "delete-requires = \"auto\""),
        ("[authority]", &format!("[guard]\ndisable = {free}\ndelete = {free}\n[authority]")),
    ] {
        out.hub.configure(from, to);
    }
    let waiting = || out.hub.rosterd(&["account", "password", "--connection", "ding"]).code(0).out;
    out.show(FIRST);
    drop(out.run().code(0));
    assert!(waiting().contains("han.meimei") && waiting().contains("tom.li"), "{}", waiting());
    let gone = "Han Meimei,13800000003,Clerk,Acme/Finance,E1,";
    out.show(&FIRST.replace(&format!("{gone}active"), &format!("{gone}left")));
    drop(out.run().code(0));
    assert!(out.person("E3").is_null(), "{}", out.person("E3"));
    assert!(!waiting().contains("han.meimei") && waiting().contains("tom.li"), "{}", waiting());
    out.hub.verify();
}

/// The passwords that were sent for each person, in order; also those of requests that did not arrive.
fn sent(out: &Out) -> BTreeMap<String, Vec<String>> {
    let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in out.vendor.verb("GET", "/log", &Value::Null).as_array().expect("a log") {
        if call["path"] == CREATE {
            let body: Value = serde_json::from_str(call["body"].as_str().expect("a body")).expect("JSON");
            let text = |name: &str| body[name].as_str().expect(name).to_owned();
            sent.entry(text("userid")).or_default().push(text("init_password"));
        }
    }
    sent
}

/// What `account password` shows. Here, and nowhere else, a password may be in what a command says.
fn fetch(hub: &Hub, account: &str, more: &[&str]) -> Value {
    let mut command = Command::new(binary());
    command.args(["account", "password", account, "--connection", "ding", "--format", "json"]).args(more);
    command.current_dir(hub.path(".")).env("NO_COLOR", "1").env_remove("ROSTERD_CONFIG");
    let output = command.output().expect("the command starts");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn millis() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970").as_millis()
}
