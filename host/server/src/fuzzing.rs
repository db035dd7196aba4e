//! Doors for `tests/fuzz/targets`. In no release build.

pub use crate::api::fuzzing::request as api_request;
pub use crate::login::fuzzing::login;

use crate::http::{Asked, parse_head};
use crate::{auth, secret, token};
use axum::http::{HeaderMap, HeaderValue, header};

/// The head of a request; the path, if it asks for one that may be answered.
#[must_use]
pub fn request(head: &[u8]) -> Option<String> {
    match parse_head(head) {
        Asked::Get(path) | Asked::Head(path) => Some(path),
        Asked::Other | Asked::Unreadable => None,
    }
}

/// A request for a token: its header and its form; true if it is one.
#[must_use]
pub fn token_request(authorization: &[u8], form: &[u8]) -> bool {
    token::Asked::read(&headers(authorization), form).is_ok()
}

/// A word of a scope, as it is written again.
#[must_use]
pub fn scope(text: &str) -> Option<String> {
    text.parse::<crate::Scope>().ok().map(|scope| scope.to_string())
}

/// The client that a header with a token names, if it shows the secret of one.
#[must_use]
pub fn client_of(authorization: &[u8]) -> Option<String> {
    let headers = headers(authorization);
    match secret::read(auth::bearer(&headers)?)? {
        secret::Claim::Secret(name) => Some(name.to_owned()),
        secret::Claim::Token => None,
    }
}

fn headers(authorization: &[u8]) -> HeaderMap {
    let value = HeaderValue::from_bytes(authorization).ok();
    value.map(|value| (header::AUTHORIZATION, value)).into_iter().collect()
}
