//! Connections of a hub as its configuration has them.

use super::{PASSWORD, VARIABLE};
use rosterd_tests::hub::Hub;
use std::path::Path;

/// A connection to a server on this machine; `settings` are more lines of its settings.
pub(super) fn connection(name: &str, authority: &Path, ports: &[u16], settings: &str) -> String {
    let servers: Vec<String> = ports.iter().map(|port| format!("\"127.0.0.1:{port}\"")).collect();
    // Machines of tests stop for minutes.
    format!(
        r#"
[connection.{name}]
plugin = "ldap"
tls.ca-file = "{}"
[connection.{name}.settings]
server = "ldaps://127.0.0.1:{}"
{settings}
[connection.{name}.secrets]
bind-password = {{ env = "{VARIABLE}" }}
[connection.{name}.grants]
stream = [{}]
networks = ["127.0.0.0/8"]
[connection.{name}.limits]
call-wall = "30 m"
"#,
        authority.display(),
        ports[0],
        servers.join(", ")
    )
}

/// First passwords of a connection.
pub(super) fn first_passwords(hub: &Hub, name: &str) -> String {
    let key = hub.watched.file("passwords-key", "Kanari-key/0123456789+abcdef=ghijklmn");
    format!("[connection.{name}.initial-passwords]\nkey = {{ file = \"{}\" }}\n", key.display())
}

/// A hub with a configuration, and the password of the account that reads and writes.
pub(super) fn hub(config: impl FnOnce(&Hub) -> String) -> Hub {
    let hub = Hub::with(&["ldap"]);
    hub.watched.variable(VARIABLE, PASSWORD);
    let config = format!("[store]\npath = \"data/hub.redb\"\ncache = \"16 MB\"\n{}", config(&hub));
    hub.write("rosterd.toml", &config);
    hub
}

/// Names of the attributes of people that `connection discover` lists.
pub(super) fn discovered(hub: &Hub) -> Vec<String> {
    let said = hub.rosterd(&["connection", "discover", "ldap", "--format", "json"]).code(0).json();
    let attributes = said["discovered"]["classes"]["account"]["attributes"].as_array().expect("attributes").clone();
    let name = |attribute: &serde_json::Value| attribute["name"].as_str().expect("a name").to_owned();
    let names: Vec<String> = attributes.iter().map(name).collect();
    assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("userPassword")), "{names:?}");
    names
}

/// What waits to be sent.
pub(super) fn waiting(hub: &Hub) -> serde_json::Value {
    hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).json()["entries"].take()
}

/// Changes one section of the configuration.
#[track_caller]
pub(super) fn configure(hub: &Hub, section: &str, from: &str, to: &str) {
    let text = hub.read("rosterd.toml");
    let at = text.find(&format!("[{section}]\n")).unwrap_or_else(|| panic!("no section {section}"));
    let end = text[at + 1..].find("\n[").map_or(text.len(), |end| at + 1 + end);
    let own = &text[at..end];
    assert!(own.contains(from), "{section} has no {from}");
    hub.write("rosterd.toml", &[&text[..at], &own.replace(from, to), &text[end..]].concat());
}
