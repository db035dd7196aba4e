//! The protocols that connectors speak, each against a peer on loopback that checks every byte: the contract carries
//! them, and the secret is in no memory of a guest, whatever form one looks for.

mod dingtalk;
mod encrypted_body;
mod initial_password;
mod lark;
mod ldap;
pub(crate) mod peer;
mod postgresql;
mod sealed_password;
mod web_socket;

use crate::sandbox::desk::Desk;
use rosterd_connector::ConnectionConfig;
use rosterd_model::port::Call;
use serde_json::json;

/// A connection that speaks a protocol with this peer.
fn probe(desk: &Desk, protocol: &str, peer: &peer::Peer) -> ConnectionConfig {
    crate::sandbox::log::keep();
    let mut config = desk.config(protocol, &json!({ "protocol": protocol, "api": peer.url(), "server": peer.place() }));
    config.grants.http = vec![peer.url()];
    config.grants.stream = vec![peer.place()];
    config.grants.clear_text = vec![peer.place()];
    desk.record(&mut config);
    config
}

/// A connection that only receives.
fn receiver(desk: &Desk, protocol: &str) -> ConnectionConfig {
    crate::sandbox::log::keep();
    let mut config = desk.config(protocol, &json!({ "protocol": protocol }));
    desk.record(&mut config);
    config
}

/// A request of a remote system.
fn call(query: &str, headers: &[(&str, &str)], body: &[u8]) -> Call {
    Call {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: query.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.to_vec(),
        context: "{\"client\":null}".to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
