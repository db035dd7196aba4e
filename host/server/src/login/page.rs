//! What the browser is shown: little, without script, and nothing that tells a stranger why.

use super::refusal::{Refusal, Refused};
use super::seam::{Entered, Standing};
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (CACHE_CONTROL, "no-store"),
    // Codes and states stand in the address.
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// A number by which a person can ask about what he was shown.
pub(super) fn reference() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// There is no such login.
pub(super) fn nowhere() -> Response {
    html(StatusCode::NOT_FOUND, "There is no such login", "The address is wrong, or the login was taken away.")
}

/// To the provider, or to where the configuration says.
pub(super) fn elsewhere(url: &str, cookie: HeaderValue) -> Response {
    let mut response = html(StatusCode::SEE_OTHER, "Log in", "The browser goes on by itself.");
    match HeaderValue::try_from(url) {
        Ok(url) => {
            response.headers_mut().insert(LOCATION, url);
            response.headers_mut().append(SET_COOKIE, cookie);
            response
        }
        Err(_) => html(StatusCode::BAD_GATEWAY, "The login did not succeed", "Ask whoever runs this service."),
    }
}

/// It worked.
pub(super) fn entered(entered: &Entered, cookie: HeaderValue) -> Response {
    let text = match (entered.standing, entered.created) {
        (Standing::Unknown, _) => "Your details were received. Your account is not ready yet.",
        (_, true) => "Your account is ready. You can close this page.",
        (_, false) => "Your account is up to date. You can close this page.",
    };
    let mut response = html(StatusCode::OK, "You are logged in", text);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// It did not, and the log says why.
pub(super) fn refused(login: &str, refused: &Refused, reference: &str, cookie: Option<HeaderValue>) -> Response {
    tracing::warn!(
        login,
        reference,
        refusal = refused.refusal.as_str(),
        detail = refused.detail,
        "{}",
        refused.refusal.sentence()
    );
    let (status, text) = match refused.refusal {
        Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Please try again in a few minutes."),
        Refusal::Unreachable | Refusal::Answer => (StatusCode::BAD_GATEWAY, "Please try again in a few minutes."),
        Refusal::Request | Refusal::State | Refusal::Browser => {
            (StatusCode::BAD_REQUEST, "Please begin the login again.")
        }
        _ => (StatusCode::FORBIDDEN, "Please ask whoever runs this service."),
    };
    let mut response = html(status, "The login did not succeed", &format!("{text} Reference: {reference}"));
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// All texts are our own; nothing of a request or a provider is ever in one.
fn html(status: StatusCode, title: &str, text: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1><p>{text}</p></body></html>\n"
    );
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
