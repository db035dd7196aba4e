//! Values of the hub, read strictly: what does not fit is refused in a sentence, and never cut.

use super::trouble::Trouble;
use rosterd_sdk::{Class, Edit};
use serde_json::{Map, Value};

/// Attributes by name.
pub type Attributes = Map<String, Value>;

/// The JSON object of an operation.
///
/// # Errors
/// The host sent something else.
pub fn object(json: &str) -> Result<Attributes, Trouble> {
    match serde_json::from_str(json) {
        Ok(Value::Object(attributes)) => Ok(attributes),
        _ => Err(Trouble::not_done(rosterd_sdk::Fault::internal("the hub sent attributes that are no JSON object"))),
    }
}

/// A text; none if it is empty.
///
/// # Errors
/// It is no text, has control characters, or is longer than `most`.
pub fn text(name: &str, value: &Value, most: usize) -> Result<Option<String>, Trouble> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(wrong(name, "is no text")),
    };
    if text.contains(|letter: char| letter.is_control() && letter != '\n' && letter != '\t') {
        return Err(wrong(name, "has control characters"));
    }
    let length = text.chars().count();
    if length > most {
        return Err(wrong(name, &format!("has {length} characters; DingTalk takes at most {most}")));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// True or false; none if it is empty.
///
/// # Errors
/// It is neither.
pub fn flag(name: &str, value: &Value) -> Result<Option<bool>, Trouble> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        other => crate::wire::truth(other).map(Some).ok_or_else(|| wrong(name, "is neither true nor false")),
    }
}

/// A whole number; none if it is empty.
///
/// # Errors
/// It is none.
pub fn integer(name: &str, value: &Value) -> Result<Option<i64>, Trouble> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        other => crate::wire::whole(other).map(Some).ok_or_else(|| wrong(name, "is no whole number")),
    }
}

/// A time in milliseconds since 1970; a day begins at midnight of the mainland.
///
/// # Errors
/// It is no time, or before 1970.
pub fn time(name: &str, value: &Value) -> Result<Option<i64>, Trouble> {
    let Some(text) = text(name, value, 40)? else { return Ok(None) };
    let time = super::when::milliseconds(&text).filter(|time| *time >= 1);
    time.map(Some).ok_or_else(|| wrong(name, "is no day and no time of RFC 3339 after 1970"))
}

/// The id of a reference; none if it is empty.
///
/// # Errors
/// It refers to nothing of the class.
pub fn reference(name: &str, value: &Value, class: Class) -> Result<Option<String>, Trouble> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok((!text.is_empty()).then(|| text.clone())),
        other => {
            let right = other.get("ref").and_then(Value::as_str) == Some(class.as_str());
            let id = other.get("id").and_then(Value::as_str).filter(|id| right && !id.is_empty());
            id.map(|id| Some(id.to_owned())).ok_or_else(|| wrong(name, &format!("refers to no {}", class.as_str())))
        }
    }
}

/// The ids of several references, or of one.
///
/// # Errors
/// One of them refers to nothing of the class.
pub fn references(name: &str, value: &Value, class: Class) -> Result<Vec<String>, Trouble> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut ids = Vec::with_capacity(items.len());
    for item in items {
        if let Some(id) = reference(name, item, class)?.filter(|id| !ids.contains(id)) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The id of a department.
///
/// # Errors
/// DingTalk gives whole numbers from 1.
pub fn department(name: &str, id: &str) -> Result<i64, Trouble> {
    id.parse().ok().filter(|number| *number >= crate::tree::ROOT).ok_or_else(|| {
        let text =
            "names an org unit that is no department of DingTalk; deliver org units to it too, or map their ids there";
        wrong(name, text)
    })
}

/// What edits come to, given what is there: attributes that are replaced whole. `there` gives the present values of an
/// attribute that has several.
///
/// # Errors
/// The host sent something that is no JSON.
pub fn resolved(edits: &[Edit], there: impl Fn(&str) -> Vec<Value>) -> Result<Attributes, Trouble> {
    let mut all = Attributes::new();
    for edit in edits {
        let read = |json: &String| {
            serde_json::from_str::<Value>(json)
                .map_err(|_| Trouble::not_done(rosterd_sdk::Fault::internal("the hub sent an edit that is no JSON")))
        };
        let name = &edit.attribute;
        if let Some(value) = &edit.replace {
            all.insert(name.clone(), read(value)?);
            continue;
        }
        let mut values = match all.remove(name) {
            Some(Value::Array(values)) => values,
            Some(value) => vec![value],
            None => there(name),
        };
        let items = |json: &Option<String>| -> Result<Vec<Value>, Trouble> {
            Ok(match json.as_ref().map(read).transpose()? {
                Some(Value::Array(items)) => items,
                Some(one) => vec![one],
                None => Vec::new(),
            })
        };
        for added in items(&edit.add)? {
            if !values.contains(&added) {
                values.push(added);
            }
        }
        let removed = items(&edit.remove)?;
        values.retain(|value| !removed.contains(value));
        all.insert(name.clone(), values.into());
    }
    Ok(all)
}

/// The refusal of a value.
#[must_use]
pub fn wrong(name: &str, what: &str) -> Trouble {
    let who = "whoever maintains the source or the mapping of this destination changes it; nothing was sent";
    Trouble::invalid(name, format!("{name} {what}; {who}"))
}
