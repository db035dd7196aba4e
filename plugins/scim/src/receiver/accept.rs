//! What a client sends, made what the schema says: names in the RFC's case, values of their type, nothing that is ours to say.
//!
//! Lenient where vendors are known to differ (booleans as texts, a manager as a text, one value where a list belongs), strict where a
//! value can not be what was meant.

use super::filter::{Name, is_name};
use super::refusal::Refusal;
use super::schema::attribute::{Attribute, Type};
use super::schema::{HUB, Kind};
use super::stored::{self, Resource, is_enterprise, member};
use crate::place::ENTERPRISE;
use serde_json::{Map, Value, json};
use std::fmt;

/// How deep values may be nested; the hub takes 16 levels.
const DEEPEST: usize = 8;

/// A whole resource, as POST and PUT have it.
///
/// # Errors
/// What does not fit.
pub fn whole(kind: Kind, body: Map<String, Value>, extensions: &[String]) -> Result<Resource, Refusal> {
    let mut resource = Resource::new();
    for (key, value) in body {
        if key.eq_ignore_ascii_case("schemas") && !value.is_array() {
            return Err(Refusal::syntax("schemas is to be a list of urns"));
        }
        for (name, value) in spread(kind, &key, value, extensions)? {
            if let Some(value) = one(kind, &name, value)? {
                place(kind, &mut resource, name, value);
            }
        }
    }
    complete(kind, &resource)?;
    Ok(resource)
}

/// A key of a resource, or of a PATCH without a path, as names: keys may be dotted or have a urn, and the object under a urn has
/// names of its own.
///
/// # Errors
/// A key that is no name.
pub fn spread(kind: Kind, key: &str, value: Value, extensions: &[String]) -> Result<Vec<(Name, Value)>, Refusal> {
    let name = Name::of(key).ok_or_else(|| Refusal::path(format!("\"{}\" is no attribute", cut(key))))?;
    let has_urn = name.schema.is_some();
    let name = name.resolved(kind.schema(), extensions.iter().map(String::as_str));
    let is_extension = name.attribute.is_empty() || (has_urn && value.is_object() && !is_known(kind, &name));
    if key.eq_ignore_ascii_case(kind.schema()) {
        return inner(kind, None, value, key);
    }
    if !is_extension {
        return Ok(vec![(known(kind, name), value)]);
    }
    let urn = if name.attribute.is_empty() { name.schema } else { Some(key.to_owned()) };
    inner(kind, urn.as_deref(), value, key)
}

fn inner(kind: Kind, schema: Option<&str>, value: Value, key: &str) -> Result<Vec<(Name, Value)>, Refusal> {
    let Value::Object(map) = value else {
        return if value.is_null() {
            Ok(Vec::new())
        } else {
            Err(Refusal::value(format!("{} is to be an object", cut(key))))
        };
    };
    let each = map.into_iter().map(|(key, value)| {
        let name = Name::of(&key).filter(|name| name.schema.is_none());
        let name = name.ok_or_else(|| Refusal::path(format!("\"{}\" is no attribute", cut(&key))))?;
        Ok((known(kind, Name { schema: schema.map(str::to_owned), ..name }), value))
    });
    each.collect()
}

fn is_known(kind: Kind, name: &Name) -> bool {
    kind.attribute(name.schema.as_deref(), &name.attribute).is_some()
}

/// The same as the RFC writes it.
#[must_use]
pub fn known(kind: Kind, mut name: Name) -> Name {
    if name.schema.is_none()
        && !is_known(kind, &name)
        && let Some(own) = is_enterprise(kind, &name.attribute)
    {
        name.schema = Some(ENTERPRISE.to_owned());
        name.attribute = own.to_owned();
    }
    if let Some(attribute) = kind.attribute(name.schema.as_deref(), &name.attribute) {
        if name.attribute != attribute.name {
            name.attribute = attribute.name.to_owned();
        }
        name.member = name.member.map(|member| attribute.member(&member).map_or(member, |one| one.name.to_owned()));
    }
    name
}

/// True for what is not the client's to say.
#[must_use]
pub fn is_ours(name: &Name) -> bool {
    name.schema.is_none()
        && ["id", "meta", "schemas", "groups"].iter().any(|own| own.eq_ignore_ascii_case(&name.attribute))
}

/// True for what is dropped: the hub keeps no passwords of others.
#[must_use]
pub fn is_password(name: &Name) -> bool {
    names_password(&name.attribute) || name.member.as_deref().is_some_and(names_password)
}

fn names_password(name: &str) -> bool {
    ["password", "userpassword", "unicodepwd"].iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn one(kind: Kind, name: &Name, given: Value) -> Result<Option<Value>, Refusal> {
    if is_ours(name) || is_password(name) { Ok(None) } else { taken(kind, name, given) }
}

/// Where a value stands. It is written only where something is wrong with it.
#[derive(Clone, Copy)]
enum Spot<'a> {
    Of(&'a Name),
    In(&'a Spot<'a>, &'a str),
}

impl fmt::Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(name) => f.write_str(&name.text()),
            Self::In(outer, key) => write!(f, "{outer}.{}", cut(key)),
        }
    }
}

/// A value of an attribute, or of the member that is named; none: unassigned.
///
/// # Errors
/// `invalidValue`.
pub fn value(kind: Kind, name: &Name, given: &Value) -> Result<Option<Value>, Refusal> {
    taken(kind, name, given.clone())
}

fn taken(kind: Kind, name: &Name, given: Value) -> Result<Option<Value>, Refusal> {
    let attribute = kind.attribute(name.schema.as_deref(), &name.attribute);
    let spot = Spot::Of(name);
    match (attribute, &name.member) {
        (Some(attribute), None) if attribute.multi => {
            let (given, many) = match given {
                Value::Array(given) => (given, true),
                one => (vec![one], false),
            };
            let mut list = Vec::with_capacity(given.len());
            for element in given {
                if let Some(element) = single(kind, attribute, element, spot)?.filter(|element| !list.contains(element))
                {
                    list.push(element);
                }
            }
            if many {
                one_primary(&list, &spot)?;
            }
            Ok((!list.is_empty()).then_some(Value::Array(list)))
        }
        (Some(attribute), None) => match given {
            // A list of one where one belongs, as some send a manager.
            Value::Array(mut list) if list.len() <= 1 => {
                list.pop().map_or(Ok(None), |element| single(kind, attribute, element, spot))
            }
            given => single(kind, attribute, given, spot),
        },
        (Some(attribute), Some(member)) => match attribute.member(member) {
            Some(member) => single(kind, member, given, spot),
            None => plain(given, spot, 0),
        },
        (None, _) => plain(given, spot, 0),
    }
}

/// One value of a type that is known.
fn single(kind: Kind, attribute: &Attribute, given: Value, spot: Spot<'_>) -> Result<Option<Value>, Refusal> {
    let wrong = |what: &str| Refusal::value(format!("{spot} is to be {what}"));
    match (attribute.kind, given) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(empty)) if empty.is_empty() => Ok(None),
        (Type::Complex, Value::Object(map)) => complex(kind, attribute, map, spot),
        (Type::Complex, given @ Value::String(_)) if attribute.member("value").is_some() => {
            let mut map = Map::new();
            map.insert("value".to_owned(), given);
            complex(kind, attribute, map, spot)
        }
        (Type::Complex, _) => Err(wrong("an object")),
        (Type::Boolean, given @ Value::Bool(_)) => Ok(Some(given)),
        (Type::Boolean, Value::String(word)) if word.eq_ignore_ascii_case("true") => Ok(Some(true.into())),
        (Type::Boolean, Value::String(word)) if word.eq_ignore_ascii_case("false") => Ok(Some(false.into())),
        (Type::Boolean, _) => Err(wrong("true or false")),
        (_, given @ Value::String(_)) => plain(given, spot, 0),
        (_, Value::Number(number)) => Ok(Some(number.to_string().into())),
        _ => Err(wrong("a text")),
    }
}

fn complex(
    kind: Kind,
    attribute: &Attribute,
    map: Map<String, Value>,
    spot: Spot<'_>,
) -> Result<Option<Value>, Refusal> {
    let mut made = Map::with_capacity(map.len());
    for (key, given) in map.into_iter().filter(|(key, _)| !names_password(key)) {
        let inner = Spot::In(&spot, &key);
        if !is_name(&key) {
            return Err(Refusal::path(format!("\"{inner}\" is no attribute")));
        }
        let member = attribute.member(&key);
        let value = match member {
            Some(member) => single(kind, member, given, inner)?,
            None => plain(given, inner, 1)?,
        };
        if let Some(value) = value {
            let name = member.map(|member| member.name).filter(|name| *name != key).map(str::to_owned);
            made.insert(name.unwrap_or(key), value);
        }
    }
    if refers(attribute) {
        return Ok(referring(&made));
    }
    Ok((!made.is_empty()).then_some(Value::Object(made)))
}

/// True if a value of the attribute is a reference to another resource: it has `value` and `$ref`.
fn refers(attribute: &Attribute) -> bool {
    attribute.member("value").is_some() && attribute.member("$ref").is_some()
}

/// A reference: the id, and the type where it is told. Addresses are ours to say.
fn referring(made: &Map<String, Value>) -> Option<Value> {
    let address = made.get("$ref").and_then(Value::as_str);
    let id =
        made.get("value").and_then(Value::as_str).or_else(|| address.and_then(|address| address.rsplit('/').next()));
    let id = id.filter(|id| !id.is_empty())?;
    let told = made.get("type").and_then(Value::as_str);
    match told.or_else(|| address.and_then(stored::type_by_address).filter(|word| *word != "OrganizationalUnit")) {
        Some(word) => Some(json!({ "value": id, "type": word })),
        None => Some(json!({ "value": id })),
    }
}

/// A value that no schema describes, kept as it is.
fn plain(given: Value, spot: Spot<'_>, depth: usize) -> Result<Option<Value>, Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::value(format!("{spot} is nested too deep")));
    }
    Ok(match given {
        Value::Null => None,
        Value::String(value) if value.is_empty() => None,
        Value::String(value) if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            return Err(Refusal::value(format!("{spot} has a control character in it")));
        }
        Value::Array(list) => {
            let list: Vec<Option<Value>> =
                list.into_iter().map(|one| plain(one, spot, depth + 1)).collect::<Result<_, _>>()?;
            let list: Vec<Value> = list.into_iter().flatten().collect();
            (!list.is_empty()).then_some(Value::Array(list))
        }
        Value::Object(map) => {
            let mut made = Map::with_capacity(map.len());
            for (key, value) in map.into_iter().filter(|(key, _)| !names_password(key)) {
                if let Some(value) = plain(value, spot, depth + 1)? {
                    made.insert(key, value);
                }
            }
            (!made.is_empty()).then_some(Value::Object(made))
        }
        given => Some(given),
    })
}

/// Puts a value where it belongs, over what is there.
pub fn place(kind: Kind, resource: &mut Resource, name: Name, value: Value) {
    let several =
        |name: &Name| kind.attribute(name.schema.as_deref(), &name.attribute).is_some_and(|attribute| attribute.multi);
    let several = name.member.is_some() && several(&name);
    let Name { schema, attribute, member } = name;
    let holder = match schema {
        Some(schema) => {
            let slot = resource.entry(schema).or_insert_with(|| json!({}));
            match slot.as_object_mut() {
                Some(slot) => slot,
                None => return,
            }
        }
        None => resource,
    };
    let Some(inner) = member else {
        holder.insert(attribute, value);
        return;
    };
    let slot = holder.entry(attribute).or_insert_with(|| if several { json!([{}]) } else { json!({}) });
    match slot {
        Value::Object(map) => {
            map.insert(inner, value);
        }
        Value::Array(list) => {
            for element in list.iter_mut().filter_map(Value::as_object_mut) {
                element.insert(inner.clone(), value.clone());
            }
        }
        _ => {}
    }
}

/// What a resource can not be without, and what it can have only once.
///
/// # Errors
/// `invalidValue`.
pub fn complete(kind: Kind, resource: &Resource) -> Result<(), Refusal> {
    for attribute in kind.attributes().iter().filter(|attribute| attribute.required) {
        if !resource.contains_key(attribute.name) {
            return Err(Refusal::value(format!("{} is required", attribute.name)));
        }
    }
    for (name, value) in resource {
        if let Value::Array(list) = value {
            one_primary(list, &name)?;
        }
    }
    if kind == Kind::User && resource.get(HUB).is_some_and(|hub| !hub.is_object()) {
        return Err(Refusal::value(format!("{HUB} is to be an object")));
    }
    Ok(())
}

fn one_primary(list: &[Value], spot: &dyn fmt::Display) -> Result<(), Refusal> {
    let primary = list.iter().filter(|element| member(element, "primary") == Some(&Value::Bool(true))).count();
    if primary > 1 { Err(Refusal::value(format!("{spot} has more than one primary value"))) } else { Ok(()) }
}

/// A name for a sentence, cut.
#[must_use]
pub fn cut(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}
