//! `/Bulk` (RFC 7644, section 3.7). Ids are made before anything is submitted, so that a `bulkId` may be named before it is given;
//! what another operation needs is done first.

use super::accept::cut;
use super::access::Access;
use super::refusal::Refusal;
use super::schema::Kind;
use super::service::{Service, new_id};
use super::view::{Found, location};
use super::write::{self, Done};
use crate::place::get;
use rosterd_sdk::directory::{self, Submission};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Operations of one request.
pub const MOST: usize = 1000;
/// Users and groups that are submitted together.
const TOGETHER: usize = 100;
const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
const REFERENCE: &str = "bulkId:";

struct Operation {
    method: String,
    bulk_id: Option<String>,
    /// What the operations before it need it to be.
    kind: Result<(Kind, Option<String>), Refusal>,
    version: Option<String>,
    data: Map<String, Value>,
    /// `bulkId`s that it names.
    needs: BTreeSet<String>,
    /// The id of what it makes.
    id: String,
}

type Outcome = Result<(Done, String), Refusal>;

/// Does the operations.
///
/// # Errors
/// The request as a whole can not be read, or is too large.
pub fn bulk(service: Service<'_>, access: &Access, body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    if let Some(Value::Array(schemas)) = get(body, "schemas")
        && !schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(REQUEST))
    {
        return Err(Refusal::syntax(format!("schemas is to name {REQUEST}")));
    }
    let list = get(body, "Operations")
        .and_then(Value::as_array)
        .ok_or_else(|| Refusal::syntax("Operations is to be a list"))?;
    if list.len() > MOST {
        return Err(Refusal::too_large(format!("a bulk request has at most {MOST} operations")));
    }
    let limit = match get(body, "failOnErrors") {
        None | Some(Value::Null) => usize::MAX,
        Some(value) => value
            .as_u64()
            .filter(|limit| *limit > 0)
            .and_then(|limit| usize::try_from(limit).ok())
            .ok_or_else(|| Refusal::value("failOnErrors is to be a number from 1"))?,
    };
    let operations: Vec<Operation> = list.iter().map(|one| read(one, access)).collect();
    let mut given = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        if let Some(name) = operation.bulk_id.as_ref().filter(|_| operation.method == "POST")
            && given.insert(name.clone(), at).is_some()
        {
            return Err(Refusal::value(format!("the bulkId \"{}\" is given twice", cut(name))));
        }
    }
    let order = order(&operations, &given);
    let mut run = Run {
        service,
        operations,
        given,
        outcomes: BTreeMap::new(),
        waiting: Vec::new(),
        together: limit == usize::MAX,
    };
    for at in order {
        if run.outcomes.values().filter(|outcome| outcome.is_err()).count() >= limit {
            break;
        }
        run.one(at);
    }
    run.flush();
    let shown = run.outcomes.iter().map(|(at, outcome)| run.shown(*at, outcome)).collect::<Vec<_>>();
    let mut all = Map::new();
    all.insert("schemas".to_owned(), json!([RESPONSE]));
    all.insert("Operations".to_owned(), shown.into());
    Ok(all)
}

/// What is needed comes first; what needs each other stays as it came.
fn order(operations: &[Operation], given: &BTreeMap<String, usize>) -> Vec<usize> {
    let (mut order, mut placed) = (Vec::new(), BTreeSet::new());
    let mut left: Vec<usize> = (0..operations.len()).collect();
    while !left.is_empty() {
        let ready = |at: &usize| {
            operations[*at]
                .needs
                .iter()
                .filter_map(|name| given.get(name))
                .all(|need| need == at || placed.contains(need))
        };
        let (now, later): (Vec<usize>, Vec<usize>) = left.iter().copied().partition(ready);
        let (now, later) = if now.is_empty() { (left, Vec::new()) } else { (now, later) };
        placed.extend(now.iter().copied());
        order.extend(now);
        left = later;
    }
    order
}

fn read(one: &Value, access: &Access) -> Operation {
    let empty = Map::new();
    let map = one.as_object().unwrap_or(&empty);
    let text = |name: &str| get(map, name).and_then(Value::as_str).map(str::to_owned);
    let data = get(map, "data").and_then(Value::as_object).cloned().unwrap_or_default();
    let method = text("method").unwrap_or_default().to_ascii_uppercase();
    let mut needs = BTreeSet::new();
    let path = text("path").unwrap_or_default();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let kind = match (segments.as_slice(), method.as_str()) {
        ([endpoint], "POST") => Kind::at(endpoint).map(|kind| (kind, None)),
        ([endpoint, id], "PUT" | "PATCH" | "DELETE") => Kind::at(endpoint).map(|kind| (kind, Some((*id).to_owned()))),
        _ => None,
    };
    let kind = kind.ok_or_else(|| {
        Refusal::value(format!("\"{} {}\" can not be done in a bulk request", cut(&method), cut(&path)))
    });
    let kind = kind.and_then(|(kind, id)| access.allows(kind, &method).map(|()| (kind, id)));
    names(&Value::Object(data.clone()), &mut needs);
    needs.extend(path.split('/').filter_map(|segment| segment.strip_prefix(REFERENCE)).map(str::to_owned));
    Operation { method, bulk_id: text("bulkId"), kind, version: text("version"), data, needs, id: new_id() }
}

fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(references(text).map(str::to_owned)),
        Value::Array(list) => list.iter().for_each(|one| names(one, found)),
        Value::Object(map) => map.values().for_each(|one| names(one, found)),
        _ => {}
    }
}

/// A text that is a reference, or an address or a path that ends in one.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let plain = text.strip_prefix(REFERENCE);
    let quoted = text.split('"').filter_map(|part| part.strip_prefix(REFERENCE)).filter(move |_| plain.is_none());
    plain.into_iter().chain(quoted)
}

struct Run<'a> {
    service: Service<'a>,
    operations: Vec<Operation>,
    given: BTreeMap<String, usize>,
    /// By the place in the request.
    outcomes: BTreeMap<usize, Outcome>,
    /// Made together at the next flush.
    waiting: Vec<(usize, Kind, Submission)>,
    together: bool,
}

impl Run<'_> {
    fn one(&mut self, at: usize) {
        let names_waiting = |run: &Self| {
            run.operations[at]
                .needs
                .iter()
                .any(|name| run.given.get(name).is_some_and(|need| run.waiting.iter().any(|(one, ..)| one == need)))
        };
        if self.operations[at].method != "POST"
            || !self.together
            || self.waiting.len() >= TOGETHER
            || names_waiting(self)
        {
            self.flush();
        }
        match self.prepare(at) {
            Ok(Some((kind, submission))) => {
                let same = self.waiting.iter().any(|(_, other, there)| {
                    *other == kind && kind == Kind::User && user_name(there) == user_name(&submission)
                });
                if same {
                    let refusal = Refusal::uniqueness("another user of this request has this userName");
                    self.outcomes.insert(at, Err(refusal));
                } else {
                    self.waiting.push((at, kind, submission));
                }
            }
            Ok(None) => {}
            Err(refusal) => {
                self.outcomes.insert(at, Err(refusal));
            }
        }
        if !self.together {
            self.flush();
        }
    }

    /// What is to be submitted; none: it was done.
    fn prepare(&mut self, at: usize) -> Result<Option<(Kind, Submission)>, Refusal> {
        let operation = &self.operations[at];
        for name in &operation.needs {
            let need = self.given.get(name).copied();
            let need =
                need.ok_or_else(|| Refusal::conflict(format!("no operation has the bulkId \"{}\"", cut(name))))?;
            if matches!(self.outcomes.get(&need), Some(Err(_))) {
                return Err(Refusal::conflict(format!("the operation with the bulkId \"{}\" failed", cut(name))));
            }
        }
        let (kind, id) = operation.kind.clone()?;
        let Value::Object(data) = self.resolved(&Value::Object(operation.data.clone())) else { return Ok(None) };
        let version = operation.version.clone();
        let (service, expected) = (self.service, version.as_deref());
        let id = match id {
            None => {
                if operation.bulk_id.as_ref().is_none_or(String::is_empty) {
                    return Err(Refusal::syntax("a POST in a bulk request needs a bulkId"));
                }
                return Ok(Some((kind, write::prepared(service, kind, data, Some(operation.id.clone()))?)));
            }
            Some(id) => match self.resolved(&id.into()) {
                Value::String(id) => id,
                _ => return Ok(None),
            },
        };
        let done = match operation.method.as_str() {
            "PUT" => write::replace(service, kind, &id, data, expected)?,
            "PATCH" => write::modify(service, kind, &id, &data, expected)?,
            _ => write::remove(service, kind, &id, expected)?,
        };
        self.outcomes.insert(at, Ok((done, location(service.base, kind, &id))));
        Ok(None)
    }

    /// The same with ids in the place of references.
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let mut text = text.clone();
                let found: Vec<String> = references(&text).map(str::to_owned).collect();
                for name in found {
                    if let Some(at) = self.given.get(&name) {
                        text = text.replace(&format!("{REFERENCE}{name}"), &self.operations[*at].id);
                    }
                }
                text.into()
            }
            Value::Array(list) => list.iter().map(|one| self.resolved(one)).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(name, one)| (name.clone(), self.resolved(one))).collect())
            }
            other => other.clone(),
        }
    }

    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return;
        }
        let (places, submissions): (Vec<(usize, Kind)>, Vec<Submission>) =
            waiting.into_iter().map(|(at, kind, submission)| ((at, kind), submission)).unzip();
        let mut answers = directory::submit(&submissions).into_iter();
        for (at, kind) in places {
            let outcome = match answers.next() {
                Some(Ok(Some(object))) => Found::to_show(kind, object).map_err(Refusal::from).map(|found| {
                    let location = found.location(self.service.base);
                    (Done::Made(found), location)
                }),
                Some(Err(fault)) => Err(fault.into()),
                Some(Ok(None)) | None => Err(rosterd_sdk::Fault::internal("the directory gave no answer").into()),
            };
            self.outcomes.insert(at, outcome);
        }
    }

    fn shown(&self, at: usize, outcome: &Outcome) -> Value {
        let operation = &self.operations[at];
        let mut all = Map::new();
        let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
        put("method", operation.method.as_str().into());
        if let Some(name) = &operation.bulk_id {
            put("bulkId", name.as_str().into());
        }
        let (status, place) = match outcome {
            Ok((done, place)) => {
                let (status, found) = match done {
                    Done::Made(found) => ("201", Some(found)),
                    Done::Is(found) => ("200", Some(found)),
                    Done::Gone => ("204", None),
                };
                if let Some(version) = found.and_then(|found| found.version.as_deref()) {
                    put("version", super::answer::etag(version).into());
                }
                (status.to_owned(), Some(place.clone()))
            }
            Err(refusal) => {
                put("response", Value::Object(refusal.message()));
                let place = operation.kind.as_ref().ok().and_then(|(kind, id)| Some((kind, id.as_deref()?)));
                (refusal.status.to_string(), place.map(|(kind, id)| location(self.service.base, *kind, id)))
            }
        };
        if let Some(place) = place {
            put("location", place.into());
        }
        put("status", status.into());
        Value::Object(all)
    }
}

fn user_name(submission: &Submission) -> Option<String> {
    let rosterd_sdk::Change::Upsert(object) = &submission.change else { return None };
    let map: Map<String, Value> = serde_json::from_str(&object.attributes).ok()?;
    map.get("userName")?.as_str().map(str::to_lowercase)
}
