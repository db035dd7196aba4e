//! The gateway: asks for a place to connect to, and for a ticket that opens it once.
//!
//! Sources: the vendor's client libraries for Stream mode (Python `dingtalk-stream`, Node `dingtalk-stream`); there is no page
//! about the wire.

use crate::reply::judge;
use crate::settings::Settings;
use crate::wire;
use rosterd_sdk::http::{self, push_percent_encoded};
use rosterd_sdk::{Fault, secrets};
use serde_json::json;

/// The call that gives tickets.
pub const OPEN: &str = "/v1.0/gateway/connections/open";
/// Longer addresses and tickets are none.
const LONGEST: usize = 2048;

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// False: in clear text, which the operator must have asked for.
    pub tls: bool,
    /// Path and query, with the ticket.
    pub path: String,
}

/// Asks for a place. The ticket in it is good for one connection, so that every connection asks anew.
///
/// # Errors
/// What DingTalk answered, or that its answer names no place.
pub fn open(settings: &Settings) -> Result<Place, Fault> {
    let secret = secrets::open("app-secret")?.placeholder("json")?;
    let body = json!({
        "clientId": settings.app_key, "clientSecret": secret, "subscriptions": [{ "type": "EVENT", "topic": "*" }],
        "ua": concat!("rosterd/", env!("CARGO_PKG_VERSION")),
    });
    // Without this header the answer is XML.
    let request = http::post(format!("{}{OPEN}", settings.new_server)).header("accept", "application/json").json(&body);
    let response = request.send().map_err(|fault| fault.context(OPEN))?;
    let answer = judge(OPEN, "a connection for events", &response).map_err(|refused| refused.fault)?;
    let text = |name: &str| wire::member(&answer, name).and_then(serde_json::Value::as_str);
    let place = text("endpoint").and_then(|endpoint| place(endpoint, text("ticket")?));
    let place = place.ok_or_else(|| Fault::transient(format!("{OPEN}: the answer names no place to connect to")))?;
    if !place.tls && !settings.gateways.iter().any(|own| own.starts_with("ws://")) {
        let text = format!(
            "{OPEN}: DingTalk names a place in clear text ({}); whoever runs the hub looks at what stands between, or writes \
             it into the setting gateways with ws:// in front",
            place.host
        );
        return Err(Fault::settings(text).about("gateways"));
    }
    Ok(place)
}

/// Puts an address and a ticket together; none if either can not be one. What is taken can stand in the head of a request.
#[must_use]
pub fn place(endpoint: &str, ticket: &str) -> Option<Place> {
    if endpoint.len() > LONGEST || !(1..=LONGEST).contains(&ticket.len()) {
        return None;
    }
    let (tls, rest) = match endpoint.split_once("://")? {
        ("wss", rest) => (true, rest),
        ("ws", rest) => (false, rest),
        _ => return None,
    };
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()?),
        Some(_) => return None,
        None => (authority, if tls { 443 } else { 80 }),
    };
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if !named || port == 0 || !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return None;
    }
    let mut path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    path.push_str(if path.contains('?') { "&ticket=" } else { "?ticket=" });
    push_percent_encoded(&mut path, ticket);
    Some(Place { host: host.to_owned(), port, tls, path })
}
