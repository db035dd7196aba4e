//! `rosterd client`.

use crate::support::Place;
use serde_json::Value;

const CONFIG: &str =
    "[serve]\nreceive = \"127.0.0.1:8080\"\n[connection.portal]\n[job.portal]\nsource = \"portal\"\npushed = true\n";

/// What a command answered.
fn json(text: &str) -> Value {
    let line = text.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("no JSON: {text}"));
    serde_json::from_str(line).expect("JSON")
}

fn create(place: &Place, more: &[&str]) -> String {
    let words = ["client", "create", "app", "--connection", "portal", "--scope", "accounts:read", "accounts:write"];
    place.run(&[&words[..], more].concat())
}

#[test]
fn a_secret_is_printed_where_it_is_made_and_nowhere_else() {
    let place = Place::with_config(CONFIG);
    let made = json(&create(&place, &["--org-unit", "sales", "--format", "json"]));
    let first = made["secret"].as_str().expect("a secret").to_owned();
    assert!(first.starts_with("rst_app_"), "{first}");
    assert_eq!(made["client"]["org-units"], serde_json::json!(["sales"]));
    let rotated = json(&place.run(&["client", "rotate", "app", "--overlap", "24h", "--format", "json"]));
    let second = rotated["secret"].as_str().expect("a secret").to_owned();
    assert!(rotated["client"]["overlaps-until"].is_u64() && first != second);
    let shown = [
        place.run(&["client", "list"]),
        place.run(&["client", "show", "app"]),
        place.run(&["client", "show", "app", "--format", "json"]),
        place.run(&["client", "revoke", "app"]),
        place.run(&["client", "list", "--format", "json"]),
        place.run(&["audit", "list", "--format", "json"]),
    ]
    .join("\n");
    assert!(!shown.contains("rst_") && shown.contains("client-rotate"), "{shown}");
    assert!(shown.contains("two secrets count") && shown.contains("accounts:write"), "{shown}");
    assert!(place.run(&["client", "rotate", "app"]).contains("client app is revoked for good"));
    assert!(create(&place, &[]).contains("names are not given twice"));
}

#[test]
fn what_can_not_be_is_told_with_the_exit_code_of_the_caller() {
    let place = Place::with_config(CONFIG);
    create(&place, &[]);
    for (words, expected) in [
        (&["client", "show", "other"][..], "there is no client"),
        (&["client", "create", "app", "--connection", "portl", "--scope", "hub:read"], "did you mean"),
        (&["client", "create", "App", "--connection", "portal", "--scope", "hub:read"], "is no name of a client"),
        (&["client", "create", "app", "--connection", "portal", "--scope", "hub:write"], "is no scope"),
        (&["client", "create", "app", "--connection", "portal"], "--scope"),
    ] {
        let shown = place.run(words);
        assert!(shown.contains(expected) && shown.starts_with("exit: "), "{words:?}: {shown}");
        assert!(!shown.starts_with("exit: 0"), "{shown}");
    }
}

#[test]
fn a_connection_without_a_plugin_is_for_clients_only() {
    let place = Place::with_config(CONFIG);
    assert!(place.run(&["check"]).starts_with("exit: 0"), "{}", place.run(&["check"]));
    assert!(place.run(&["connection", "list"]).contains("clients only"));
    for wrong in [
        "[connection.portal]\n",
        "[serve]\nreceive = \"127.0.0.1:8080\"\n[connection.portal]\n[job.portal]\nsource = \"portal\"\n",
        "[connection.portal]\n[job.portal]\nsource = \"portal\"\npushed = true\n",
    ] {
        place.write("rosterd.toml", wrong);
        let shown = place.run(&["check"]);
        assert!(shown.starts_with("exit: 3") && shown.contains("[connection.portal]"), "{wrong}: {shown}");
    }
}
