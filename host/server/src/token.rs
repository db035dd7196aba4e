//! `POST /oauth2/token`: a secret is exchanged for an access token of an hour (RFC 6749, section 4.4).

use crate::auth::{Known, Refused, Unavailable, credentials};
use crate::caller::Scope;
use crate::problem::Problem;
use crate::router::{Hub, Peer, Who};
use crate::secret;
use crate::tokens::LIFE_MS;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A longer form is not read.
const LONGEST: usize = 8 << 10;
/// Who does not send his form in this time is left.
const PATIENCE: Duration = Duration::from_secs(10);
/// The only way of getting a token here.
const GRANT: &str = "client_credentials";

/// Answers a request for a token.
pub(crate) async fn token(State(hub): State<Arc<Hub>>, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match form(&parts.headers, body).await {
        Ok(form) => answered(&hub, peer, &parts.headers, &form).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The same at the path of IDaaS. Its published clients put the form behind the question mark, where others must not: no
/// query stands in our log, but a proxy in front of the hub may write it down.
pub(crate) async fn compatible(hub: State<Arc<Hub>>, peer: Extension<Peer>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    if query.is_empty() {
        return token(hub, peer, request).await;
    }
    if query.len() > LONGEST {
        return Refusal::request(format!("the form is longer than {LONGEST} bytes")).into_response();
    }
    answered(&hub.0, peer.0, request.headers(), query.as_bytes()).await
}

async fn answered(hub: &Hub, peer: Peer, headers: &HeaderMap, form: &[u8]) -> Response {
    let asked = match Asked::read(headers, form) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    let found = match secret::read(&asked.secret) {
        Some(secret::Claim::Secret(name)) if name == asked.client => {
            hub.door.secret_of(name, secret::hash(&asked.secret)).await
        }
        _ => Ok(None),
    };
    let known = match found {
        Ok(Some(known)) => known,
        Ok(None) => match hub.door.failed(peer.0) {
            Refused::TooOften(seconds) => return Problem::too_often(seconds).into_response(),
            _ => return Refusal::client(asked.basic).into_response(),
        },
        Err(Unavailable) => return Problem::unavailable().into_response(),
    };
    if let Err(seconds) = hub.door.permit(&known.name) {
        return Problem::too_often(seconds).into_response();
    }
    let scopes = match narrowed(&known, asked.scope.as_deref()) {
        Ok(scopes) => scopes,
        Err(refusal) => return refusal.into_response(),
    };
    let Known { name, by, .. } = known;
    let now = hub.door.now();
    let Ok(given) = hub.door.tokens.give(name.clone(), by, scopes.clone(), now) else {
        tracing::error!("the system gives no random numbers, so no token was given out");
        return Problem::unavailable().into_response();
    };
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let body = json!({
        "access_token": given.reveal(),
        "token_type": "Bearer",
        "expires_in": LIFE_MS / 1_000,
        // Of IDaaS; RFC 6749 lets clients ignore what they do not know.
        "expires_at": now.0.saturating_add(LIFE_MS) / 1_000,
        "scope": words.join(" "),
    });
    let mut response = unstored(StatusCode::OK, body.to_string());
    response.extensions_mut().insert(Who(name));
    response
}

/// What a form asks for.
#[derive(PartialEq, Eq)]
pub(crate) struct Asked {
    client: String,
    secret: String,
    scope: Option<String>,
    /// The client showed itself in a header, and is told so in one.
    basic: bool,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, secret: _, scope, basic } = self;
        f.debug_struct("Asked")
            .field("client", client)
            .field("scope", scope)
            .field("basic", basic)
            .finish_non_exhaustive()
    }
}

impl Asked {
    /// Reads a form and the header that may stand for a part of it.
    pub(crate) fn read(headers: &HeaderMap, form: &[u8]) -> Result<Self, Refusal> {
        let mut fields: [(&str, Option<String>); 4] =
            [("grant_type", None), ("client_id", None), ("client_secret", None), ("scope", None)];
        for (name, value) in form_urlencoded::parse(form) {
            // What is not known is ignored, and what is sent twice is nobody's word (RFC 6749, section 3.2).
            let Some((_, slot)) = fields.iter_mut().find(|(own, _)| *own == name) else { continue };
            if slot.is_some() {
                return Err(Refusal::request(format!("{name} stands in the form twice")));
            }
            *slot = Some(value.into_owned()).filter(|value| !value.is_empty());
        }
        let [(_, grant), (_, client), (_, secret), (_, scope)] = fields;
        match grant.as_deref() {
            Some(GRANT) => {}
            Some(_) => return Err(Refusal::of("unsupported_grant_type", format!("only {GRANT} is granted here"))),
            None => return Err(Refusal::request(format!("the form lacks grant_type={GRANT}"))),
        }
        let shown = headers.contains_key(header::AUTHORIZATION);
        let basic = basic(headers);
        match (basic, client, secret) {
            (Some(_), _, Some(_)) => Err(Refusal::request("the client shows its secret in two ways; one is right")),
            (Some((client, _)), Some(other), None) if client != other => {
                Err(Refusal::request("client_id of the form is another client than that of the header"))
            }
            (Some((client, secret)), _, None) => Ok(Self { client, secret, scope, basic: true }),
            (None, ..) if shown => Err(Refusal::client(true)),
            (None, Some(client), Some(secret)) => Ok(Self { client, secret, scope, basic: false }),
            (None, ..) => Err(Refusal::client(false)),
        }
    }
}

/// Name and secret of a header `Basic`; both are encoded like a form before (RFC 6749, section 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let bytes = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (client, secret) = text.split_once(':')?;
    // The first pair of a form whose name is the text and whose value is nothing.
    let decoded = |text: &str| {
        let encoded = text.replace(['&', '='], "");
        let (first, _) = form_urlencoded::parse(encoded.as_bytes()).next()?;
        Some(first.into_owned())
    };
    Some((decoded(client)?, decoded(secret)?))
}

async fn form(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::request("the request is no form: application/x-www-form-urlencoded"));
    }
    match tokio::time::timeout(PATIENCE, to_bytes(body, LONGEST)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(Refusal::request(format!("the form is longer than {LONGEST} bytes, or was cut"))),
        Err(_) => Err(Refusal::request("the form did not come in time")),
    }
}

/// The scopes of the client, or as many of them as it asked for.
fn narrowed(known: &Known, asked: Option<&str>) -> Result<Vec<Scope>, Refusal> {
    let Some(asked) = asked else { return Ok(known.scopes.clone()) };
    let wanted: Result<Vec<Scope>, String> = asked.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect();
    let mut wanted = wanted.map_err(|sentence| Refusal::of("invalid_scope", sentence))?;
    wanted.sort_unstable();
    wanted.dedup();
    match wanted.iter().find(|scope| !known.scopes.contains(scope)) {
        Some(scope) => Err(Refusal::of("invalid_scope", format!("the client does not have the scope {scope}"))),
        None => Ok(wanted),
    }
}

/// An error of RFC 6749, section 5.2.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    error: &'static str,
    description: String,
    /// The client showed itself in a header.
    basic: bool,
}

impl Refusal {
    fn of(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into(), basic: false }
    }

    fn request(description: impl Into<String>) -> Self {
        Self::of("invalid_request", description)
    }

    fn client(basic: bool) -> Self {
        Self { basic, ..Self::of("invalid_client", "the client is unknown or revoked, or its secret is wrong") }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = if self.error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        // The grammar of the RFC has neither quotation marks nor what is not ASCII.
        let plain = |c: char| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\') { c } else { '\'' };
        let description: String = self.description.chars().map(plain).collect();
        let mut response =
            unstored(status, json!({ "error": self.error, "error_description": description }).to_string());
        if self.basic {
            let challenge = HeaderValue::from_static("Basic realm=\"rosterd\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn unstored(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(authorization) {
            headers.insert(header::AUTHORIZATION, value);
        }
        headers
    }

    fn error(authorization: Option<&str>, form: &str) -> &'static str {
        let headers = authorization.map(with).unwrap_or_default();
        Asked::read(&headers, form.as_bytes()).expect_err("refused").error
    }

    #[test]
    fn a_client_shows_itself_in_the_form_or_in_a_header() {
        let form = Asked::read(&HeaderMap::new(), b"grant_type=client_credentials&client_id=a&client_secret=s%2B&x=y");
        let expected = Asked { client: "a".to_owned(), secret: "s+".to_owned(), scope: None, basic: false };
        assert_eq!(form, Ok(expected));
        let header = with(&format!("Basic {}", STANDARD.encode("a%2D1:s%2B%3D")));
        let read = Asked::read(&header, b"grant_type=client_credentials&scope=a+b&client_id=a-1");
        let scope = Some("a b".to_owned());
        assert_eq!(read, Ok(Asked { client: "a-1".to_owned(), secret: "s+=".to_owned(), scope, basic: true }));
    }

    #[test]
    fn each_mistake_has_its_word() {
        let basic = format!("Basic {}", STANDARD.encode("a:s"));
        let basic = Some(basic.as_str());
        let grant = "grant_type=client_credentials";
        for (header, form, expected) in [
            (None, "", "invalid_request"),
            (None, "grant_type=password&client_id=a&client_secret=s", "unsupported_grant_type"),
            (None, "grant_type=client_credentials&client_id=a&client_id=a", "invalid_request"),
            (None, grant, "invalid_client"),
            (None, "grant_type=client_credentials&client_id=a&client_secret=", "invalid_client"),
            (Some("Basic !"), grant, "invalid_client"),
            (Some("Bearer x"), grant, "invalid_client"),
            (basic, "grant_type=client_credentials&client_secret=s", "invalid_request"),
            (basic, "grant_type=client_credentials&client_id=b", "invalid_request"),
        ] {
            assert_eq!(error(header, form), expected, "{header:?} {form}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(header in any::<String>(), form in any::<Vec<u8>>()) {
            let _ = Asked::read(&with(&header), &form);
        }

        #[test]
        fn whatever_is_in_basic_is_read_or_refused(text in any::<Vec<u8>>()) {
            let _ = basic(&with(&format!("Basic {}", STANDARD.encode(text))));
        }
    }
}
