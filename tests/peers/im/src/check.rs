//! Requests against their definition: nothing unknown, nothing of a wrong type, nothing missing, nothing too long. What
//! arrives as text (a form, a query) is read into the types that the definition names.

use crate::schema::{Field, Kind};
use serde_json::{Map, Value};

/// A request's or an answer's fields.
pub type Fields = Map<String, Value>;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The definition does not know it.
    Unknown,
    /// It is required and not there.
    Missing,
    /// Its type is another.
    Type,
    /// Too long, too short, or too many.
    Size,
    /// Outside of its range, or none of its values.
    Value,
}

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Its name, with the names around it.
    pub field: String,
    /// What is wrong with it.
    pub wrong: Wrong,
    /// The vendor's own code for it, if it has one.
    pub code: Option<i64>,
}

/// Checks JSON fields.
///
/// # Errors
/// The first field that is wrong.
pub fn fields(given: &Fields, defined: &[Field]) -> Result<(), Flaw> {
    let unknown = given.keys().find(|name| !defined.iter().any(|field| field.name == name.as_str()));
    if let Some(name) = unknown {
        return Err(Flaw { field: name.clone(), wrong: Wrong::Unknown, code: None });
    }
    for field in defined {
        match given.get(field.name) {
            None | Some(Value::Null) if field.required => return Err(flaw(field, Wrong::Missing)),
            // A null is what an absent value looks like in some client libraries.
            None | Some(Value::Null) => {}
            Some(value) => one(value, field)?,
        }
    }
    Ok(())
}

fn flaw(field: &Field, wrong: Wrong) -> Flaw {
    Flaw { field: field.name.to_owned(), wrong, code: field.refusal }
}

fn one(value: &Value, field: &Field) -> Result<(), Flaw> {
    let wrong = |wrong| Err(flaw(field, wrong));
    match (field.kind, value) {
        (Kind::Text | Kind::Commas | Kind::Json, Value::String(text)) => {
            let letters = text.chars().count();
            let listed = if matches!(field.kind, Kind::Commas) { text.split(',').count() } else { letters };
            if (field.required && text.is_empty()) || letters < field.min || (field.max > 0 && listed > field.max) {
                return wrong(Wrong::Size);
            }
            if !field.one_of.is_empty() && !field.one_of.contains(&text.as_str()) {
                return wrong(Wrong::Value);
            }
            let is_object = || serde_json::from_str::<Fields>(text).is_ok();
            if matches!(field.kind, Kind::Json) && !text.is_empty() && !is_object() {
                return wrong(Wrong::Type);
            }
            Ok(())
        }
        (Kind::Integer, Value::Number(number)) => {
            let Some(number) = number.as_i64() else { return wrong(Wrong::Type) };
            match field.range {
                Some((least, most)) if number < least || number > most => wrong(Wrong::Value),
                _ => Ok(()),
            }
        }
        (Kind::Flag, Value::Bool(_)) | (Kind::Any, _) => Ok(()),
        (Kind::Texts, Value::Array(items)) => items_of(items, field, Value::is_string),
        (Kind::Integers, Value::Array(items)) => items_of(items, field, Value::is_i64),
        (Kind::Object(within), Value::Object(inner)) => fields(inner, within).map_err(|flaw| inside(field, &flaw)),
        (Kind::List(within), Value::Array(items)) => {
            items_of(items, field, Value::is_object)?;
            let objects = items.iter().filter_map(Value::as_object);
            objects.into_iter().try_for_each(|item| fields(item, within)).map_err(|flaw| inside(field, &flaw))
        }
        (Kind::Map, Value::Object(inner)) if inner.values().all(Value::is_string) => Ok(()),
        _ => wrong(Wrong::Type),
    }
}

fn items_of(items: &[Value], field: &Field, right: fn(&Value) -> bool) -> Result<(), Flaw> {
    if !items.iter().all(right) {
        Err(flaw(field, Wrong::Type))
    } else if field.max > 0 && items.len() > field.max {
        Err(flaw(field, Wrong::Size))
    } else {
        Ok(())
    }
}

fn inside(field: &Field, flaw: &Flaw) -> Flaw {
    Flaw { field: format!("{}.{}", field.name, flaw.field), wrong: flaw.wrong, code: flaw.code.or(field.refusal) }
}

/// Reads pairs of a form or a query into the types of the definition. What does not read stays text, and the check then
/// says that its type is wrong.
#[must_use]
pub fn from_pairs(pairs: &[(String, String)], defined: &[Field]) -> Fields {
    let typed = pairs.iter().map(|(name, text)| {
        let kind = defined.iter().find(|field| field.name == name).map(|field| field.kind);
        let parsed = match kind {
            Some(Kind::Integer) => text.parse::<i64>().ok().map(Value::from),
            Some(Kind::Flag) => text.parse::<bool>().ok().map(Value::from),
            Some(Kind::Texts | Kind::Integers | Kind::Object(_) | Kind::List(_) | Kind::Map) => {
                serde_json::from_str(text).ok()
            }
            _ => None,
        };
        (name.clone(), parsed.unwrap_or_else(|| Value::from(text.as_str())))
    });
    typed.collect()
}

/// Names in an answer that its definition does not have: the simulator's own mistakes.
pub fn undeclared(value: &Fields, defined: &[Field], path: &str, found: &mut Vec<String>) {
    for (name, value) in value {
        let at = format!("{path}.{name}");
        match (defined.iter().find(|field| field.name == name.as_str()).map(|field| field.kind), value) {
            (None, _) => found.push(at),
            (Some(Kind::Object(within)), Value::Object(inner)) => undeclared(inner, within, &at, found),
            (Some(Kind::List(within)), Value::Array(items)) => {
                items.iter().filter_map(Value::as_object).for_each(|item| undeclared(item, within, &at, found));
            }
            (Some(Kind::Integer), Value::Number(_))
            | (Some(Kind::Flag), Value::Bool(_))
            | (Some(Kind::Text | Kind::Commas | Kind::Json), Value::String(_))
            | (Some(Kind::Texts | Kind::Integers), Value::Array(_))
            | (Some(Kind::Map), Value::Object(_))
            | (Some(Kind::Any), _) => {}
            (Some(_), _) => found.push(format!("{at} (type)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{commas, flag, integer, integers, list, text};
    use serde_json::json;

    const DEFINED: &[Field] = &[
        text("name").required().max(4),
        integer("size").range(1, 100).refused(40069),
        flag("on"),
        commas("ids").max(2),
        integers("numbers"),
        list("orders", &[integer("order")]),
    ];

    fn said(value: &Value) -> Option<(String, Wrong)> {
        fields(value.as_object().expect("an object"), DEFINED).err().map(|flaw| (flaw.field, flaw.wrong))
    }

    #[test]
    fn each_way_to_be_wrong_is_told_apart() {
        let flaw = |field: &str, wrong| Some((field.to_owned(), wrong));
        assert_eq!(said(&json!({"name": "ab", "size": 3, "on": true, "ids": "1,2", "orders": [{"order": 1}]})), None);
        assert_eq!(said(&json!({"name": "ab", "nmae": 1})), flaw("nmae", Wrong::Unknown));
        assert_eq!(said(&json!({})), flaw("name", Wrong::Missing));
        assert_eq!(said(&json!({"name": 5})), flaw("name", Wrong::Type));
        assert_eq!(said(&json!({"name": "abcde"})), flaw("name", Wrong::Size));
        assert_eq!(said(&json!({"name": "a", "size": 101})), flaw("size", Wrong::Value));
        assert_eq!(said(&json!({"name": "a", "size": "5"})), flaw("size", Wrong::Type));
        assert_eq!(said(&json!({"name": "a", "size": 1.5})), flaw("size", Wrong::Type));
        assert_eq!(said(&json!({"name": "a", "ids": "1,2,3"})), flaw("ids", Wrong::Size));
        assert_eq!(said(&json!({"name": "a", "ids": [1]})), flaw("ids", Wrong::Type));
        assert_eq!(said(&json!({"name": "a", "numbers": ["1"]})), flaw("numbers", Wrong::Type));
        assert_eq!(said(&json!({"name": "a", "orders": [{"ordre": 1}]})), flaw("orders.ordre", Wrong::Unknown));
    }

    #[test]
    fn a_form_is_read_into_types() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let pairs = [pair("name", "12"), pair("size", "7"), pair("on", "true"), pair("orders", r#"[{"order":1}]"#)];
        let read = from_pairs(&pairs, DEFINED);
        assert_eq!(Value::from(read), json!({"name": "12", "size": 7, "on": true, "orders": [{"order": 1}]}));
        let read = from_pairs(&[pair("name", "a"), pair("size", "seven")], DEFINED);
        assert_eq!(fields(&read, DEFINED).map_err(|flaw| flaw.wrong), Err(Wrong::Type));
    }
}
