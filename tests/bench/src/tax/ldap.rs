//! The ldap connector as a component, that reads a server over LDAPS: to observed records, and no further.

use crate::Place;
use crate::sandboxed::Component;
use rosterd_connector::{ConnectionConfig, SecretReference};
use rosterd_model::ConnectionId;
use serde_json::json;

/// The connection, with what lies in the hub's folder: the authority `ca.crt`, and the password `bind-password`.
pub(crate) fn component(place: &Place, runtime: &tokio::runtime::Handle, port: &str) -> Result<Component, String> {
    let name: ConnectionId = "hr".parse().map_err(|_| "\"hr\" is no name".to_owned())?;
    let mut config = ConnectionConfig::new(name, place.hub.clone());
    config.settings = json!({
        "server": format!("ldaps://127.0.0.1:{port}"),
        "base": "ou=people,dc=example,dc=org",
        "bind-dn": "cn=sync,dc=example,dc=org",
        "page-size": 1000,
    });
    config.tls.ca_file = Some("ca.crt".into());
    config.secrets.insert("bind-password".to_owned(), SecretReference::File("bind-password".into()));
    config.grants.stream = vec![format!("127.0.0.1:{port}")];
    config.grants.networks = vec!["127.0.0.0/8".to_owned()];
    Component::installed(place, runtime, "ldap.wasm", config)
}
