//! Whether a resource fits a filter, as RFC 7644 has it.

use super::{Filter, Is, Name};
use crate::place::get;
use crate::receiver::schema::Kind;
use crate::receiver::schema::attribute::{Attribute, Type};
use crate::receiver::time;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Whether the resource fits.
#[must_use]
pub fn fits(kind: Kind, resource: &Map<String, Value>, filter: &Filter) -> bool {
    match filter {
        Filter::And(list) => list.iter().all(|one| fits(kind, resource, one)),
        Filter::Or(list) => list.iter().any(|one| fits(kind, resource, one)),
        Filter::Not(inner) => !fits(kind, resource, inner),
        Filter::Compare(name, is, value) => {
            let attribute = kind.attribute(name.schema.as_deref(), &name.attribute);
            let Some(found) = holder(resource, name).and_then(|holder| get(holder, &name.attribute)) else {
                return absent(*is, value);
            };
            let member = name.member.as_deref();
            let leaf = attribute.map(|one| member.or(main(one)).and_then(|member| one.member(member)).unwrap_or(one));
            // Equal to null is what is not present, and present is, too, what has no more than a type.
            let whole = *is == Is::Pr || value.is_null();
            compared(&leaves(found, member, whole), leaf, *is, value)
        }
        Filter::Within(name, inner) => {
            let attribute = kind.attribute(name.schema.as_deref(), &name.attribute);
            let found = holder(resource, name).and_then(|holder| get(holder, &name.attribute));
            found.is_some_and(|found| each(found).any(|element| element_fits(attribute, element, inner)))
        }
    }
}

/// Whether one value of an attribute fits what stands in brackets.
#[must_use]
pub fn element_fits(attribute: Option<&Attribute>, element: &Value, filter: &Filter) -> bool {
    match filter {
        Filter::And(list) => list.iter().all(|one| element_fits(attribute, element, one)),
        Filter::Or(list) => list.iter().any(|one| element_fits(attribute, element, one)),
        Filter::Not(inner) => !element_fits(attribute, element, inner),
        Filter::Within(..) => false,
        Filter::Compare(name, is, value) => {
            let leaf = attribute.and_then(|one| one.member(&name.attribute));
            let found = match element {
                Value::Object(map) => get(map, &name.attribute),
                plain if name.attribute.eq_ignore_ascii_case("value") => Some(plain),
                _ => None,
            };
            match found {
                Some(found) => compared(&leaves(found, name.member.as_deref(), false), leaf, *is, value),
                None => absent(*is, value),
            }
        }
    }
}

/// Where the attribute stands: the resource or an extension of it.
fn holder<'v>(resource: &'v Map<String, Value>, name: &Name) -> Option<&'v Map<String, Value>> {
    match &name.schema {
        Some(schema) => get(resource, schema)?.as_object(),
        None => Some(resource),
    }
}

/// The member that a complex value is compared by.
#[must_use]
pub fn main(attribute: &Attribute) -> Option<&'static str> {
    (attribute.kind == Type::Complex).then(|| attribute.member("value").map(|member| member.name)).flatten()
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Value::Array(list) => (list.as_slice(), None),
        Value::Null => (&[][..], None),
        one => (&[][..], Some(one)),
    };
    list.iter().chain(one)
}

/// What is compared: the values, or a member of each.
fn leaves<'v>(value: &'v Value, member: Option<&str>, whole: bool) -> Vec<&'v Value> {
    let leaf = |element: &'v Value| match (element, member) {
        (Value::Object(map), Some(member)) => get(map, member),
        (Value::Object(map), None) if !whole => get(map, "value"),
        (element, None) => Some(element),
        (_, Some(_)) => None,
    };
    each(value).filter_map(leaf).filter(|value| !value.is_null()).collect()
}

/// What an attribute that is not there fits.
fn absent(is: Is, value: &Value) -> bool {
    match is {
        Is::Eq => value.is_null(),
        Is::Ne => !value.is_null(),
        _ => false,
    }
}

fn compared(found: &[&Value], leaf: Option<&Attribute>, is: Is, value: &Value) -> bool {
    let present = |value: &&&Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    let any = |test: &dyn Fn(Ordering) -> bool| found.iter().any(|own| order(own, value, leaf).is_some_and(test));
    let exact = leaf.is_some_and(|leaf| leaf.exact);
    let texts = |test: &dyn Fn(&str, &str) -> bool| {
        let Some(text) = value.as_str().map(|text| folded(text, exact)) else { return false };
        found.iter().filter_map(|own| own.as_str()).any(|own| test(&folded(own, exact), &text))
    };
    match is {
        Is::Pr => found.iter().any(|value| present(&value)),
        Is::Eq if value.is_null() => !found.iter().any(|value| present(&value)),
        Is::Ne if value.is_null() => found.iter().any(|value| present(&value)),
        Is::Eq => any(&Ordering::is_eq),
        Is::Ne => !any(&Ordering::is_eq),
        Is::Co => texts(&|own, text| own.contains(text)),
        Is::Sw => texts(&|own, text| own.starts_with(text)),
        Is::Ew => texts(&|own, text| own.ends_with(text)),
        Is::Gt => any(&Ordering::is_gt),
        Is::Ge => any(&Ordering::is_ge),
        Is::Lt => any(&Ordering::is_lt),
        Is::Le => any(&Ordering::is_le),
    }
}

/// How a value of the resource compares with one of the filter.
fn order(own: &Value, value: &Value, leaf: Option<&Attribute>) -> Option<Ordering> {
    match (own, value) {
        (Value::String(own), Value::String(value)) => {
            if leaf.is_some_and(|leaf| leaf.kind == Type::DateTime)
                && let (Some(own), Some(value)) = (time::milliseconds(own), time::milliseconds(value))
            {
                return Some(own.cmp(&value));
            }
            let exact = leaf.is_some_and(|leaf| leaf.exact);
            Some(folded(own, exact).cmp(&folded(value, exact)))
        }
        (Value::Number(own), Value::Number(value)) => own.as_f64()?.partial_cmp(&value.as_f64()?),
        (Value::Bool(own), Value::Bool(value)) => Some(own.cmp(value)),
        // Entra writes true and false as texts.
        (Value::Bool(own), Value::String(value)) => Some(own.to_string().cmp(&value.to_ascii_lowercase())),
        _ => None,
    }
}

fn folded(text: &str, exact: bool) -> Cow<'_, str> {
    if exact { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}
