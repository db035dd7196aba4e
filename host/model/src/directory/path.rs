//! Attributes by their paths, as clients name them, and the values by which objects are looked up.

use crate::value::{Attributes, Text, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Attributes by whose values objects of a pushed source are found without walking over all of them.
pub const INDEXED: [&str; 5] = ["userName", "externalId", "displayName", "emails.value", "members.value"];

/// Characters that may stand between the parts of a path: `name.givenName`, `urn:...:User:employeeNumber`.
const BETWEEN: [char; 2] = ['.', ':'];

/// What stands at a path, each value of a list by itself. Of a structured value whose part nobody named that is its
/// `value`; a reference has its id there. Names are compared without regard to the case of ASCII letters.
#[must_use]
pub fn values_at<'a>(attributes: &'a Attributes, path: &str) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    step(
        path,
        &|name| match attributes.get(name) {
            Some(value) => Some(value),
            None => attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value),
        },
        &mut found,
    );
    found
}

/// A value at a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found<'a> {
    /// Text, a number, true or false.
    Value(&'a Value),
    /// The id of a reference.
    Id(&'a str),
    /// The kind of object that a reference is about.
    Kind(&'static str),
}

impl Found<'_> {
    /// The text in the form in which an index holds it; none: it holds none of this.
    #[must_use]
    pub fn folded(&self) -> Option<String> {
        match self {
            Self::Value(Value::Text(text)) => Some(fold(text)),
            Self::Value(Value::Integer(number)) => Some(number.to_string()),
            Self::Id(id) => Some(fold(id)),
            Self::Value(_) | Self::Kind(_) => None,
        }
    }
}

/// Text without regard to case.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// The values by which an object is found, each with its attribute.
#[must_use]
pub fn keys_of(attributes: &Attributes) -> BTreeSet<(&'static str, String)> {
    let all = INDEXED.iter().flat_map(|path| values_at(attributes, path).into_iter().map(move |found| (*path, found)));
    all.filter_map(|(path, found)| Some((path, found.folded()?))).collect()
}

fn step<'a>(path: &str, of: &dyn Fn(&str) -> Option<&'a Value>, found: &mut Vec<Found<'a>>) {
    if let Some(value) = of(path) {
        return leaf(value, found);
    }
    // The longest name that is there: names of schemas have points and colons in them.
    for (at, _) in path.rmatch_indices(BETWEEN) {
        if let Some(value) = of(&path[..at]) {
            return within(value, &path[at + 1..], found);
        }
    }
}

fn within<'a>(value: &'a Value, path: &str, found: &mut Vec<Found<'a>>) {
    match value {
        Value::List(values) => values.iter().for_each(|value| within(value, path, found)),
        Value::Map(map) => step(path, &|name| part(map, name), found),
        Value::Reference { id, .. } if ["value", "id"].iter().any(|name| path.eq_ignore_ascii_case(name)) => {
            found.push(Found::Id(id.as_str()));
        }
        Value::Reference { class, .. } if path.eq_ignore_ascii_case("ref") => found.push(Found::Kind(class.as_str())),
        // A list of plain texts is one of objects that have nothing but a value.
        plain if path.eq_ignore_ascii_case("value") => leaf(plain, found),
        _ => {}
    }
}

fn leaf<'a>(value: &'a Value, found: &mut Vec<Found<'a>>) {
    match value {
        Value::List(values) => values.iter().for_each(|value| leaf(value, found)),
        Value::Map(map) => {
            if let Some(value) = part(map, "value") {
                leaf(value, found);
            }
        }
        Value::Reference { id, .. } => found.push(Found::Id(id.as_str())),
        Value::Null => {}
        plain => found.push(Found::Value(plain)),
    }
}

fn part<'a>(map: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name).or_else(|| map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// True if a structured or other value stands at a path, and it is not empty.
#[must_use]
pub fn is_present(attributes: &Attributes, path: &str) -> bool {
    let whole = attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(path)).map(|(_, value)| value);
    match whole {
        Some(value) => has_content(value),
        None => !values_at(attributes, path).is_empty() || has_part(attributes, path),
    }
}

fn has_content(value: &Value) -> bool {
    match value {
        Value::List(values) => values.iter().any(has_content),
        Value::Map(map) => map.values().any(has_content),
        other => !other.is_empty(),
    }
}

/// A path that ends at a structured value has no plain value there, and something all the same.
fn has_part(attributes: &Attributes, path: &str) -> bool {
    path.rmatch_indices(BETWEEN).any(|(at, _)| {
        let (head, rest) = (&path[..at], &path[at + 1..]);
        let value = attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(head)).map(|(_, value)| value);
        value.is_some_and(|value| part_has_content(value, rest))
    })
}

fn part_has_content(value: &Value, path: &str) -> bool {
    match value {
        Value::List(values) => values.iter().any(|value| part_has_content(value, path)),
        Value::Map(map) => match part(map, path) {
            Some(value) => has_content(value),
            None => path
                .rmatch_indices(BETWEEN)
                .any(|(at, _)| part(map, &path[..at]).is_some_and(|value| part_has_content(value, &path[at + 1..]))),
        },
        _ => false,
    }
}

/// The name of the attribute that a path begins with, of those that are there.
#[must_use]
fn head_of<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a str> {
    let named =
        |name: &str| attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(known, _)| known);
    named(path).or_else(|| path.rmatch_indices(BETWEEN).find_map(|(at, _)| named(&path[..at])))
}

/// The attributes that paths name and no others.
#[must_use]
pub fn only(attributes: &Attributes, paths: &[String]) -> Attributes {
    let wanted: BTreeSet<&str> = paths.iter().filter_map(|path| head_of(attributes, path)).collect();
    let kept = attributes.iter().filter(|(name, _)| wanted.contains(name));
    kept.map(|(name, value)| (Text::from(name), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Class;

    fn map(pairs: &[(&str, Value)]) -> Value {
        Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn person() -> Attributes {
        let mails = [map(&[("type", "work".into()), ("value", "A@x".into())]), map(&[("value", "b@x".into())])];
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let boss = Value::Reference { class: Class::Account, id: "u9".into() };
        [
            ("userName", Value::from("Ann")),
            ("name", map(&[("givenName", "Ann".into())])),
            ("emails", Value::List(mails.to_vec())),
            ("members", Value::List(vec![boss.clone(), "u7".into()])),
            (enterprise, map(&[("employeeNumber", "7".into()), ("manager", boss)])),
            ("empty", map(&[("x", Value::Null)])),
        ]
        .into_iter()
        .collect()
    }

    fn at(path: &str) -> Vec<String> {
        values_at(&person(), path).iter().filter_map(Found::folded).collect()
    }

    #[test]
    fn a_path_leads_through_lists_structures_and_names_of_schemas() {
        assert_eq!(at("USERNAME"), ["ann"]);
        assert_eq!(at("name.givenname"), ["ann"]);
        assert_eq!(at("emails.value"), ["a@x", "b@x"]);
        assert_eq!(at("emails"), ["a@x", "b@x"]);
        assert_eq!(at("emails.type"), ["work"]);
        assert_eq!(at("members.value"), ["u9", "u7"]);
        assert_eq!(at("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"), ["7"]);
        assert_eq!(at("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"), ["u9"]);
        assert!(at("nothing.there").is_empty() && at("").is_empty() && at("userName.value.more").is_empty());
    }

    #[test]
    fn keys_are_those_of_the_indexed_attributes() {
        let keys = keys_of(&person());
        let expected = [
            ("emails.value", "a@x"),
            ("emails.value", "b@x"),
            ("members.value", "u7"),
            ("members.value", "u9"),
            ("userName", "ann"),
        ];
        assert_eq!(keys.iter().map(|(path, key)| (*path, key.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn present_means_that_there_is_something() {
        let person = person();
        for path in ["userName", "emails", "name", "emails.type", "name.givenName"] {
            assert!(is_present(&person, path), "{path}");
        }
        for path in ["empty", "title", "emails.display", "name.familyName"] {
            assert!(!is_present(&person, path), "{path}");
        }
        assert_eq!(only(&person, &["emails.value".to_owned(), "title".to_owned()]).len(), 1);
    }
}
