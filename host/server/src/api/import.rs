//! Many objects in one request: a line of JSON for each, and a line of answer for each in the same order.
//!
//! Lines are read into portions ([`super::portions`]), and portions submitted while those before them are decided. A line says
//! what an object is as a whole: it is made if it is not there, changed if it is different, and left as it is if it is the same.

use super::call::{Api, Call};
use super::desk::{Desk, Found, making, new_id};
use super::kind::{CREATED, Kept, Kind, MODIFIED};
use super::lines::{Lines, is_empty, write, written};
use super::portions::{Item, Portion, Reading};
use super::problem::{Problem, Refused};
use super::read;
use crate::Caller;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rosterd_model::directory::{LargePart, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::{Fault, FaultKind};
use serde::Serialize;
use std::collections::{HashSet, VecDeque};
use std::future::{poll_fn, ready};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::ToSchema;

/// The media type of lines of JSON.
pub(super) const LINES: &str = "application/x-ndjson";
/// Portions that may wait for their turn; of those that had it nothing is held but the answers.
const WAITING: usize = 3;
/// Portions that are not answered yet, at most.
const UNDER_WAY: usize = 64;

/// Ids are compared by it.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

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
    error: Option<Box<Problem>>,
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
        tokio::spawn(Reading::begin(Lines::of(body), call.api.clone()).all::<K>(portions));
        tokio::spawn(async move {
            store_all::<K>(call.api, caller, received, out, only_errors).await;
            drop(seat);
        });
    }
    let mut response = answer.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(LINES));
    Ok(response)
}

/// Submits portions, one behind the other, and says what became of them: while some are decided, the next ones are read and
/// wait for their turn.
async fn store_all<K: Kind>(
    api: Api,
    caller: Caller,
    mut portions: mpsc::Receiver<Portion>,
    out: mpsc::Sender<Bytes>,
    only_errors: bool,
) {
    let room = Arc::new(Semaphore::new(WAITING));
    let mut under_way: VecDeque<Submitted> = VecDeque::new();
    loop {
        let next = async {
            // Nobody closes it.
            let room = Arc::clone(&room).acquire_owned().await.ok();
            portions.recv().await.zip(room)
        };
        let next = match under_way.front_mut() {
            None => next.await,
            Some(first) => tokio::select! {
                biased;
                outcomes = &mut first.deciding => {
                    under_way.pop_front();
                    // Who does not read the answer is not imported from any further: he would not know what was done.
                    if tell(&outcomes, &out, only_errors).await {
                        continue;
                    }
                    return;
                }
                next = next => next,
            },
        };
        let ids = next.iter().flat_map(|(portion, _)| &portion.items).filter_map(|item| item.id.as_deref());
        let ids: HashSet<u64> = ids.map(|id| HASHER.hash_one(id)).collect();
        // What is about the same object is compared with what is made of it.
        let builds = under_way.iter().any(|one| !one.ids.is_disjoint(&ids));
        while next.is_none() || builds || under_way.len() >= UNDER_WAY {
            let Some(first) = under_way.pop_front() else { break };
            if !tell(&first.deciding.await, &out, only_errors).await {
                return;
            }
        }
        let Some((Portion { items, follows }, room)) = next else { return };
        let prepared = Prepared::of::<K>(&api.desk(&caller), items).await;
        let deciding = begin(prepared, (follows, room), &caller).await;
        under_way.push_back(Submitted { deciding, ids });
    }
}

/// A portion that was submitted.
struct Submitted {
    deciding: BoxFuture<'static, Vec<Outcome>>,
    /// Of the ids of its objects, the hashes: two that are equal by chance only wait for each other.
    ids: HashSet<u64>,
}

/// Says what became of lines; false: nobody reads that any more.
async fn tell(outcomes: &[Outcome], out: &mpsc::Sender<Bytes>, only_errors: bool) -> bool {
    let mut text = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| !only_errors || outcome.error.is_some()) {
        if serde_json::to_writer(&mut text, outcome).is_ok() {
            text.push(b'\n');
        }
    }
    write(out, text).await
}

/// Submits a portion. Those that are submitted after it are taken after it.
async fn begin(
    prepared: Prepared,
    (follows, room): (bool, OwnedSemaphorePermit),
    caller: &Caller,
) -> BoxFuture<'static, Vec<Outcome>> {
    let directory = Arc::clone(&caller.directory);
    let Prepared { mut outcomes, places, submissions } = prepared;
    if submissions.is_empty() {
        return Box::pin(ready(outcomes));
    }
    let mut deciding: BoxFuture<'static, _> = Box::pin(async move {
        let answers = directory.store(LargePart { submissions, follows, room: Some(Box::new(room)) }).await;
        for (place, answer) in places.into_iter().zip(answers) {
            if let Err(fault) = answer {
                outcomes[place].status = "failed";
                outcomes[place].error = Some(Refused::from(fault));
            }
        }
        outcomes
    });
    // It takes its place among those that wait when it is first asked whether it is ready.
    match poll_fn(|context| Poll::Ready(deciding.as_mut().poll(context))).await {
        Poll::Ready(outcomes) => Box::pin(ready(outcomes)),
        Poll::Pending => deciding,
    }
}

/// A portion that was compared with what is there.
struct Prepared {
    /// One for each item, in order: what they come to if what is submitted is done.
    outcomes: Vec<Outcome>,
    submissions: Vec<Submission>,
    /// The place of each submission in the outcomes.
    places: Vec<usize>,
}

impl Prepared {
    async fn of<K: Kind>(desk: &Desk<'_>, items: Vec<Item>) -> Self {
        let mut outcomes = Vec::with_capacity(items.len());
        let (mut places, mut submissions) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        let known = items.iter().filter(|item| item.object.is_ok()).filter_map(|item| item.id.as_deref());
        let mut found = desk.find_all(K::CLASS, known).await.into_iter();
        for Item { line, id, object } in items {
            let given = id.is_some();
            let there = match (&object, given) {
                (Ok(_), true) => found.next().unwrap_or_else(|| Err(Problem::internal())),
                _ => Ok(None),
            };
            let id = id.unwrap_or_else(|| new_id(desk.now));
            let (status, error) = match (object, there) {
                (Err(problem), _) | (_, Err(problem)) => ("failed", Some(problem)),
                (Ok(object), Ok(None)) => {
                    places.push(outcomes.len());
                    submissions.push(making(K::CLASS, &id, object));
                    ("created", None)
                }
                (Ok(text), Ok(Some(found))) => match changed::<K>(desk, &found, &text) {
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
        Self { outcomes, submissions, places }
    }
}

/// What makes an object of one that was found; none: it is so already. `text` is what would make it anew.
fn changed<K: Kind>(desk: &Desk<'_>, found: &Found, text: &str) -> Option<Submission> {
    let mut kept: Kept = serde_json::from_str(text).unwrap_or_default();
    // When it was made is not for whoever imports it again to say.
    [CREATED, MODIFIED].iter().for_each(|name| drop(kept.remove(*name)));
    desk.become_as::<K>(found, &kept, Vec::new())
}
