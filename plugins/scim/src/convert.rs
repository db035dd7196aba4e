//! A resource of SCIM as an object of the hub, and values of the hub as SCIM has them. Pure.

use crate::names::{self, ACTIVE, MANAGER, MEMBERS};
use crate::place::{Place, get};
use crate::settings::Settings;
use rosterd_sdk::{Attributes, Class, Fault, Object, record};
use serde_json::{Map, Value, json};

/// A resource or a part of one.
pub type Resource = Map<String, Value>;

/// Id of a resource.
#[must_use]
pub fn id(resource: &Resource) -> Option<&str> {
    let id = get(resource, "id")?.as_str()?;
    (!id.is_empty() && id.len() <= 1024).then_some(id)
}

/// Version of a resource, as it is given to `If-Match`.
#[must_use]
pub fn version(resource: &Resource) -> Option<&str> {
    let version = get(get(resource, "meta")?.as_object()?, "version")?.as_str()?;
    let plain = version.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    (plain && !version.is_empty() && version.len() <= 256).then_some(version)
}

/// A resource as an object. What RFC 7643 calls unassigned is missing there and null here.
///
/// # Errors
/// A sentence: it has no id.
pub fn object(class: Class, resource: &Resource, members: bool, settings: &Settings) -> Result<Object, String> {
    let id = id(resource).ok_or("it has no id")?;
    let object = record(class, id).attributes(attributes(class, resource, members, settings));
    Ok(match version(resource) {
        Some(version) => object.version(version).build(),
        None => object.build(),
    })
}

/// The attributes of a resource.
#[must_use]
pub fn attributes(class: Class, resource: &Resource, members: bool, settings: &Settings) -> Attributes {
    let mut all = Attributes::new();
    for name in names::texts(class, settings) {
        let value = Place::of(name).and_then(|place| place.take(resource)).filter(|value| !is_empty(value));
        match value {
            Some(Value::String(text)) => all.text(name, text),
            Some(value) => all.json(name, &value.to_string()),
            None => all.null(name),
        }
    }
    match class {
        Class::Account => {
            if let Some(active) = get(resource, ACTIVE).and_then(truth) {
                all.boolean(ACTIVE, active);
            }
            let manager = Place::of(MANAGER).and_then(|place| place.take(resource)).and_then(referred);
            match manager {
                Some(id) => all.reference(MANAGER, Class::Account, id),
                None => all.null(MANAGER),
            }
        }
        Class::Group if members => {
            let list = get(resource, MEMBERS).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            all.references(MEMBERS, list.iter().filter_map(|member| Some((class_of(member), referred(member)?))));
        }
        Class::Group | Class::OrgUnit => {}
    }
    all
}

/// A value of the hub as SCIM has it.
///
/// # Errors
/// `invalid`: a reference to what is neither a user nor a group.
pub fn value(attribute: &str, value: &Value) -> Result<Value, Fault> {
    let wrong = |text: &str| Fault::invalid(format!("{attribute}: {text}")).about(attribute);
    let one = |value: &Value| {
        let id = value.get("id").and_then(Value::as_str).ok_or_else(|| wrong("it is to be a reference"))?;
        match value.get("ref").and_then(Value::as_str) {
            Some("account") if attribute == MANAGER => Ok(json!({ "value": id })),
            Some("account") => Ok(json!({ "value": id, "type": "User" })),
            Some("group") if attribute == MEMBERS => Ok(json!({ "value": id, "type": "Group" })),
            _ => Err(wrong("it can refer to users, and members to groups, and SCIM has no org units")),
        }
    };
    match (attribute, value) {
        (_, Value::Null) => Ok(Value::Null),
        (MANAGER, value) => one(value),
        (MEMBERS, Value::Array(members)) => members.iter().map(one).collect(),
        (MEMBERS, _) => Err(wrong("it is to be a list of references")),
        (_, Value::String(text)) if text.is_empty() => Ok(Value::Null),
        (_, Value::Array(list)) if list.is_empty() => Ok(Value::Null),
        (_, value) => Ok(value.clone()),
    }
}

/// Whether a resource has this value already.
#[must_use]
pub fn same(attribute: &str, there: Option<&Value>, wanted: &Value) -> bool {
    let there = there.filter(|value| !is_empty(value));
    match attribute {
        MANAGER => there.and_then(referred) == referred(wanted),
        MEMBERS => {
            let ids = |value: &Value| {
                let list = value.as_array().map_or(&[][..], Vec::as_slice);
                let mut ids: Vec<String> = list.iter().filter_map(referred).map(str::to_owned).collect();
                ids.sort();
                ids
            };
            there.map(ids).unwrap_or_default() == ids(wanted)
        }
        ACTIVE => there.and_then(truth) == truth(wanted),
        _ => there.unwrap_or(&Value::Null) == wanted,
    }
}

/// The id that a reference has: service providers give a text, an object, or a list of one.
#[must_use]
pub fn referred(value: &Value) -> Option<&str> {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Object(object) => get(object, "value")?.as_str()?,
        Value::Array(list) => match list.as_slice() {
            [one] if !one.is_array() => referred(one)?,
            _ => return None,
        },
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// True or false, also where it came as a text.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Empty texts and lists are unassigned, too.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn class_of(member: &Value) -> Class {
    let member = member.as_object();
    let text = |name| member.and_then(|member| get(member, name)).and_then(Value::as_str);
    let is_group = match text("type") {
        Some(kind) => kind.eq_ignore_ascii_case("group"),
        None => text("$ref").is_some_and(|url| url.contains("/Groups/")),
    };
    if is_group { Class::Group } else { Class::Account }
}
