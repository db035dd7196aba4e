//! One operation on one attribute.

use super::{Op, Rules};
use crate::place::get;
use crate::receiver::accept;
use crate::receiver::filter::matches::element_fits;
use crate::receiver::filter::{Filter, Is, Name, Path};
use crate::receiver::refusal::Refusal;
use crate::receiver::schema::attribute::Type;
use crate::receiver::stored::{Resource, is_complex, member};
use serde_json::{Map, Value, json};

/// Does it.
pub(super) fn change(
    rules: Rules<'_>,
    resource: &mut Resource,
    op: Op,
    path: &Path,
    given: &Value,
) -> Result<(), Refusal> {
    let name = &path.name;
    if accept::is_password(name) || accept::is_ours(name) {
        return Ok(());
    }
    if name.attribute.is_empty() {
        return extension(rules, resource, op, name.schema.as_deref().unwrap_or_default(), given);
    }
    let value = match (op, &path.filter) {
        (Op::Remove, _) => None,
        (_, None) => accept::value(rules.kind, name, given)?,
        (_, Some(_)) if name.member.is_some() => accept::value(rules.kind, name, given)?,
        (_, Some(_)) => first(accept::value(rules.kind, name, given)?),
    };
    let attribute = rules.kind.attribute(name.schema.as_deref(), &name.attribute);
    let there = take(resource, name);
    let after = match (&path.filter, &name.member) {
        (Some(filter), inner) => {
            let list = elements(there);
            Some(Value::Array(filtered(rules, op, name, filter, inner.as_deref(), list, value)?))
        }
        (None, Some(inner)) => with_member(rules, name, inner, there, value),
        (None, None) if attribute.is_some_and(|one| one.multi) || there.as_ref().is_some_and(Value::is_array) => {
            Some(Value::Array(listed(rules, op, name, elements(there), value, given)?))
        }
        (None, None) => match (there, value) {
            (Some(Value::Object(mut map)), Some(Value::Object(more)))
                if op == Op::Add || is_complex(rules.kind, name.schema.as_deref(), &name.attribute, None) =>
            {
                map.extend(more);
                Some(Value::Object(map))
            }
            (_, value) => value,
        },
    };
    if op == Op::Remove && after.is_none() && attribute.is_some_and(|one| one.required) {
        return Err(Refusal::mutability(format!("{} is required and can not be removed", name.text())));
    }
    let empty =
        |value: &Value| value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
    if let Some(after) = after.filter(|value| !empty(value)) {
        accept::place(rules.kind, resource, Name { member: None, ..name.clone() }, after);
    }
    Ok(())
}

/// A whole extension.
fn extension(rules: Rules<'_>, resource: &mut Resource, op: Op, urn: &str, given: &Value) -> Result<(), Refusal> {
    if op == Op::Remove || given.is_null() {
        resource.retain(|name, _| !name.eq_ignore_ascii_case(urn));
        return Ok(());
    }
    for (name, value) in accept::spread(rules.kind, urn, given.clone(), rules.extensions)? {
        change(rules, resource, op, &Path { name, filter: None }, &value)?;
    }
    Ok(())
}

/// Takes the attribute out; it is put back as it is to be.
fn take(resource: &mut Resource, name: &Name) -> Option<Value> {
    let holder = match &name.schema {
        Some(schema) => {
            let key = resource.keys().find(|key| key.eq_ignore_ascii_case(schema))?.clone();
            resource.get_mut(&key)?.as_object_mut()?
        }
        None => resource,
    };
    let key = holder.keys().find(|key| key.eq_ignore_ascii_case(&name.attribute))?.clone();
    holder.shift_remove(&key)
}

fn elements(there: Option<Value>) -> Vec<Value> {
    match there {
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn first(value: Option<Value>) -> Option<Value> {
    match value {
        Some(Value::Array(mut list)) if !list.is_empty() => Some(list.remove(0)),
        other => other,
    }
}

/// An attribute of several values as a whole.
fn listed(
    rules: Rules<'_>,
    op: Op,
    name: &Name,
    mut list: Vec<Value>,
    value: Option<Value>,
    given: &Value,
) -> Result<Vec<Value>, Refusal> {
    let more = elements(value);
    match op {
        Op::Replace => Ok(more),
        Op::Add => {
            for element in more {
                add(&mut list, element);
            }
            Ok(list)
        }
        // Entra removes members by a value; read by the letter of the RFC this would empty the group.
        Op::Remove if !given.is_null() => {
            let gone = elements(accept::value(rules.kind, name, given)?);
            list.retain(|element| !gone.iter().any(|gone| same(gone, element)));
            Ok(list)
        }
        Op::Remove => Ok(Vec::new()),
    }
}

/// The same value: by the member `value` and the type where they have one, else by all.
fn same(left: &Value, right: &Value) -> bool {
    match (member(left, "value"), member(right, "value")) {
        (Some(one), Some(other)) => {
            let kinds = (member(left, "type"), member(right, "type"));
            one == other && !matches!(kinds, (Some(one), Some(other)) if one != other)
        }
        _ => left == right,
    }
}

fn add(list: &mut Vec<Value>, element: Value) {
    if is_primary(&element) {
        clear_primary(list);
    }
    let known = list.iter_mut().find(|there| same(there, &element));
    match (known, element) {
        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
        (Some(_), _) => {}
        (None, element) => list.push(element),
    }
}

fn is_primary(element: &Value) -> bool {
    member(element, "primary") == Some(&Value::Bool(true))
}

/// One value is primary: who makes another one so takes it from the first.
fn clear_primary(list: &mut [Value]) {
    for element in list.iter_mut().filter(|element| is_primary(element)).filter_map(Value::as_object_mut) {
        element.insert("primary".to_owned(), false.into());
    }
}

/// A member of a value, or of all values.
fn with_member(
    rules: Rules<'_>,
    name: &Name,
    inner: &str,
    there: Option<Value>,
    value: Option<Value>,
) -> Option<Value> {
    let many = rules.kind.attribute(name.schema.as_deref(), &name.attribute).is_some_and(|one| one.multi);
    let set = |map: &mut Map<String, Value>| set(map, inner, value.clone());
    match there {
        Some(Value::Array(mut list)) => {
            list.iter_mut().filter_map(Value::as_object_mut).for_each(set);
            list.retain(holds_something);
            Some(Value::Array(list))
        }
        Some(Value::Object(mut map)) => {
            set(&mut map);
            Some(Value::Object(map))
        }
        _ => {
            let value = value?;
            let made = json!({ inner: value });
            Some(if many { json!([made]) } else { made })
        }
    }
}

fn set(map: &mut Map<String, Value>, inner: &str, value: Option<Value>) {
    let key = map.keys().find(|key| key.eq_ignore_ascii_case(inner)).cloned().unwrap_or_else(|| inner.to_owned());
    match value {
        Some(value) => map.insert(key, value),
        None => map.shift_remove(&key),
    };
}

/// True if there is more to a value than what it is for.
fn holds_something(element: &Value) -> bool {
    let Value::Object(map) = element else { return true };
    map.keys().any(|key| !key.eq_ignore_ascii_case("type") && !key.eq_ignore_ascii_case("primary"))
}

/// Those values that fit a filter.
fn filtered(
    rules: Rules<'_>,
    op: Op,
    name: &Name,
    filter: &Filter,
    inner: Option<&str>,
    mut list: Vec<Value>,
    value: Option<Value>,
) -> Result<Vec<Value>, Refusal> {
    let attribute = rules.kind.attribute(name.schema.as_deref(), &name.attribute);
    let fits: Vec<bool> = list.iter().map(|element| element_fits(attribute, element, filter)).collect();
    if !fits.contains(&true) {
        let Some(value) = value else { return Ok(list) };
        let equal = equalities(filter).filter(|_| op == Op::Add || rules.creates);
        let missing = || Refusal::no_target(format!("{} has no value that fits the filter", name.attribute));
        let mut made = equal.ok_or_else(missing)?;
        match (inner, value) {
            (Some(inner), value) => set(&mut made, inner, Some(value)),
            (None, Value::Object(more)) => made.extend(more),
            (None, value) => set(&mut made, "value", Some(value)),
        }
        let whole = Name { member: None, ..name.clone() };
        let made = elements(accept::value(rules.kind, &whole, &json!([made]))?);
        for element in made {
            add(&mut list, element);
        }
        return Ok(list);
    }
    let primary =
        value.as_ref() == Some(&Value::Bool(true)) && inner.is_some_and(|inner| inner.eq_ignore_ascii_case("primary"));
    if primary || value.as_ref().is_some_and(is_primary) {
        clear_primary(&mut list);
    }
    let mut kept = Vec::with_capacity(list.len());
    for (mut element, fits) in list.into_iter().zip(fits) {
        match (fits, inner) {
            (false, _) => {}
            (true, Some(inner)) => {
                if let Some(map) = element.as_object_mut() {
                    set(map, inner, value.clone());
                }
                if !holds_something(&element) && attribute.is_some_and(|one| one.kind == Type::Complex) {
                    continue;
                }
            }
            (true, None) => match (&value, &mut element) {
                (None, _) => continue,
                (Some(Value::Object(more)), Value::Object(there)) => {
                    if op == Op::Replace {
                        let equal = equalities(filter).unwrap_or_default();
                        there.retain(|key, _| get(&equal, key).is_some());
                    }
                    there.extend(more.clone());
                }
                (Some(value), element) => *element = value.clone(),
            },
        }
        if !kept.contains(&element) {
            kept.push(element);
        }
    }
    Ok(kept)
}

/// What a value is that fits a conjunction of equalities; none: it is another filter.
fn equalities(filter: &Filter) -> Option<Map<String, Value>> {
    let mut made = Map::new();
    let list = match filter {
        Filter::And(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    for one in list {
        match one {
            Filter::Compare(Name { member: None, attribute, .. }, Is::Eq, value) if !value.is_null() => {
                made.insert(attribute.clone(), value.clone());
            }
            _ => return None,
        }
    }
    Some(made)
}
