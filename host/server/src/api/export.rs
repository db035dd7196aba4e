//! Everything of a class in one answer: a line of JSON for each object, in the order of ids.

use super::call::{Api, Call};
use super::desk::asking;
use super::import::LINES;
use super::kind::Kind;
use super::lines::{write, written};
use super::object::{LARGEST_PAGE, shown};
use super::problem::{Problem, Refused};
use super::read;
use crate::Caller;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

/// `GET /v1/export/accounts`
pub(super) async fn export<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::reading())?;
    if call.parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(Problem::parameter("there are no parameters here"));
    }
    // What fails at once is answered as a problem, and not as a line.
    let first = page::<K>(&call.api, &caller, None).await?;
    let (out, answer) = written();
    tokio::spawn(send::<K>(call.api, caller, first, out));
    let mut response = answer.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(LINES));
    Ok(response)
}

type Page = (Vec<u8>, Option<String>);

async fn page<K: Kind>(api: &Api, caller: &Caller, after: Option<String>) -> Result<Page, Refused> {
    let mut query = asking(None, LARGEST_PAGE);
    query.after = after;
    let listed = api.desk(caller).query(K::CLASS, query).await?;
    let mut text = Vec::new();
    for found in &listed.found {
        serde_json::to_writer(&mut text, &shown::<K>(found)?).map_err(|_| Problem::internal())?;
        text.push(b'\n');
    }
    Ok((text, listed.next))
}

async fn send<K: Kind>(api: Api, caller: Caller, (mut text, mut next): Page, out: mpsc::Sender<Bytes>) {
    loop {
        if !write(&out, text).await || next.is_none() {
            return;
        }
        (text, next) = match page::<K>(&api, &caller, next).await {
            Ok(page) => page,
            // The last line says that the others are not all.
            Err(problem) => {
                let mut line = serde_json::json!({ "error": *problem }).to_string();
                line.push('\n');
                (line.into_bytes(), None)
            }
        };
    }
}
