//! Judges that others wrote, and an application that fetches.

use super::{SCOPES, Serving};
use rosterd_tests::http::Client;
use rosterd_tests::python::environment;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/api")
}

fn python() -> PathBuf {
    environment(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("api-judges"), &sources().join("requirements.txt"))
}

/// Runs a judge with the address and a client; what it said.
fn judged(serving: &Serving, client: &Client, command: &mut Command) -> String {
    let address = format!("http://{}", serving.address);
    let output = command
        .args([&address, "judge", &client.token])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the judge starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&client.token, "SECRET");
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "the judge found something:\n{said}");
    said
}

#[test]
fn the_published_sdk_of_idaas_drives_the_hub() {
    let serving = Serving::new();
    let client = serving.client("judge", "api", &SCOPES);
    let said = judged(&serving, &client, Command::new(python()).arg(sources().join("sdk.py")));
    println!("{said}");
    serving.end();
}

#[test]
fn schemathesis_finds_nothing() {
    let serving = Serving::new();
    let client = serving.client("judge", "api", &SCOPES);
    let program = python().with_file_name("schemathesis");
    let mut command = Command::new("sh");
    command.arg(sources().join("schemathesis.sh")).env("SCHEMATHESIS", &program).env("MOST_EXAMPLES", "10");
    let said = judged(&serving, &client, &mut command);
    println!("{said}");
    // "all: 812 of 1000 valid requests succeeded (81 %)"
    let share =
        said.lines().find_map(|line| line.strip_prefix("all: ")?.split_once('(')?.1.split_once(" %")?.0.parse().ok());
    assert!(share.unwrap_or(0) >= 60, "valid requests that succeeded: {share:?} %\n{said}");
    serving.end();
}

#[test]
fn an_application_fetches_what_others_pushed() {
    let serving = Serving::new();
    let api = serving.client("hr", "api", &SCOPES);
    let shop = serving.client("shop", "shop", &["hub:read"]);
    for (id, name) in [("1", "ann"), ("2", "bob")] {
        let made = api.ask("POST", "/accounts", &json!({ "id": id, "userName": name, "displayName": name }));
        assert_eq!(made.status, 201, "{made:?}");
    }
    let names = |page: &Value| {
        let all = page["items"].as_array().cloned().unwrap_or_default();
        let mut names: Vec<String> =
            all.iter().map(|one| one["attributes"]["userName"].as_str().unwrap_or_default().to_owned()).collect();
        names.sort();
        names
    };
    let all = shop.ask("GET", "/hub/accounts", &Value::Null);
    assert_eq!((all.status, names(&all.body)), (200, vec!["ann".to_owned(), "bob".to_owned()]), "{all:?}");
    // It pushed nobody, and may not push.
    assert_eq!(shop.ask("GET", "/accounts", &Value::Null).status, 403);
    assert_eq!(shop.ask("POST", "/accounts", &json!({ "userName": "eve" })).status, 403);
    serving.end();
}
