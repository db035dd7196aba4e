//! What becomes of the attributes of an object.

use crate::{Amendment, Fault, Object};
use serde_json::{Map, Value};

/// Attributes that hold a password, which no directory takes.
const PASSWORDS: [&str; 3] = ["password", "userpassword", "unicodepwd"];

/// The attributes that a client gives, if they can be kept.
pub(super) fn checked(attributes: &str) -> Result<String, Fault> {
    let map = map(attributes)?;
    map.keys().try_for_each(|name| allowed(name))?;
    Ok(Value::Object(map).to_string())
}

/// Those of a partial object over those that are there.
pub(super) fn merged(before: &Object, object: &Object) -> Result<String, Fault> {
    let mut all = map(&before.attributes)?;
    for (name, value) in map(&object.attributes)? {
        allowed(&name)?;
        all.insert(name, value);
    }
    Ok(Value::Object(all).to_string())
}

/// Each edit replaces, or removes and then adds; lists are sets.
pub(super) fn amended(before: &Object, amendment: &Amendment) -> Result<String, Fault> {
    let mut all = map(&before.attributes)?;
    for edit in &amendment.edits {
        let name = edit.attribute.as_str();
        allowed(name)?;
        if let Some(json) = &edit.replace {
            all.insert(name.to_owned(), parsed(name, json)?);
        }
        if edit.add.is_none() && edit.remove.is_none() {
            continue;
        }
        let mut list = match all.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(one) => vec![one.clone()],
        };
        let removed = edit.remove.as_deref().map(|json| array(name, json)).transpose()?.unwrap_or_default();
        list.retain(|value| !removed.contains(value));
        for value in edit.add.as_deref().map(|json| array(name, json)).transpose()?.unwrap_or_default() {
            if !list.contains(&value) {
                list.push(value);
            }
        }
        if all.contains_key(name) || !list.is_empty() {
            all.insert(name.to_owned(), Value::Array(list));
        }
    }
    Ok(Value::Object(all).to_string())
}

pub(super) fn map(text: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::invalid(format!("the attributes are no JSON object: {error}")))
}

fn parsed(name: &str, json: &str) -> Result<Value, Fault> {
    serde_json::from_str(json).map_err(|error| Fault::invalid(format!("{name}: {error}")).about(name))
}

fn array(name: &str, json: &str) -> Result<Vec<Value>, Fault> {
    match parsed(name, json)? {
        Value::Array(list) => Ok(list),
        _ => Err(Fault::invalid(format!("{name}: what is added or removed is an array")).about(name)),
    }
}

fn allowed(name: &str) -> Result<(), Fault> {
    if PASSWORDS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(Fault::invalid("the directory takes no passwords").about(name));
    }
    Ok(())
}
