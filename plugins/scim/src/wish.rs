//! What is to be written, as SCIM has it: a resource at birth, a PATCH or a PUT afterwards. Pure.

use crate::convert::{Resource, id, referred, same, value};
use crate::filter::literal;
use crate::names::{ACTIVE, MEMBERS};
use crate::place::{Place, get};
use rosterd_sdk::{Class, Edit, Fault};
use serde_json::{Map, Value, json};

/// Members in one PATCH: service providers refuse more.
pub const MEMBERS_AT_ONCE: usize = 100;
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A new resource with these attributes (a JSON object). A user may be used at once unless it is said otherwise.
///
/// # Errors
/// `invalid`, naming the attribute; `internal` for what is no object.
pub fn birth(class: Class, attributes: &str) -> Result<Resource, Fault> {
    let attributes: Map<String, Value> = serde_json::from_str(attributes)
        .map_err(|_| Fault::internal("the attributes of a new object are no JSON object"))?;
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([if class == Class::Group { GROUP } else { USER }]));
    for (name, wanted) in &attributes {
        put(&mut resource, name, value(name, wanted)?)?;
    }
    if class == Class::Account && get(&resource, ACTIVE).is_none() {
        resource.insert(ACTIVE.to_owned(), true.into());
    }
    Ok(resource)
}

/// Edits as operations of PATCH, of those that change anything, and the resource as it is after them.
///
/// # Errors
/// `invalid`, naming the attribute.
pub fn patch(there: &Resource, edits: &[Edit]) -> Result<(Vec<Value>, Resource), Fault> {
    let (mut operations, mut after) = (Vec::new(), there.clone());
    for edit in edits {
        let place = place(&edit.attribute)?;
        if let Some(text) = &edit.replace {
            let wanted = value(&edit.attribute, &json_of(text)?)?;
            if same(&edit.attribute, place.take(&after), &wanted) {
                continue;
            }
            operations.push(replace(&place, &after, &wanted));
            put(&mut after, &edit.attribute, wanted)?;
            continue;
        }
        let removed = difference(&edit.attribute, edit.remove.as_deref())?;
        let added = difference(&edit.attribute, edit.add.as_deref())?;
        for member in removed.iter().filter_map(referred) {
            let path = format!("{}[value eq {}]", place.path(), literal(member));
            operations.push(json!({ "op": "remove", "path": path }));
        }
        for some in added.chunks(MEMBERS_AT_ONCE) {
            operations.push(json!({ "op": "add", "path": place.path(), "value": some }));
        }
        let now = get(&after, &edit.attribute).and_then(Value::as_array).cloned().unwrap_or_default();
        let gone = |one: &Value| removed.iter().chain(&added).any(|other| referred(other) == referred(one));
        let now: Vec<Value> = now.into_iter().filter(|one| !gone(one)).chain(added.iter().cloned()).collect();
        put(&mut after, &edit.attribute, now.into())?;
    }
    Ok((operations, after))
}

/// Bodies of PATCH, each with as much as service providers take.
#[must_use]
pub fn messages(operations: Vec<Value>) -> Vec<Value> {
    let weight = |operation: &Value| match &operation["value"] {
        Value::Array(list) => list.len(),
        _ => 1,
    };
    let mut bodies: Vec<(usize, Vec<Value>)> = Vec::new();
    for operation in operations {
        let more = weight(&operation);
        match bodies.last_mut() {
            Some((so_far, body)) if *so_far + more <= MEMBERS_AT_ONCE => {
                *so_far += more;
                body.push(operation);
            }
            _ => bodies.push((more, vec![operation])),
        }
    }
    bodies.into_iter().map(|(_, body)| json!({ "schemas": [PATCH], "Operations": body })).collect()
}

/// The whole resource for PUT: without what the service provider keeps itself.
#[must_use]
pub fn whole(mut after: Resource) -> Value {
    let own = |key: &str| ["meta", "groups"].iter().any(|name| key.eq_ignore_ascii_case(name));
    after.retain(|key, _| !own(key));
    Value::Object(after)
}

/// True if a resource that is there is what a create was to make: by our own id where it has one, else by every value.
#[must_use]
pub fn is_made(there: &Resource, wanted: &Resource) -> bool {
    match get(wanted, "externalId") {
        Some(own) => get(there, "externalId") == Some(own),
        None => contains(&Value::Object(there.clone()), &Value::Object(wanted.clone())),
    }
}

/// Whether all of `wanted` is there. Lists may have more, and `schemas` says nothing about the object.
fn contains(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            ["schemas", "password", "primary"].contains(&name.as_str())
                || get(there, name).is_some_and(|there| contains(there, wanted))
        }),
        (Value::Array(there), Value::Array(wanted)) => {
            wanted.iter().all(|wanted| there.iter().any(|there| contains(there, wanted)))
        }
        (there, wanted) => there == wanted,
    }
}

/// The id of a resource that was made.
///
/// # Errors
/// `transient`: nobody knows which one it is.
pub fn made(resource: &Resource) -> Result<String, Fault> {
    let text = "the service provider made an object and did not tell its id; it is looked up with the next attempt";
    id(resource).map(str::to_owned).ok_or_else(|| Fault::transient(text))
}

fn replace(place: &Place<'_>, there: &Resource, wanted: &Value) -> Value {
    match (wanted.is_null(), place.kind) {
        (true, Some(_)) if place.is_main() => json!({ "op": "remove", "path": place.element() }),
        (true, _) => json!({ "op": "remove", "path": place.path() }),
        // `replace` of what is not there is refused by some and taken for an `add` by others.
        (false, Some(_)) if !place.has_element(there) => {
            let element = place.new_element(place.siblings(there), wanted);
            json!({ "op": "add", "path": place.attribute, "value": [element] })
        }
        (false, _) => json!({ "op": "replace", "path": place.path(), "value": wanted }),
    }
}

fn put(resource: &mut Resource, name: &str, wanted: Value) -> Result<(), Fault> {
    let place = place(name)?;
    if let (Some(schema), false) = (place.schema, wanted.is_null()) {
        let schemas = resource.entry("schemas").or_insert_with(|| json!([]));
        if let Some(list) = schemas.as_array_mut() {
            let known = |own: &Value| own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(schema));
            if !list.iter().any(known) {
                list.push(schema.into());
            }
        }
    }
    if place.schema.is_none() && ["id", "meta", "schemas", "groups", "password"].contains(&place.attribute) {
        let text = format!("{name} is the service provider's own; take it out of the map");
        return Err(Fault::invalid(text).about(name));
    }
    // A null that is put where nothing is must not leave empty objects behind.
    if !wanted.is_null() || place.take(resource).is_some() {
        place.put(resource, wanted);
    }
    Ok(())
}

fn place(name: &str) -> Result<Place<'_>, Fault> {
    let text = "is no attribute of SCIM; write it as in RFC 7643, with dots, and with the urn of its extension";
    Place::of(name).ok_or_else(|| Fault::invalid(format!("\"{name}\" {text}")).about(name))
}

fn difference(attribute: &str, text: Option<&str>) -> Result<Vec<Value>, Fault> {
    let Some(text) = text else { return Ok(Vec::new()) };
    if attribute != MEMBERS {
        let text = "only members can be added and removed one by one";
        return Err(Fault::unsupported(format!("{attribute}: {text}")).about(attribute));
    }
    match value(attribute, &json_of(text)?)? {
        Value::Array(list) => Ok(list),
        _ => Ok(Vec::new()),
    }
}

fn json_of(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::internal("a value of an edit is no JSON"))
}
