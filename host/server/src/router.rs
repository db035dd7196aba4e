//! Which request goes where, and what holds for all of them: a number, a line in the log, a limit, and a token where one is
//! needed. What stands below `/v1` and `/v2` is answered to known clients only, whatever is there.

use crate::auth::{Door, Refused};
use crate::caller::Caller;
use crate::problem::{Problem, Tell};
use crate::receive::{self, Receive};
use crate::token;
use axum::extract::{DefaultBodyLimit, Extension, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use axum::{Router, http};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A larger body is not read, except by routes that read it piece by piece and set a limit of their own.
pub(crate) const LARGEST_BODY: usize = 1 << 20;
/// A larger head is not looked at.
pub(crate) const LARGEST_HEAD: usize = 32 << 10;
/// Below these, a token is needed.
const GUARDED: [&str; 2] = ["/v1", "/v2"];
/// What stands below them and says what is there, and nothing of anybody.
const OPEN: [&str; 1] = ["/v1/openapi.json"];
/// The number of a request, on each answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the routes of the hub need.
pub(crate) struct Hub {
    pub(crate) receive: Receive,
    /// The address under which remote systems know the hub; empty: nobody said.
    pub(crate) public_url: String,
    pub(crate) door: Door,
    pub(crate) tell: Option<Tell>,
    /// Who does not send his body in this time is left.
    pub(crate) patience: Duration,
}

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The number of a request, which its answer carries, too.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// On an answer: which client it was for.
#[derive(Debug, Clone)]
pub(crate) struct Who(pub(crate) String);

/// All routes. `api` and `login` are what others bring; the first is for clients with a token only.
pub(crate) fn router(hub: &Arc<Hub>, api: Option<Router>, login: Option<Router>) -> Router {
    let mut all = Router::new()
        .route("/receive/{*rest}", any(receive::receive))
        .route("/oauth2/token", post(token::token))
        .route("/v2/{instanceId}/{applicationId}/oauth2/token", post(token::compatible))
        .with_state(Arc::clone(hub));
    if let Some(api) = api {
        all = all.merge(api.layer(from_fn_with_state(Arc::clone(hub), confirm)));
    }
    if let Some(login) = login {
        all = all.merge(login);
    }
    all.fallback_service(any(nowhere).with_state(Arc::clone(hub)))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(hub), authenticate))
        .layer(from_fn(log))
}

async fn nowhere(State(hub): State<Arc<Hub>>, uri: Uri) -> Response {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path").told(hub.tell.as_ref(), uri.path())
}

/// Whoever asks for what is guarded must be a client.
async fn authenticate(
    State(hub): State<Arc<Hub>>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_guarded(request.uri().path()) {
        return next.run(request).await;
    }
    match hub.door.known(request.headers(), peer.0, |_| true).await {
        Ok(known) => {
            let who = Who(known.name.clone());
            request.extensions_mut().insert(hub.door.caller(known));
            let mut response = next.run(request).await;
            response.extensions_mut().insert(who);
            response
        }
        Err(refused) => refused.problem().told(hub.tell.as_ref(), request.uri().path()),
    }
}

/// A route of the interface that stands elsewhere is not answered for that.
async fn confirm(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    match request.extensions().get::<Caller>().is_some() || OPEN.contains(&path) {
        true => next.run(request).await,
        false => Refused::Nothing.problem().told(hub.tell.as_ref(), path),
    }
}

/// True if a token is needed at this path.
pub(crate) fn is_guarded(path: &str) -> bool {
    GUARDED.iter().any(|mount| is_below(path, mount)) && !OPEN.contains(&path) && !is_compatible_token(path)
}

/// `/v2/INSTANCE/APPLICATION/oauth2/token`: whoever comes there has no token yet.
fn is_compatible_token(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let begins = parts.next() == Some("v2") && parts.next().is_some() && parts.next().is_some();
    begins && parts.eq(["oauth2", "token"])
}

fn is_below(path: &str, mount: &str) -> bool {
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Numbers a request, and writes what came of it: never its query, its body or its token.
async fn log(mut request: Request, next: Next) -> Response {
    let (begun, id) = (Instant::now(), uuid::Uuid::new_v4().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let mut response = match head_bytes(&request) > LARGEST_HEAD {
        true => Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large").into_response(),
        false => next.run(request).await,
    };
    if let Ok(value) = HeaderValue::try_from(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    tracing::info!(
        method = word(&method),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        client = response.extensions().get::<Who>().map_or("none", |who| who.0.as_str()),
        request = id,
        ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}

/// How large a head is. The buffer into which it is read has a bound, too, but not to the byte.
fn head_bytes(request: &Request) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    fields.fold(target, usize::saturating_add)
}

/// A method that nobody knows can be any text, and has no place in the log.
fn word(method: &http::Method) -> &str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn below_a_mount_is_what_a_slash_parts_from_it() {
        assert!(is_below("/v1", "/v1") && is_below("/v1/", "/v1") && is_below("/v1/accounts", "/v1"));
        assert!(
            super::is_compatible_token("/v2/i/a/oauth2/token") && !super::is_compatible_token("/v2/i/a/b/oauth2/token")
        );
        assert!(!is_below("/v10", "/v1") && !is_below("/", "/v1") && !is_below("/x/v1", "/v1"));
    }
}
