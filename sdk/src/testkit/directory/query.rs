//! Queries: which objects fit, in which order, and where the next page begins.

use super::{Directory, amend, values};
use crate::directory::Listing;
use crate::{Class, Fault, Object};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// What a page holds at most, as the host's limit `directory-rows`.
const ROWS: usize = 1000;

/// The last object of a page: the values that it was sorted by, and its id.
pub(super) type Place = (Vec<Value>, String);

struct Key {
    attribute: String,
    descending: bool,
}

impl Directory {
    pub(super) fn list(&mut self, class: Class, text: &str) -> Result<Listing, Fault> {
        let query: Map<String, Value> = serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
        const KNOWN: [&str; 6] = ["filter", "sort", "offset", "after", "max", "attributes"];
        if let Some(name) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(invalid(&format!("{name} is not known")));
        }
        let keys = keys(query.get("sort"))?;
        let bound =
            json!([class.as_str(), query.get("filter"), query.get("sort"), query.get("attributes")]).to_string();
        let number = |name: &str| match query.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_u64().map(|n| Some(n as usize)).ok_or_else(|| invalid(&format!("{name} is no number")))
            }
        };
        let (offset, max) = (number("offset")?, number("max")?.unwrap_or(ROWS).min(ROWS));
        let mut all: Vec<(Vec<Value>, &Object, Map<String, Value>)> = Vec::new();
        for object in self.objects.values().filter(|object| object.class == class) {
            let mut map = amend::map(&object.attributes)?;
            map.insert("id".to_owned(), object.id.clone().into());
            if query
                .get("filter")
                .filter(|filter| !filter.is_null())
                .map_or(Ok(true), |filter| fits(&map, filter, 0))?
            {
                let sorted_by = keys
                    .iter()
                    .map(|key| values::at(&map, &key.attribute).first().map_or(Value::Null, |v| (*v).clone()));
                all.push((sorted_by.collect(), object, map));
            }
        }
        all.sort_by(|left, right| compare(&keys, (&left.0, &left.1.id), (&right.0, &right.1.id)));
        let total = all.len() as u64;
        let start = match (query.get("after").and_then(Value::as_str), offset) {
            (Some(_), Some(_)) => return Err(invalid("it has both offset and after")),
            (None, offset) => offset.unwrap_or(0).min(all.len()),
            (Some(after), None) => {
                let place = self
                    .cursors
                    .iter()
                    .enumerate()
                    .find(|(at, (query, _))| format!("c{at}x") == after && *query == bound);
                let (_, (_, place)) = place.ok_or_else(|| Fault::cursor_invalid("this cursor is not of this query"))?;
                all.partition_point(|one| compare(&keys, (&one.0, &one.1.id), (&place.0, &place.1)).is_le())
            }
        };
        let page = &all[start..(start + max).min(all.len())];
        let wanted: Option<Vec<&str>> = query
            .get("attributes")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect());
        let objects = page.iter().map(|(_, object, _)| reduced(object, wanted.as_deref())).collect::<Result<_, _>>()?;
        let last = page
            .last()
            .filter(|_| start + page.len() < all.len())
            .map(|(sorted_by, object, _)| (sorted_by.clone(), object.id.clone()));
        let next = last.map(|place| {
            self.cursors.push((bound, place));
            format!("c{}x", self.cursors.len() - 1)
        });
        Ok(Listing { objects, next, total: Some(total) })
    }
}

fn reduced(object: &Object, wanted: Option<&[&str]>) -> Result<Object, Fault> {
    let Some(wanted) = wanted else { return Ok(object.clone()) };
    let mut map = amend::map(&object.attributes)?;
    map.retain(|name, _| wanted.contains(&name.as_str()));
    Ok(Object { attributes: Value::Object(map).to_string(), partial: true, ..object.clone() })
}

fn keys(sort: Option<&Value>) -> Result<Vec<Key>, Fault> {
    let key = |key: &Value| {
        let attribute =
            key["attribute"].as_str().ok_or_else(|| invalid("a key of sort names no attribute"))?.to_owned();
        Ok(Key { attribute, descending: key["descending"] == true })
    };
    sort.and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter().map(key).collect()
}

/// By the keys, what has no value last (first where the order is turned round); then by the id.
fn compare(keys: &[Key], left: (&[Value], &str), right: (&[Value], &str)) -> Ordering {
    for (at, key) in keys.iter().enumerate() {
        let order = match (&left.0[at], &right.0[at]) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            (one, other) => values::order(one, other).unwrap_or(Ordering::Equal),
        };
        let order = if key.descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.1.cmp(right.1)
}

fn fits(object: &Map<String, Value>, filter: &Value, depth: usize) -> Result<bool, Fault> {
    if depth > 16 {
        return Err(invalid("its filter has more than 16 levels"));
    }
    let filter = filter.as_object().ok_or_else(|| invalid("a filter is an object"))?;
    if let Some(attribute) = filter.get("attribute").and_then(Value::as_str) {
        let is = filter.get("is").and_then(Value::as_str).unwrap_or_default();
        let found = values::at(object, attribute);
        return compared(&found, is, filter.get("value"));
    }
    let list = |name: &str| filter.get(name).and_then(Value::as_array).filter(|list| !list.is_empty());
    if let Some(all) = list("and") {
        return all.iter().try_fold(true, |fit, one| Ok(fits(object, one, depth + 1)? && fit));
    }
    if let Some(any) = list("or") {
        return any.iter().try_fold(false, |fit, one| Ok(fits(object, one, depth + 1)? || fit));
    }
    let inner = filter.get("not").ok_or_else(|| invalid("a filter is one of and, or, not, or a comparison"))?;
    Ok(!fits(object, inner, depth + 1)?)
}

fn compared(found: &[&Value], is: &str, value: Option<&Value>) -> Result<bool, Fault> {
    let value = match (is, value) {
        ("pr", None) => return Ok(found.iter().any(|value| !matches!(value, Value::String(text) if text.is_empty()))),
        ("pr", Some(_)) | (_, None) => return Err(invalid("a comparison has a value, and pr has none")),
        (_, Some(value)) => value,
    };
    let texts = |test: fn(&str, &str) -> bool| {
        let text = value.as_str().ok_or_else(|| invalid("this comparison takes a text"))?;
        let text = values::folded(text);
        Ok(found.iter().filter_map(|value| value.as_str()).any(|own| test(&values::folded(own), &text)))
    };
    let any = |test: fn(Ordering) -> bool| Ok(found.iter().any(|own| values::order(own, value).is_some_and(test)));
    match is {
        "eq" => any(Ordering::is_eq),
        "ne" => Ok(!found.iter().any(|own| values::order(own, value).is_some_and(Ordering::is_eq))),
        "co" => texts(|own, text| own.contains(text)),
        "sw" => texts(|own, text| own.starts_with(text)),
        "ew" => texts(|own, text| own.ends_with(text)),
        "gt" => any(Ordering::is_gt),
        "ge" => any(Ordering::is_ge),
        "lt" => any(Ordering::is_lt),
        "le" => any(Ordering::is_le),
        _ => Err(invalid("a comparison is one of eq, ne, co, sw, ew, gt, ge, lt, le, pr")),
    }
}

fn invalid(why: &str) -> Fault {
    Fault::invalid(format!("the query of the directory can not be used: {why}"))
}
