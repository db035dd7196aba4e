//! `GET /keys/CONNECTION`: the public keys of a connection that signs what it sends, as a JWKS (RFC 7517), so that whoever is
//! called back can verify it and follows when a key is replaced.
//!
//! What a connector says is not trusted to be public: only members that RFC 7518 has for public keys go out, and no key that
//! is not of a kind with two halves.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rosterd_model::ConnectionId;
use rosterd_model::port::BoxFuture;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The keys that a connection says it has; none: it shows none.
pub type KeysOf = Arc<dyn Fn(ConnectionId) -> BoxFuture<'static, Option<Vec<Value>>> + Send + Sync>;

/// More keys are not shown.
const MOST: usize = 16;
/// A longer member is no part of a key.
const LONGEST: usize = 4_096;
/// Members of public keys, and what is said about them.
const PUBLIC: [&str; 9] = ["kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"];
/// Kinds of keys that have a public half.
const KINDS: [&str; 3] = ["RSA", "EC", "OKP"];

/// The route.
pub fn router(keys: KeysOf) -> Router {
    Router::new().route("/keys/{connection}", get(answer)).with_state(keys)
}

async fn answer(State(keys): State<KeysOf>, Path(connection): Path<String>) -> Response {
    let found = match connection.parse::<ConnectionId>() {
        Ok(connection) => keys(connection).await,
        Err(_) => None,
    };
    let Some(found) = found else {
        return crate::Problem::new(StatusCode::NOT_FOUND, "no keys are shown under this name").into_response();
    };
    let shown: Vec<Value> = found.iter().filter_map(public).take(MOST).map(Value::Object).collect();
    let mut response = json!({ "keys": shown }).to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// What of a key may be seen by anybody.
fn public(key: &Value) -> Option<Map<String, Value>> {
    let key = key.as_object()?;
    if !KINDS.iter().any(|kind| key.get("kty").is_some_and(|own| own == kind)) {
        return None;
    }
    let fits = |value: &Value| value.as_str().is_some_and(|text| text.len() <= LONGEST);
    let members = PUBLIC.iter().filter_map(|name| Some(((*name).to_owned(), key.get(*name)?.clone())));
    Some(members.filter(|(_, value)| fits(value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_halves_are_shown() {
        let whole =
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "secret", "kid": "1", "oth": [1], "alg": 7 });
        assert_eq!(
            public(&whole).map(Value::Object),
            Some(json!({ "kty": "OKP", "kid": "1", "crv": "Ed25519", "x": "AA" }))
        );
        assert_eq!(public(&json!({ "kty": "oct", "k": "secret" })), None);
        assert_eq!(public(&json!("secret")), None);
        assert_eq!(
            public(&json!({ "kty": "RSA", "n": "n".repeat(5_000), "e": "AQAB", "p": "secret" })).map(|key| key.len()),
            Some(2)
        );
    }
}
