//! Values of an object by a path, and how they compare.

use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Everything that a name means: a key of the object, or a path into it. Elements of lists are looked at one by one.
pub(super) fn at<'v>(object: &'v Map<String, Value>, path: &str) -> Vec<&'v Value> {
    let mut found = Vec::new();
    walk(object, path, &mut found);
    found
}

fn walk<'v>(object: &'v Map<String, Value>, path: &str, found: &mut Vec<&'v Value>) {
    let named = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(path));
    if let Some((_, value)) = named {
        return flatten(value, found);
    }
    // The longest key that the path begins with: names of extensions have dots of their own.
    let mut end = path.len();
    while let Some(dot) = path[..end].rfind('.') {
        end = dot;
        let Some((_, value)) = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(&path[..dot])) else { continue };
        let mut inner = Vec::new();
        flatten(value, &mut inner);
        for one in inner.into_iter().filter_map(Value::as_object) {
            // Of a reference the value is its id.
            let is_reference = one.len() == 2 && one.contains_key("ref") && one.contains_key("id");
            let rest = &path[dot + 1..];
            walk(one, if is_reference && rest.eq_ignore_ascii_case("value") { "id" } else { rest }, found);
        }
        return;
    }
}

fn flatten<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Null => {}
        Value::Array(list) => list.iter().for_each(|one| flatten(one, found)),
        one => found.push(one),
    }
}

/// How two values compare; none: they can not be compared.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(folded(left).cmp(&folded(right))),
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Text without the difference of case.
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
}
