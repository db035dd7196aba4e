//! JSON values to cells and, for lists, back.

use crate::convert::split_values;
use crate::header::Kind;
use rosterd_sdk::Edit;
use serde_json::Value;

/// The text of a cell for a value; the empty text for null.
///
/// # Errors
/// A sentence, for a text that can not stand in a file.
pub fn cell(value: &Value, kind: Kind) -> Result<String, String> {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) if kind == Kind::Multi => escape(text),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => {
            let cells = values.iter().map(one).collect::<Result<Vec<String>, String>>()?;
            if kind == Kind::Multi || cells.len() > 1 { join(&cells) } else { cells.concat() }
        }
        Value::Object(_) => one(value)?,
    };
    if text.contains('\0') {
        return Err("a text with a NUL character can not stand in a file".to_owned());
    }
    Ok(text)
}

/// The text of a cell after an edit.
///
/// # Errors
/// A sentence, for an edit whose JSON can not be read or a value that can not stand in a file.
pub fn edited(before: &str, edit: &Edit, kind: Kind) -> Result<String, String> {
    let parse =
        |json: &str| serde_json::from_str::<Value>(json).map_err(|error| format!("the value is not JSON: {error}"));
    if let Some(json) = &edit.replace {
        return cell(&parse(json)?, kind);
    }
    let list = |json: &Option<String>| -> Result<Vec<String>, String> {
        match json.as_deref().map(parse).transpose()? {
            Some(Value::Array(values)) => values.iter().map(one).collect(),
            Some(other) => Ok(vec![one(&other)?]),
            None => Ok(Vec::new()),
        }
    };
    let (add, remove) = (list(&edit.add)?, list(&edit.remove)?);
    let mut values = split_values(before);
    values.retain(|value| !remove.contains(value));
    for value in add {
        // Nothing is no value of several: a cell with an empty one is read without it.
        if !value.trim().is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(join(&values))
}

/// One value as text: of a reference its id, of a structure its JSON.
fn one(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) if text.contains('\0') => {
            Err("a text with a NUL character can not stand in a file".to_owned())
        }
        Value::String(text) => Ok(text.clone()),
        Value::Object(members) => match (members.get("ref"), members.get("id")) {
            (Some(_), Some(Value::String(id))) => Ok(id.clone()),
            _ => Ok(value.to_string()),
        },
        other => Ok(other.to_string()),
    }
}

fn join(values: &[String]) -> String {
    values.iter().map(|value| escape(value)).collect::<Vec<String>>().join(";")
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(';', "\\;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn references_are_their_ids() {
        assert_eq!(cell(&json!({"ref": "account", "id": "E1"}), Kind::Manager).unwrap(), "E1");
        assert_eq!(
            cell(&json!([{"ref": "group", "id": "a;b"}, {"ref": "group", "id": "c"}]), Kind::Multi).unwrap(),
            r"a\;b;c"
        );
        assert_eq!(cell(&json!(true), Kind::Text).unwrap(), "true");
        assert!(cell(&json!("a\u{0}"), Kind::Text).is_err());
    }

    #[test]
    fn nothing_is_no_value_of_several() {
        let edit = Edit {
            attribute: "roles".to_owned(),
            replace: None,
            add: Some(r#"[null,"a"," "]"#.to_owned()),
            remove: None,
        };
        assert_eq!(edited("b", &edit, Kind::Multi).as_deref(), Ok("b;a"));
    }

    #[test]
    fn values_are_added_once_and_removed() {
        let edit = Edit {
            attribute: "roles".to_owned(),
            replace: None,
            add: Some(r#"["c","a"]"#.to_owned()),
            remove: Some(r#"["b","z"]"#.to_owned()),
        };
        assert_eq!(edited("a;b", &edit, Kind::Multi).unwrap(), "a;c");
    }

    proptest! {
        #[test]
        fn lists_survive(values in prop::collection::vec("[a;\\\\é-]{1,5}", 0..5)) {
            prop_assert_eq!(split_values(&cell(&json!(values), Kind::Multi).unwrap()), values);
        }
    }
}
