//! The Developer API: what applications and scripts of a company say and ask over HTTP.
//!
//! A client acts in the name of a connection. What it pushes is stored, decided and applied as what any source says; what
//! it reads under `/v1/accounts` and the like is what clients of its connection pushed. With the scope `hub:read` it fetches
//! what the hub has, whoever it came from. Who a client is decides whoever mounts [`router`]: it puts a [`crate::Caller`]
//! into each request.
//!
//! ```text
//! table      what there is: routes and document     document, schemas  OpenAPI 3.1
//! call, read what a request says                    problem    what went wrong, RFC 9457
//! shape, kind, pattern  objects as clients see them and as the directory keeps them
//! desk       the directory, in few words            object, members, import, export  handlers
//! hub, hub_view  what the hub has                   compatible the paths of Alibaba Cloud IDaaS
//! ```

mod apart;
mod call;
mod compatible;
mod desk;
mod document;
mod export;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod hub;
mod hub_view;
mod import;
mod kind;
mod lines;
mod members;
mod object;
mod operation;
mod pattern;
mod portions;
mod problem;
mod read;
mod schemas;
mod shape;
mod table;

pub use hub::{HubChange, HubChanges, HubObject, HubPage, HubView, Sight, Whose};
pub use hub_view::StoreView;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use call::Api;
use operation::Operation;
use problem::Problem;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Imports at once.
const MOST_IMPORTS: usize = 8;

/// How what the server itself refuses is told below `/v2`, whose clients expect the form of IDaaS.
pub fn tell(path: &str, problem: &crate::Problem) -> Option<Response> {
    let own = Problem {
        retry_after: problem.retry_after,
        ..*Problem::new(problem.status, "refused", problem.detail.as_str())
    };
    path.starts_with("/v2/").then(|| compatible::refused(path, Box::new(own)))
}

/// All operations, and the document about them.
fn operations() -> Vec<Operation> {
    let mut all = table::operations();
    all.extend(compatible::operations());
    all
}

/// The Developer API. Whoever mounts it puts the [`crate::Caller`] into the extensions of each request that needs one; a
/// request without one is answered 401. `/v1/openapi.json` needs none. It answers every
/// path that nobody else does; whoever merges it with a router that does so, too, calls `reset_fallback` on one of them.
pub fn router(hub: Arc<dyn HubView>) -> Router {
    let operations = operations();
    let document = document::written(&operations);
    let mut router = Router::new();
    for operation in operations {
        router = router.route(&operation.path, operation.handler);
    }
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(nothing)
        .layer(DefaultBodyLimit::disable())
        .with_state(Api { hub, document: Arc::from(document), imports: Arc::new(Semaphore::new(MOST_IMPORTS)) })
}

async fn nothing(uri: Uri) -> Response {
    compatible::refused(
        uri.path(),
        Problem::not_found("there is nothing at this path; /v1/openapi.json says what there is"),
    )
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let text = format!("{method} is not answered at this path; the header Allow says what is");
    compatible::refused(uri.path(), Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", text))
}

#[cfg(test)]
mod tests;
