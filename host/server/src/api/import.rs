//! Many objects in one request: a line of JSON for each, and a line of answer for each in the same order.
//!
//! Reading goes on while a portion is stored; nothing but three portions is held. A line says what an object is as a whole: it is
//! made if it is not there, changed if it is different, and left as it is if it is the same.

use super::call::{Api, Call};
use super::desk::{Desk, new_id};
use super::kind::{Kind, checked};
use super::lines::{Line, Lines, is_empty, write, written};
use super::object::given_id;
use super::problem::{Problem, Refused};
use super::read;
use crate::Caller;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rosterd_model::{Fault, FaultKind};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// The media type of lines of JSON.
pub(super) const LINES: &str = "application/x-ndjson";
/// Objects that are stored at once. Each portion costs the hub the same few writes and pages of its trees that were changed
/// for the one before as well; but others who change something wait as long as one takes.
const PORTION: usize = 10_000;
/// Bytes of a portion, so that long lines do not add up.
const PORTION_BYTES: usize = 8 << 20;
/// How often a portion is offered that the hub has no room for.
const OFFERS: usize = 30;

/// One line, read.
struct Item<K> {
    line: u64,
    /// The id, if it could be told.
    id: Option<String>,
    object: Result<K, Refused>,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The number of the line, from 1.
    #[schema(minimum = 1)]
    line: u64,
    /// The id of the object, if it could be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// `created`, `changed`, `unchanged` or `failed`.
    #[schema(pattern = "^(created|changed|unchanged|failed)$")]
    status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// `POST /v1/import/accounts`
pub(super) async fn import<K: Kind>(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, K::writing())?;
    read::must_be(&call.parts.headers, &[LINES, "application/jsonl"])?;
    let only_errors = match read::parameters::<Vec<(String, String)>>(&call.parts.uri)?.as_slice() {
        [] => false,
        [(name, value)] if name == "results" && (value == "all" || value == "errors") => value == "errors",
        _ => return Err(Problem::parameter("there is one parameter here: results, which is all or errors")),
    };
    let Ok(seat) = Arc::clone(&call.api.imports).try_acquire_owned() else {
        let text = "too many imports are under way; come again later";
        let fault = Fault { retry_after_ms: Some(30_000), ..Fault::new(FaultKind::RateLimited, text) };
        return Err(fault.into());
    };
    let body = call.body();
    let (out, answer) = written();
    if !is_empty(&body) {
        let (portions, received) = mpsc::channel(1);
        tokio::spawn(read_all::<K>(Lines::of(body), portions));
        tokio::spawn(async move {
            store_all(call.api, caller, received, out, only_errors).await;
            drop(seat);
        });
    }
    let mut response = answer.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(LINES));
    Ok(response)
}

/// Reads until the body ends or nobody takes portions any more.
async fn read_all<K: Kind>(mut lines: Lines, to: mpsc::Sender<Vec<Item<K>>>) {
    let (mut portion, mut ids, mut bytes, mut number) = (Vec::new(), HashSet::new(), 0, 0_u64);
    loop {
        let (more, broken) = match lines.next().await {
            Ok(Some(more)) => (more, false),
            Ok(None) => break,
            Err(problem) => (vec![Err(problem)], true),
        };
        for line in more {
            number += 1;
            bytes += line.as_ref().map_or(0, Vec::len);
            let Some(item) = item::<K>(number, line) else { continue };
            // Of two lines about one object the second one builds on the first.
            let twice = item.id.as_ref().is_some_and(|id| !ids.insert(id.clone()));
            if (twice || portion.len() == PORTION || bytes > PORTION_BYTES) && !portion.is_empty() {
                ids = item.id.clone().into_iter().collect();
                bytes = 0;
                if to.send(std::mem::take(&mut portion)).await.is_err() {
                    return;
                }
            }
            portion.push(item);
        }
        if broken {
            break;
        }
    }
    if !portion.is_empty() {
        drop(to.send(portion).await);
    }
}

/// What a line says; none: nothing stands in it.
fn item<K: Kind>(line: u64, bytes: Line) -> Option<Item<K>> {
    let bytes = match bytes {
        Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => return None,
        Ok(bytes) => bytes,
        Err(problem) => return Some(Item { line, id: None, object: Err(problem) }),
    };
    let mut id = None;
    let object = (|| {
        let mut body: Map<String, Value> = read::parsed(&bytes)?;
        id = given_id(&mut body)?;
        let object: K = read::fitted(Value::Object(body))?;
        checked(&object)?;
        Ok(object)
    })();
    Some(Item { line, id, object })
}

async fn store_all<K: Kind>(
    api: Api,
    caller: Caller,
    mut portions: mpsc::Receiver<Vec<Item<K>>>,
    out: mpsc::Sender<Bytes>,
    only_errors: bool,
) {
    while let Some(portion) = portions.recv().await {
        let outcomes = store(&api.desk(&caller), portion).await;
        let mut text = Vec::new();
        for outcome in outcomes.iter().filter(|outcome| !only_errors || outcome.error.is_some()) {
            if serde_json::to_writer(&mut text, outcome).is_ok() {
                text.push(b'\n');
            }
        }
        // Who does not read the answer is not imported from any further: he would not know what was done.
        if !write(&out, text).await {
            return;
        }
    }
}

/// Stores a portion; one outcome for each item, in order.
async fn store<K: Kind>(desk: &Desk<'_>, portion: Vec<Item<K>>) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(portion.len());
    let (mut places, mut submissions) = (Vec::new(), Vec::new());
    let known = portion.iter().filter(|item| item.object.is_ok()).filter_map(|item| item.id.as_deref());
    let mut found = desk.find_all(K::CLASS, known).await.into_iter();
    for Item { line, id, object } in portion {
        let given = id.is_some();
        let there = match (&object, given) {
            (Ok(_), true) => found.next().unwrap_or_else(|| Err(Problem::internal())),
            _ => Ok(None),
        };
        let id = id.unwrap_or_else(|| new_id(desk.now));
        let (status, error) = match (object, there) {
            (Err(problem), _) | (_, Err(problem)) => ("failed", Some(*problem)),
            (Ok(object), Ok(None)) => {
                places.push(outcomes.len());
                submissions.push(desk.made(&id, &object));
                ("created", None)
            }
            (Ok(object), Ok(Some(found))) => match desk.changed(&found, &object, Vec::new()) {
                Some(submission) => {
                    places.push(outcomes.len());
                    submissions.push(submission);
                    ("changed", None)
                }
                None => ("unchanged", None),
            },
        };
        let id = (given || error.is_none()).then_some(id);
        outcomes.push(Outcome { line, id, status, error });
    }
    let answers = submit(desk, submissions).await;
    for (place, answer) in places.into_iter().zip(answers) {
        if let Err(fault) = answer {
            outcomes[place].status = "failed";
            outcomes[place].error = Some(fault.into());
        }
    }
    outcomes
}

/// Submits, and comes again while the hub has no room.
async fn submit(desk: &Desk<'_>, submissions: Vec<rosterd_model::directory::Submission>) -> Vec<Result<(), Fault>> {
    if submissions.is_empty() {
        return Vec::new();
    }
    let count = submissions.len();
    for _ in 0..OFFERS {
        let answers = desk.caller.directory.store(submissions.clone()).await;
        let full = |answer: &Result<_, Fault>| matches!(answer, Err(fault) if fault.kind == FaultKind::RateLimited);
        if !answers.iter().all(full) {
            return answers;
        }
        let wait = answers.iter().filter_map(|answer| answer.as_ref().err()?.retry_after_ms).max().unwrap_or(1_000);
        tokio::time::sleep(Duration::from_millis(wait.min(5_000))).await;
    }
    let text = "the hub had no room for it for a long time; send the lines that failed again later";
    (0..count).map(|_| Err(Fault::new(FaultKind::RateLimited, text))).collect()
}
