//! Resources that are made, replaced, changed and removed.

use super::accept;
use super::answer::{empty, etag, json as answered, names_version};
use super::patch::{self, Membership, Operation, Rules};
use super::refusal::Refusal;
use super::schema::Kind;
use super::service::{Service, new_id, now};
use super::stored::{self, Resource, reference};
use super::view::{Found, Projection};
use rosterd_sdk::directory::Submission;
use rosterd_sdk::{Amendment, Answer, Change, Class, DepartureCause, Edit, FaultKind, Object, directory};
use serde_json::{Map, Value, json};

/// How often a change is tried that somebody else's came in between of.
const TRIES: usize = 4;
/// Members that are asked for in one query.
const AT_ONCE: usize = 100;

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// It was made.
    Made(Found),
    /// It is so now.
    Is(Found),
    /// It is gone.
    Gone,
}

/// What a client expects of the version.
pub type Expected<'a> = Option<&'a str>;

/// A POST, ready to be submitted.
///
/// # Errors
/// What does not fit.
pub fn prepared(
    service: Service<'_>,
    kind: Kind,
    body: Map<String, Value>,
    id: Option<String>,
) -> Result<Submission, Refusal> {
    let resource = accept::whole(kind, body, &service.extensions(kind))?;
    service.unique(kind, resource.get("userName"), None)?;
    let mut kept = stored::stored(kind, resource, &mut |id| service.class_of(id));
    let time = now();
    kept.insert(stored::CREATED.to_owned(), time.clone());
    kept.insert(stored::MODIFIED.to_owned(), time);
    let change = Change::Upsert(object(kind, id.unwrap_or_else(new_id), &kept)?);
    Ok(Submission { change, create: true, expect: None })
}

/// Makes a resource.
///
/// # Errors
/// What does not fit.
pub fn create(service: Service<'_>, kind: Kind, body: Map<String, Value>) -> Result<Done, Refusal> {
    let object = submit(prepared(service, kind, body, None)?)?.ok_or_else(lost)?;
    Ok(Done::Made(Found::to_show(kind, object)?))
}

/// Replaces a resource.
///
/// # Errors
/// What does not fit, or is not there.
pub fn replace(
    service: Service<'_>,
    kind: Kind,
    id: &str,
    body: Map<String, Value>,
    expected: Expected<'_>,
) -> Result<Done, Refusal> {
    let resource = accept::whole(kind, body, &service.extensions(kind))?;
    again(expected, || {
        let found = service.fetch(kind, id)?;
        is_expected(&found, expected)?;
        if is_renamed(&found.resource, &resource) {
            service.unique(kind, resource.get("userName"), Some(id))?;
        }
        let mut kept = stored::stored(kind, resource.clone(), &mut |id| service.class_of(id));
        let edits = difference(kind, &found.kept, &kept);
        if edits.is_empty() {
            return Ok(Done::Is(found));
        }
        // What was assigned and no longer is, is empty; what is left out would say nothing.
        for name in found.kept.keys().filter(|name| !name.starts_with("meta.")) {
            kept.entry(name.clone()).or_insert(Value::Null);
        }
        kept.insert(stored::CREATED.to_owned(), found.kept.get(stored::CREATED).cloned().unwrap_or_else(now));
        kept.insert(stored::MODIFIED.to_owned(), now());
        let change = Change::Upsert(object(kind, id.to_owned(), &kept)?);
        let object = submit(Submission { change, create: false, expect: found.version })?.ok_or_else(lost)?;
        Ok(Done::Is(Found::to_show(kind, object)?))
    })
}

/// Changes a resource.
///
/// # Errors
/// What can not be done; then nothing is.
pub fn modify(
    service: Service<'_>,
    kind: Kind,
    id: &str,
    body: &Map<String, Value>,
    expected: Expected<'_>,
) -> Result<Done, Refusal> {
    let extensions = service.extensions(kind);
    let rules = Rules { kind, extensions: &extensions, creates: service.settings.creates_values() };
    let operations = patch::operations(rules, body)?;
    if let Some(membership) = patch::membership(rules, &operations)? {
        return again(expected, || change_members(service, id, &membership, expected));
    }
    let members = operations.iter().any(touches_members);
    again(expected, || {
        let found = if members { service.fetch(kind, id)? } else { service.fetch_short(kind, id)? };
        is_expected(&found, expected)?;
        let after = patch::applied(rules, &found.resource, &operations)?;
        if is_renamed(&found.resource, &after) {
            service.unique(kind, after.get("userName"), Some(id))?;
        }
        let kept = stored::stored(kind, after, &mut |id| service.class_of(id));
        let edits = difference(kind, &found.kept, &kept);
        if edits.is_empty() { Ok(Done::Is(found)) } else { amend(kind, id, edits, found.version) }
    })
}

/// Removes a resource.
///
/// # Errors
/// It is not there.
pub fn remove(service: Service<'_>, kind: Kind, id: &str, expected: Expected<'_>) -> Result<Done, Refusal> {
    again(expected, || {
        let found = service.fetch_short(kind, id)?;
        is_expected(&found, expected)?;
        let expect = expected.and(found.version);
        let change = Change::gone(kind.class(), id, DepartureCause::Deleted);
        submit(Submission { change, create: false, expect })?;
        Ok(Done::Gone)
    })
}

/// The answer to a change.
///
/// # Errors
/// The resource can not be read.
pub fn answer(service: Service<'_>, done: Done, projection: &Projection, patched: bool) -> Result<Answer, Refusal> {
    let (status, found) = match done {
        Done::Gone => return Ok(empty(204)),
        Done::Made(found) => (201, found),
        Done::Is(found) => (200, found),
    };
    // Entra asks for no body, since members may be many; who names attributes wants to see them.
    let quiet = patched && found.kind == Kind::Group && projection.is_default();
    let whole = if quiet || !found.partial { found } else { service.fetch(found.kind, &found.id)? };
    let (location, version) = (whole.location(service.base), whole.version.as_deref().map(etag));
    let answer = if quiet {
        empty(204)
    } else {
        answered(status, &projection.apply(whole.kind, whole.into_shown(service.base)))
    };
    let answer = answer.header("location", location);
    Ok(match version {
        Some(version) => answer.header("etag", version),
        None => answer,
    })
}

/// Tries again while others change the same resource; who names a version does not.
fn again<T>(expected: Expected<'_>, mut work: impl FnMut() -> Result<T, Refusal>) -> Result<T, Refusal> {
    for _ in 1..TRIES {
        match work() {
            Err(refusal) if refusal.status == 409 && refusal.kind.is_none() && expected.is_none() => {}
            Err(refusal) if refusal.status == 409 && refusal.kind.is_none() => {
                return Err(Refusal::version(refusal.detail));
            }
            other => return other,
        }
    }
    work()
}

fn is_expected(found: &Found, expected: Expected<'_>) -> Result<(), Refusal> {
    let version = found.version.as_deref().unwrap_or_default();
    match expected {
        Some(header) if !names_version(header, version) => {
            Err(Refusal::version("the resource has another version than the one in If-Match"))
        }
        _ => Ok(()),
    }
}

fn is_renamed(before: &Resource, after: &Resource) -> bool {
    let name = |resource: &Resource| resource.get("userName").and_then(Value::as_str).map(str::to_lowercase);
    name(before) != name(after)
}

fn touches_members(operation: &Operation) -> bool {
    match &operation.path {
        Some(path) => path.name.attribute.is_empty() || path.name.attribute == "members",
        None => operation
            .value
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .any(|(key, value)| key.to_ascii_lowercase().contains("members") || value.is_object()),
    }
}

fn object(kind: Kind, id: String, kept: &Map<String, Value>) -> Result<Object, Refusal> {
    let attributes = serde_json::to_string(kept)
        .map_err(|_| rosterd_sdk::Fault::new(FaultKind::Internal, "a resource can not be written as JSON"))?;
    Ok(Object { class: kind.class(), id, previous_id: None, version: None, attributes, partial: false })
}

fn submit(submission: Submission) -> Result<Option<Object>, Refusal> {
    let answer = directory::submit(&[submission]).pop().ok_or_else(lost)?;
    answer.map_err(Refusal::from)
}

fn lost() -> Refusal {
    rosterd_sdk::Fault::new(FaultKind::Internal, "the directory gave no answer").into()
}

fn amend(kind: Kind, id: &str, mut edits: Vec<Edit>, expect: Option<String>) -> Result<Done, Refusal> {
    edits.push(edit(stored::MODIFIED, &now()));
    let change = Change::Amend(Amendment { class: kind.class(), id: id.to_owned(), version: None, edits });
    let object = submit(Submission { change, create: false, expect })?.ok_or_else(lost)?;
    Ok(Done::Is(Found::to_show(kind, object)?))
}

fn edit(name: &str, value: &Value) -> Edit {
    Edit { attribute: name.to_owned(), replace: Some(value.to_string()), add: None, remove: None }
}

/// What makes the one of the other. Members come and go one by one.
fn difference(kind: Kind, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (name, value) in after {
        match (before.get(name), value) {
            (Some(there), value) if there == value => {}
            (Some(Value::Array(there)), Value::Array(wanted)) if kind == Kind::Group && name == "members" => {
                let lacks = |list: &[Value], of: &[Value]| -> Vec<Value> {
                    let known: std::collections::BTreeSet<String> = list.iter().map(Value::to_string).collect();
                    of.iter().filter(|one| !known.contains(&one.to_string())).cloned().collect()
                };
                let (add, remove) = (lacks(there, wanted), lacks(wanted, there));
                let list = |list: Vec<Value>| (!list.is_empty()).then(|| Value::Array(list).to_string());
                if !add.is_empty() || !remove.is_empty() {
                    edits.push(Edit { attribute: name.clone(), replace: None, add: list(add), remove: list(remove) });
                }
            }
            (_, value) => edits.push(edit(name, value)),
        }
    }
    let gone = before.iter().filter(|(name, value)| !value.is_null() && !after.contains_key(*name) && !is_time(name));
    edits.extend(
        gone.filter(|(name, value)| name.as_str() != "members" || value.as_array().is_none_or(|list| !list.is_empty()))
            .map(|(name, _)| edit(name, &Value::Null)),
    );
    edits
}

fn is_time(name: &str) -> bool {
    name == stored::CREATED || name == stored::MODIFIED
}

/// Members of a group that come and go, without reading who is there.
fn change_members(
    service: Service<'_>,
    id: &str,
    membership: &Membership,
    expected: Expected<'_>,
) -> Result<Done, Refusal> {
    let found = service.fetch_short(Kind::Group, id)?;
    is_expected(&found, expected)?;
    let mut resource = Resource::new();
    resource.insert("members".to_owned(), membership.added());
    let kept = stored::stored(Kind::Group, resource, &mut |id| service.class_of(id));
    let add: Vec<Value> = kept.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_member = |member: &str| json!({ "attribute": format!("members{}", stored::ID_OF_REFERENCE), "is": "eq", "value": member });
    let itself = json!({ "attribute": "id", "is": "eq", "value": id });
    let mut changes = false;
    for part in add.chunks(AT_ONCE) {
        let mut all: Vec<Value> = part.iter().filter_map(|one| one["id"].as_str()).map(is_member).collect();
        all.push(itself.clone());
        changes = changes || service.count(Kind::Group, &json!({ "and": all }))? == 0;
    }
    for part in membership.remove.chunks(AT_ONCE) {
        let any: Vec<Value> = part.iter().map(|one| is_member(one)).collect();
        changes = changes || service.count(Kind::Group, &json!({ "and": [itself, { "or": any }] }))? > 0;
    }
    if !changes {
        return Ok(Done::Is(Found { partial: true, ..found }));
    }
    // What a member is does not matter to who takes it out.
    let gone: Vec<Value> =
        membership.remove.iter().flat_map(|id| [reference(Class::Account, id), reference(Class::Group, id)]).collect();
    let list = |list: &[Value]| (!list.is_empty()).then(|| json!(list).to_string());
    let edit = Edit { attribute: "members".to_owned(), replace: None, add: list(&add), remove: list(&gone) };
    let done = amend(Kind::Group, id, vec![edit], expected.and(found.version))?;
    Ok(match done {
        Done::Is(found) => Done::Is(Found { partial: true, ..found }),
        other => other,
    })
}
