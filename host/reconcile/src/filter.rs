//! What a client asks of the objects of a pushed source: which fit, and in what order.
//!
//! The comparisons are those of RFC 7644, section 3.4.2.2. Text is compared without regard to case, but for the attributes
//! that the RFC calls case-exact. Of several values one is enough; `ne` is the opposite of `eq`. What has no value at a path
//! fits only `ne`, and `eq` with null.

use jiff::Timestamp;
use rosterd_model::directory::{Comparison, Filter, Found, Sort, fold, is_present, values_at};
use rosterd_model::{Attributes, ExternalId, Value};
use serde_json::Value as Json;
use std::cmp::Ordering;

/// Attributes whose values are compared with regard to case.
const CASE_EXACT: [&str; 2] = ["id", "externalId"];
/// The id of an object, which is none of its attributes.
const ID: &str = "id";

/// True if an object fits.
#[must_use]
pub fn fits(filter: &Filter, id: &ExternalId, attributes: &Attributes) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|one| fits(one, id, attributes)),
        Filter::Or(any) => any.iter().any(|one| fits(one, id, attributes)),
        Filter::Not(inner) => !fits(inner, id, attributes),
        Filter::Compare { attribute, is, value } => compares(attribute, *is, value, id, attributes),
    }
}

/// True if a path is the id of the object itself.
#[must_use]
pub fn is_id(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case(ID)
}

fn compares(attribute: &str, is: Comparison, value: &Json, id: &ExternalId, attributes: &Attributes) -> bool {
    let exact = CASE_EXACT.iter().any(|name| attribute.eq_ignore_ascii_case(name));
    let found = || if is_id(attribute) { vec![Found::Id(id.as_str())] } else { values_at(attributes, attribute) };
    let present = || is_id(attribute) || is_present(attributes, attribute);
    match is {
        Comparison::Pr => present(),
        Comparison::Eq if value.is_null() => !present(),
        Comparison::Ne if value.is_null() => present(),
        Comparison::Ne => !found().iter().any(|one| one_compares(*one, Comparison::Eq, value, exact)),
        _ => found().iter().any(|one| one_compares(*one, is, value, exact)),
    }
}

fn one_compares(found: Found<'_>, is: Comparison, value: &Json, exact: bool) -> bool {
    let text = match found {
        Found::Value(Value::Bool(known)) => return is == Comparison::Eq && value.as_bool() == Some(*known),
        Found::Value(Value::Integer(known)) => {
            return match value.as_i64() {
                Some(asked) => ordered(is, known.cmp(&asked)),
                #[expect(clippy::cast_precision_loss, reason = "what is asked for has a fraction anyway")]
                None => value.as_f64().is_some_and(|asked| between(is, *known as f64, asked)),
            };
        }
        Found::Value(Value::Decimal(known)) => return value.as_f64().is_some_and(|asked| between(is, *known, asked)),
        Found::Value(Value::Text(text)) => text.as_str(),
        Found::Id(text) | Found::Kind(text) => text,
        Found::Value(_) => return false,
    };
    let Some(asked) = value.as_str() else { return false };
    if exact { texts(is, text, asked) } else { texts(is, &fold(text), &fold(asked)) }
}

fn texts(is: Comparison, known: &str, asked: &str) -> bool {
    match is {
        Comparison::Co => known.contains(asked),
        Comparison::Sw => known.starts_with(asked),
        Comparison::Ew => known.ends_with(asked),
        _ => ordered(is, moments(known, asked).unwrap_or_else(|| known.cmp(asked))),
    }
}

/// Two times are compared as such, in whatever zone each is written.
fn moments(known: &str, asked: &str) -> Option<Ordering> {
    let at = |text: &str| -> Option<Timestamp> {
        let plausible = text.len() >= 20 && text.as_bytes()[4] == b'-' && text.is_ascii();
        if plausible { text.to_ascii_uppercase().parse().ok() } else { None }
    };
    Some(at(known)?.cmp(&at(asked)?))
}

fn between(is: Comparison, known: f64, asked: f64) -> bool {
    known.partial_cmp(&asked).is_some_and(|order| ordered(is, order))
}

const fn ordered(is: Comparison, order: Ordering) -> bool {
    match is {
        Comparison::Eq => order.is_eq(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Ne | Comparison::Co | Comparison::Sw | Comparison::Ew | Comparison::Pr => false,
    }
}

/// What an object is sorted by, for one attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text, folded unless its case matters.
    Text(String),
    /// Nothing: comes last, or first where the order is turned round.
    None,
}

/// What an object is sorted by: of several values the one that is called primary, or the first.
#[must_use]
pub fn sort_keys(sort: &[Sort], id: &ExternalId, attributes: &Attributes) -> Vec<SortKey> {
    sort.iter().map(|key| sort_key(&key.attribute, id, attributes)).collect()
}

fn sort_key(attribute: &str, id: &ExternalId, attributes: &Attributes) -> SortKey {
    if is_id(attribute) {
        return SortKey::Text(id.as_str().to_owned());
    }
    let exact = CASE_EXACT.iter().any(|name| attribute.eq_ignore_ascii_case(name));
    let text = |text: &str| SortKey::Text(if exact { text.to_owned() } else { fold(text) });
    let primary = primary(attributes, attribute);
    match primary.or_else(|| values_at(attributes, attribute).into_iter().next()) {
        #[expect(clippy::cast_precision_loss, reason = "an order among numbers of this size is good enough")]
        Some(Found::Value(Value::Integer(number))) => SortKey::Number(*number as f64),
        Some(Found::Value(Value::Decimal(number))) => SortKey::Number(*number),
        Some(Found::Value(Value::Bool(truth))) => SortKey::Bool(*truth),
        Some(Found::Value(Value::Text(known))) => text(known),
        Some(Found::Id(known) | Found::Kind(known)) => text(known),
        Some(Found::Value(_)) | None => SortKey::None,
    }
}

/// The value of the element that is called primary, where the path leads into a list of structured values.
fn primary<'a>(attributes: &'a Attributes, path: &str) -> Option<Found<'a>> {
    let (head, part) = path.split_once('.').unwrap_or((path, "value"));
    let Some(Value::List(elements)) = attributes.get(head) else { return None };
    let primary = elements.iter().find_map(|element| match element {
        Value::Map(map) if map.get("primary") == Some(&Value::Bool(true)) => Some(map),
        _ => None,
    })?;
    primary.get(part).filter(|value| !value.is_empty()).map(Found::Value)
}

/// The order of two objects by what they are sorted by. Who is equal in it stands in the order of ids.
#[must_use]
pub fn order(sort: &[Sort], a: &[SortKey], b: &[SortKey]) -> Ordering {
    let keys = sort.iter().zip(a.iter().zip(b));
    keys.map(|(key, (a, b))| if key.descending { one_order(a, b).reverse() } else { one_order(a, b) })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn one_order(a: &SortKey, b: &SortKey) -> Ordering {
    const fn kind(key: &SortKey) -> u8 {
        match key {
            SortKey::Bool(_) => 0,
            SortKey::Number(_) => 1,
            SortKey::Text(_) => 2,
            SortKey::None => 3,
        }
    }
    match (a, b) {
        (SortKey::Bool(a), SortKey::Bool(b)) => a.cmp(b),
        (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
        (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
        _ => kind(a).cmp(&kind(b)),
    }
}

/// A value by which an index finds every object that can fit: its attribute, as the index has it, and the folded value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// The object of this id.
    Id(ExternalId),
    /// Objects with this value of an indexed attribute.
    Value(&'static str, String),
}

/// Where an index serves: every object that fits a filter is among those of one of these; none: no index serves.
#[must_use]
pub fn probes(filter: &Filter) -> Option<Vec<Probe>> {
    match filter {
        Filter::Compare { attribute, is: Comparison::Eq, value: Json::String(text) } => {
            if is_id(attribute) {
                return Some(vec![Probe::Id(ExternalId::from(text.as_str()))]);
            }
            indexed(attribute).map(|name| vec![Probe::Value(name, fold(text))])
        }
        // The part with the fewest look-ups is enough: all parts must fit.
        Filter::And(all) => all.iter().filter_map(probes).min_by_key(Vec::len),
        Filter::Or(any) => any.iter().map(probes).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        Filter::Not(_) | Filter::Compare { .. } => None,
    }
}

/// The name that an index has for a path; `emails` is its `value`.
fn indexed(path: &str) -> Option<&'static str> {
    rosterd_model::directory::INDEXED.into_iter().find(|name| {
        name.eq_ignore_ascii_case(path)
            || name.strip_suffix(".value").is_some_and(|short| short.eq_ignore_ascii_case(path))
    })
}

#[cfg(test)]
mod tests;
