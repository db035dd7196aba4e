//! A resource as the directory keeps it, and back: nothing is lost between the two.
//!
//! Attributes have the names that the source has, so that a map serves both: `name.familyName`, `department`, `manager` as a
//! reference, `urn:company:1.0:User:badge`. Several values stay a list (`emails`), and each is there by its type, too
//! (`emails.work`). Times are `meta.created` and `meta.lastModified`.

use super::filter::is_name;
use super::schema::attribute::Type;
use super::schema::{HUB, Kind};
use crate::place::{ENTERPRISE, get};
use rosterd_sdk::Class;
use serde_json::{Map, Value, json};

/// A resource without `id`, `meta` and `schemas`, names as the RFC writes them.
pub type Resource = Map<String, Value>;

/// Room for names that come of the parts of others.
const MORE_NAMES: usize = 8;

/// What follows the name of a reference in a query.
pub const ID_OF_REFERENCE: &str = ".value";
/// When it was made.
pub const CREATED: &str = "meta.created";
/// When it was changed.
pub const MODIFIED: &str = "meta.lastModified";
/// True if it has attributes that a short look at a group does not show.
pub const MORE: &str = "meta.more";
/// What a short look at a group shows: everything but the members.
pub const SHORT: [&str; 5] = ["displayName", "externalId", CREATED, MODIFIED, MORE];

/// Several values that are told apart by their type, and the member that is the value.
const TYPED: [(&str, &str); 5] =
    [("emails", "value"), ("phoneNumbers", "value"), ("ims", "value"), ("photos", "value"), ("addresses", "formatted")];
/// Short names of the enterprise extension.
const OF_ENTERPRISE: [&str; 6] = ["employeeNumber", "costCenter", "organization", "division", "department", "manager"];
/// The org unit of a user.
const UNIT: &str = "organizationalUnit";

/// Whether the attribute refers to other resources.
#[must_use]
pub fn is_reference(kind: Kind, schema: Option<&str>, name: &str) -> bool {
    match (kind, schema) {
        (Kind::Group, None) => name == "members",
        (Kind::Unit, None) => name == "parent",
        (Kind::User, Some(ENTERPRISE)) => name == "manager",
        (Kind::User, Some(HUB)) => name == UNIT,
        _ => false,
    }
}

/// Whether a core name is one of the enterprise extension: who sends it without the urn means that.
#[must_use]
pub fn is_enterprise(kind: Kind, name: &str) -> Option<&'static str> {
    let own = OF_ENTERPRISE.into_iter().find(|own| own.eq_ignore_ascii_case(name));
    own.filter(|_| kind == Kind::User)
}

/// As the directory keeps it. `class_of` tells what a member is that does not say it itself.
#[must_use]
pub fn stored(kind: Kind, resource: Resource, class_of: &mut dyn FnMut(&str) -> Class) -> Map<String, Value> {
    let mut all = Map::with_capacity(resource.len() + MORE_NAMES);
    for (name, value) in resource {
        match value {
            Value::Object(extension) if is_urn(&name) => {
                for (inner, value) in extension {
                    let own =
                        matches!(name.as_str(), ENTERPRISE | HUB) && kind.attribute(Some(&name), &inner).is_some();
                    if is_reference(kind, Some(&name), &inner) {
                        let value = references(kind, &inner, &value, class_of);
                        all.insert(inner, value);
                    } else if own {
                        all.insert(inner, value);
                    } else {
                        all.insert(format!("{name}:{inner}"), value);
                    }
                }
            }
            value if is_reference(kind, None, &name) => {
                let value = references(kind, &name, &value, class_of);
                all.insert(name, value);
            }
            Value::Object(members) => {
                for (member, value) in members {
                    all.insert([name.as_str(), ".", &member].concat(), value);
                }
            }
            Value::Array(list) => {
                by_type(&name, &list, &mut all);
                all.insert(name, Value::Array(list));
            }
            value => {
                all.insert(name, value);
            }
        }
    }
    if kind == Kind::Group && all.keys().any(|name| name != "members" && !SHORT.contains(&name.as_str())) {
        all.insert(MORE.to_owned(), true.into());
    }
    all
}

/// `emails.work` and the like: for each type the primary value, or the first.
fn by_type(name: &str, list: &[Value], all: &mut Map<String, Value>) {
    let Some((_, main)) = TYPED.iter().find(|(typed, _)| *typed == name) else { return };
    let attribute = Kind::User.attribute(None, name);
    for element in list.iter().filter_map(Value::as_object) {
        let Some(kind) = element.get("type").and_then(Value::as_str) else { continue };
        // A type with the name of a member would stand where paths of queries look for the member.
        if !is_name(kind) || attribute.is_some_and(|attribute| attribute.member(kind).is_some()) {
            continue;
        }
        let first = [name, ".", kind].concat();
        let primary = element.get("primary") == Some(&Value::Bool(true));
        let is_of =
            |key: &str| key.strip_prefix(first.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if all.keys().any(|key| is_of(key)) {
            if !primary {
                continue;
            }
            all.retain(|key, _| !is_of(key));
        }
        for (member, value) in element {
            if member == main {
                all.insert(first.clone(), value.clone());
            } else if name == "addresses" && member != "type" && member != "primary" {
                all.insert(format!("{first}.{member}"), value.clone());
            }
        }
    }
}

fn references(kind: Kind, name: &str, value: &Value, class_of: &mut dyn FnMut(&str) -> Class) -> Value {
    let mut one = |value: &Value| {
        let id = value.get("value")?.as_str()?;
        let class = match (kind, name) {
            (Kind::Unit, _) | (_, UNIT) => Class::OrgUnit,
            (Kind::Group, _) => match value.get("type").and_then(Value::as_str) {
                Some(word) if word.eq_ignore_ascii_case("group") => Class::Group,
                Some(word) if word.eq_ignore_ascii_case("user") => Class::Account,
                _ => class_of(id),
            },
            _ => Class::Account,
        };
        Some(reference(class, id))
    };
    match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        value => one(value).unwrap_or(Value::Null),
    }
}

/// A reference as the directory has it.
#[must_use]
pub fn reference(class: Class, id: &str) -> Value {
    json!({ "ref": class.as_str(), "id": id })
}

fn is_urn(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// The resource that is kept so.
#[must_use]
pub fn resource(kind: Kind, all: Map<String, Value>) -> Resource {
    let mut resource = Resource::with_capacity(all.len());
    let left_out: Vec<String> = all.keys().filter(|name| is_in_another(&all, name)).cloned().collect();
    for (name, value) in all.into_iter().filter(|(_, value)| !value.is_null()) {
        if name.starts_with("meta.") || left_out.contains(&name) {
            continue;
        }
        if is_urn(&name) {
            if let Some((urn, inner)) = name.rsplit_once(':') {
                put(&mut resource, urn, inner, value);
            }
            continue;
        }
        if let Some(own) = is_enterprise(kind, &name) {
            let shown = if own == "manager" { shown(kind, own, &value) } else { value };
            put(&mut resource, ENTERPRISE, own, shown);
        } else if kind == Kind::User && name == UNIT {
            put(&mut resource, HUB, UNIT, shown(kind, UNIT, &value));
        } else if is_reference(kind, None, &name) {
            let shown = shown(kind, &name, &value);
            if shown.as_array().is_none_or(|list| !list.is_empty()) {
                resource.insert(name, shown);
            }
        } else if let Some((head, member)) = name.split_once('.') {
            if !is_typed(head) {
                put(&mut resource, head, member, value);
            }
        } else if value.as_array().is_none_or(|list| !list.is_empty()) {
            resource.insert(name, value);
        }
    }
    in_order(kind, resource)
}

/// True for a member of what is there as a whole, too.
fn is_in_another(all: &Map<String, Value>, name: &str) -> bool {
    let head = name.split_once('.').map(|(head, _)| head).filter(|head| !is_urn(name) && !is_typed(head));
    head.is_some_and(|head| all.get(head).is_some_and(|whole| !whole.is_null()))
}

/// What stands there by its type stands in the list, too.
fn is_typed(head: &str) -> bool {
    TYPED.iter().any(|(typed, _)| *typed == head)
}

fn put(resource: &mut Resource, holder: &str, name: &str, value: Value) {
    if let Some(slot) = resource.get_mut(holder) {
        if let Some(slot) = slot.as_object_mut() {
            slot.insert(name.to_owned(), value);
        }
        return;
    }
    let mut slot = Map::new();
    slot.insert(name.to_owned(), value);
    resource.insert(holder.to_owned(), Value::Object(slot));
}

/// A reference as SCIM has it, without its address.
fn shown(kind: Kind, name: &str, value: &Value) -> Value {
    let one = |value: &Value| {
        let id = value.get("id").cloned().unwrap_or_default();
        match value.get("ref").and_then(Value::as_str) {
            Some("group") if kind == Kind::Group => json!({ "value": id, "type": "Group" }),
            _ if name == "members" => json!({ "value": id, "type": "User" }),
            _ => json!({ "value": id }),
        }
    };
    match value {
        Value::Array(list) => list.iter().map(one).collect(),
        value if name == "members" => json!([one(value)]),
        value => one(value),
    }
}

/// As the schema lists them, then extensions, so that an answer does not depend on how the directory keeps it.
fn in_order(kind: Kind, resource: Resource) -> Resource {
    let place = |name: &str| kind.attributes().iter().position(|one| one.name == name);
    let mut pairs: Vec<(usize, String, Value)> = resource
        .into_iter()
        .map(|(name, value)| {
            let at = if name == "externalId" {
                0
            } else {
                place(&name).map_or(100 + usize::from(is_urn(&name)), |at| at + 1)
            };
            (at, name, value)
        })
        .collect();
    pairs.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    pairs.into_iter().map(|(_, name, value)| (name, value)).collect()
}

/// True for what a value of members is, by the schema or by its look.
#[must_use]
pub fn is_complex(kind: Kind, schema: Option<&str>, name: &str, value: Option<&Value>) -> bool {
    match kind.attribute(schema, name) {
        Some(attribute) => attribute.kind == Type::Complex && !attribute.multi,
        None => value.is_some_and(Value::is_object),
    }
}

/// The `type` of a member by its address.
#[must_use]
pub fn type_by_address(address: &str) -> Option<&'static str> {
    let mut parts = address.rsplit('/');
    let _id = parts.next();
    Kind::at(parts.next()?).map(Kind::name)
}

/// A member of an object that has a name in any case.
#[must_use]
pub fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object().and_then(|value| get(value, name))
}
