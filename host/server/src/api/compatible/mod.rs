//! The paths of the Developer API of Alibaba Cloud IDaaS, so that what was written for it needs another address and nothing
//! else: `/v2/{instanceId}/{applicationId}/...`.
//!
//! Names of fields, methods and paths are those of its SDK. The tree of org units has a root there, `ou_root`, which is not
//! an object of ours: what stands at the top has it as its parent. `instanceId` is answered as it was asked.

mod group;
mod look_up;
mod shape;
mod table;
mod unit;
mod user;
mod whereabouts;

pub(super) use shape::schemas;
pub(super) use table::operations;

use super::call::Call;
use super::desk::Found;
use super::kind::kept_text;
use super::pattern::{self, fits};
use super::problem::{Problem, Refused};
use super::read;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;

/// The root of the tree of org units.
const ROOT: &str = "ou_root";
/// Where accounts of the directory itself come from.
const SOURCE: &str = "build_in";
/// The last page that can be asked for by its number.
const LAST_PAGE: u64 = 10_000_000;
/// What is never.
const NEVER: i64 = -1;

/// A problem as clients of these paths expect it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'p> {
    request_id: String,
    code: &'static str,
    message: &'p str,
}

fn code(problem: &Problem) -> (StatusCode, &'static str) {
    match problem.status {
        401 => (StatusCode::UNAUTHORIZED, "InvalidToken"),
        403 => (StatusCode::FORBIDDEN, "Forbidden"),
        404 => (StatusCode::NOT_FOUND, "EntityNotFound"),
        405 => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        409 if problem.word() == "already-exists" => (StatusCode::CONFLICT, "EntityAlreadyExists"),
        409 => (StatusCode::CONFLICT, "Conflict"),
        413 => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLarge"),
        415 => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType"),
        429 => (StatusCode::TOO_MANY_REQUESTS, "Throttling"),
        503 => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        500.. => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        _ => (StatusCode::BAD_REQUEST, "InvalidParameter"),
    }
}

fn refusal(problem: &Problem) -> Response {
    let (status, code) = code(problem);
    let message = match problem.errors.as_slice() {
        [one, ..] => one.detail.as_str(),
        [] => problem.detail.as_str(),
    };
    let body = Refusal { request_id: uuid::Uuid::new_v4().to_string(), code, message };
    let mut response = (status, axum::Json(body)).into_response();
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        let bearer = axum::http::HeaderValue::from_static("Bearer");
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, bearer);
    }
    response
}

/// The answer to what has no operation, in the shape of the path.
pub(super) fn refused(path: &str, problem: Refused) -> Response {
    if path.starts_with("/v2/") { refusal(&problem) } else { problem.into_response() }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Refused>> + Send>>;

/// A handler whose problems have the shape of these paths.
fn answering<F, R>(handler: F) -> impl Fn(Call) -> Answering + Clone + Send + Sync + 'static
where
    F: Fn(Call) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<Response, Refused>> + Send + 'static,
{
    move |call| {
        let base = ["instanceId", "applicationId"].iter().try_for_each(|name| call.id_of(name).map(drop));
        let answer = handler(call);
        Box::pin(async move {
            let answer = match base {
                Ok(()) => answer.await,
                Err(problem) => Err(problem),
            };
            Ok(answer.unwrap_or_else(|problem| refusal(&problem)))
        })
    }
}

fn json(value: impl Serialize) -> Response {
    axum::Json(value).into_response()
}

/// It is done, and there is nothing to say.
fn done() -> Response {
    StatusCode::OK.into_response()
}

/// A time that is kept, in milliseconds since 1970; 0 if it is not known.
fn time(found: &Found, name: &str) -> i64 {
    let text = kept_text(&found.kept, name).unwrap_or_default();
    text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond).unwrap_or_default()
}

/// Parameters of pages by number.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Numbered {
    organizational_unit_id: Option<String>,
    parent_id: Option<String>,
    page_number: Option<u64>,
    page_size: Option<u64>,
}

impl Numbered {
    fn of(call: &Call) -> Result<Self, Refused> {
        read::parameters(&call.parts.uri)
    }

    /// How many are left out, and how many are shown.
    fn window(&self) -> Result<(u64, u64), Refused> {
        let (number, size) = (self.page_number.unwrap_or(1), self.page_size.unwrap_or(20));
        let offset = number.checked_sub(1).and_then(|before| before.checked_mul(size));
        for id in [&self.organizational_unit_id, &self.parent_id].into_iter().flatten() {
            if !fits(pattern::ID, id) {
                return Err(Problem::parameter("what is named can be no id of an org unit"));
            }
        }
        match offset {
            Some(offset) if (1..=100).contains(&size) && number <= LAST_PAGE => Ok((offset, size)),
            _ => Err(Problem::parameter(format!(
                "pageNumber is a number from 1 to {LAST_PAGE}, and pageSize one from 1 to 100"
            ))),
        }
    }
}

/// Parameters of pages by token.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tokened {
    group_name_start_with: Option<String>,
    max_results: Option<u64>,
    next_token: Option<String>,
}

impl Tokened {
    fn of(call: &Call) -> Result<Self, Refused> {
        read::parameters(&call.parts.uri)
    }

    fn max(&self) -> Result<u64, Refused> {
        let max = self.max_results.unwrap_or(20);
        if (1..=100).contains(&max) { Ok(max) } else { Err(Problem::parameter("maxResults is a number from 1 to 100")) }
    }

    fn after(&self) -> Result<Option<String>, Refused> {
        let token = self.next_token.as_deref();
        let bad = |_| Problem::parameter("nextToken is no token that the hub gave out; begin at the first page");
        token.map(super::object::opened).transpose().map_err(bad)
    }
}

/// `GET provisioningScope`: where the client may look.
async fn scope(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, crate::Scope::Read(rosterd_model::Class::Account))?;
    let mut units: Vec<String> = caller.org_units.iter().map(ToString::to_string).collect();
    if units.is_empty() {
        units.push(ROOT.to_owned());
    }
    Ok(json(shape::ProvisioningScope { organizational_unit_ids: units, group_ids: Vec::new() }))
}
