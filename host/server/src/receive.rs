//! Requests of remote systems: callbacks, SCIM clients and the like, under `/receive/CONNECTION`.
//!
//! Here size, time and address are looked at, and whether a client of this connection shows its token. What a request means,
//! and what somebody may do who is no client, is the business of the connector in its sandbox; so a stranger is told nothing
//! here but that he comes too often.

use crate::auth::{Known, Refused};
use crate::problem::Problem;
use crate::router::{Hub, LARGEST_BODY, Peer, RequestId, Who};
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use rosterd_model::ConnectionId;
use rosterd_model::port::{Answer, BoxFuture, Call};
use serde_json::{Value, json};
use std::sync::Arc;

/// Under this path, by the name of the connection.
pub const MOUNT: &str = "/receive/";
/// What a connector is not given: it is the hub that looks at tokens.
const HIDDEN: [HeaderName; 2] = [header::AUTHORIZATION, header::COOKIE];

/// Answers a request to a connection; none: there is no such connection that answers.
pub type Receive = Arc<dyn Fn(String, Call) -> BoxFuture<'static, Option<Answer>> + Send + Sync>;

/// Hands a request to the connection that it names.
pub(crate) async fn receive(
    State(hub): State<Arc<Hub>>,
    Extension(peer): Extension<Peer>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let Some((connection, rest)) = split(request.uri().path()) else { return plain(StatusCode::NOT_FOUND) };
    let (connection, rest) = (connection.to_owned(), rest.to_owned());
    let client = match client(&hub, peer, request.headers(), &connection).await {
        Ok(client) => client,
        Err(problem) => return problem.into_response(),
    };
    let base_url = match hub.public_url.as_str() {
        "" => Value::Null,
        url => format!("{url}{MOUNT}{connection}").into(),
    };
    let shown = client.as_ref().map(|known| json!({ "id": known.name, "scopes": known.scopes }));
    let context = json!({ "base-url": base_url, "request-id": id.0, "client": shown });
    let headers = request.headers().iter().filter(|(name, _)| !HIDDEN.contains(name));
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let (method, query) = (request.method().as_str().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let body = match body(&hub, request.into_body()).await {
        Ok(body) => body,
        Err(status) => return plain(status),
    };
    let call = Call { method, path: rest, query, headers, body, context: context.to_string() };
    let mut response = match (hub.receive)(connection, call).await {
        Some(answer) => answered(answer),
        None => plain(StatusCode::NOT_FOUND),
    };
    if let Some(known) = client {
        response.extensions_mut().insert(Who(known.name));
    }
    response
}

/// The client of this connection whose token the request shows; none for whoever shows no token or a wrong one.
async fn client(hub: &Hub, peer: Peer, headers: &HeaderMap, connection: &str) -> Result<Option<Known>, Box<Problem>> {
    let own = |row: &rosterd_store::ClientRow| row.connection.as_str() == connection;
    let known = match hub.door.known(headers, peer.0, own).await {
        Ok(known) => known,
        Err(Refused::Nothing | Refused::Unknown) => return Ok(None),
        Err(refused) => return Err(Box::new(refused.problem())),
    };
    if known.row.org_units.is_empty() {
        return Ok(Some(known));
    }
    // The connector's directory is that of its connection: nothing there would keep the client within its units.
    let detail = format!(
        "client {} sees only some org units, and a connector can not be told which; use the hub's own interface, or ask \
         its operator for a client without org units",
        known.name
    );
    Err(Box::new(Problem::new(StatusCode::FORBIDDEN, detail)))
}

async fn body(hub: &Hub, body: Body) -> Result<Vec<u8>, StatusCode> {
    match tokio::time::timeout(hub.patience, Limited::new(body, LARGEST_BODY).collect()).await {
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
    }
}

/// The connection that a path names, and the path below it.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    let below = path.strip_prefix(MOUNT)?;
    let (connection, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    connection.parse::<ConnectionId>().ok()?;
    Some((connection, if rest.is_empty() { "/" } else { rest }))
}

/// Bytes that are no text are replaced: a connector is given text.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn answered(answer: Answer) -> Response {
    let Ok(status) = StatusCode::from_u16(answer.status) else { return plain(StatusCode::SERVICE_UNAVAILABLE) };
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    for (name, value) in answer.headers {
        // One that can not stand in a head is left out, and the others are not.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_below_a_connection_keeps_its_encoding() {
        assert_eq!(split("/receive/ding"), Some(("ding", "/")));
        assert_eq!(split("/receive/ding/"), Some(("ding", "/")));
        assert_eq!(split("/receive/ding/a%2fb/c"), Some(("ding", "/a%2fb/c")));
        assert_eq!(split("/receive//x"), None);
        assert_eq!(split("/receive/-x"), None);
        assert_eq!(split("/other/ding"), None);
    }
}
