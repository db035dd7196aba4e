//! Applies what a source said as a difference.

use super::json::json_value;
use crate::canonical;
use crate::problem::Problem;
use rosterd_model::record::{Amendment, Edit};
use rosterd_model::{Attributes, Value};
use std::collections::BTreeSet;

/// The attributes after an amendment. Each edit first replaces, then removes, then adds; lists are sets, and a single
/// value counts as a list of one when something is added to it.
///
/// # Errors
/// A sentence that names the attribute, with reason `Invalid`; nothing is half done.
pub fn amend(known: &Attributes, amendment: &Amendment) -> Result<Attributes, Problem> {
    let mut result = known.clone();
    for edit in &amendment.edits {
        apply(&mut result, edit)?;
    }
    Ok(result)
}

fn apply(attributes: &mut Attributes, edit: &Edit) -> Result<(), Problem> {
    let name = edit.attribute.as_str();
    if name.is_empty() || name.len() > super::MAX_NAME {
        return Err(Problem::invalid(
            "an edit names no attribute, or one of more than 256 bytes; the connector is at fault",
        ));
    }
    if attributes.get(name).is_none() && attributes.len() == super::MAX_ATTRIBUTES {
        return Err(Problem::invalid(format!(
            "attribute \"{name}\" can not be added: the object has {} attributes already",
            super::MAX_ATTRIBUTES
        )));
    }
    if let Some(json) = &edit.replace {
        attributes.set(name, json_value(name, json)?);
    }
    if let Some(json) = &edit.remove {
        let gone: BTreeSet<Vec<u8>> = list(name, json)?.iter().map(canonical::key).collect();
        if let Some(value) = attributes.get(name).filter(|value| **value != Value::Null) {
            let mut values = as_list(value);
            values.retain(|value| !gone.contains(&canonical::key(value)));
            attributes.set(name, Value::List(values));
        }
    }
    if let Some(json) = &edit.add {
        let added = list(name, json)?;
        let mut values = attributes.get(name).map(as_list).unwrap_or_default();
        let mut seen: BTreeSet<Vec<u8>> = values.iter().map(canonical::key).collect();
        values.extend(added.into_iter().filter(|value| seen.insert(canonical::key(value))));
        attributes.set(name, Value::List(values));
    }
    Ok(())
}

fn list(name: &str, json: &str) -> Result<Vec<Value>, Problem> {
    match json_value(name, json)? {
        Value::List(values) => Ok(values),
        _ => Err(Problem::invalid(format!(
            "attribute \"{name}\" can not be edited: what is added or removed must be a JSON array; the connector is at fault"
        ))),
    }
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::List(values) => values.clone(),
        Value::Null => Vec::new(),
        single => vec![single.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::Class;

    fn edit(replace: Option<&str>, add: Option<&str>, remove: Option<&str>) -> Amendment {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let edit =
            Edit { attribute: "members".into(), replace: owned(replace), add: owned(add), remove: owned(remove) };
        Amendment { class: Class::Group, id: "g".into(), version: None, edits: vec![edit] }
    }

    #[test]
    fn members_come_and_go() {
        let start = Attributes::new();
        let one = amend(&start, &edit(None, Some(r#"["a","b","a"]"#), None)).expect("adds");
        assert_eq!(one.get("members"), Some(&Value::List(vec!["a".into(), "b".into()])));
        let two = amend(&one, &edit(None, Some(r#"["c"]"#), Some(r#"["a","x"]"#))).expect("removes, then adds");
        assert_eq!(two.get("members"), Some(&Value::List(vec!["b".into(), "c".into()])));
        let three = amend(&two, &edit(Some("null"), None, None)).expect("clears");
        assert_eq!(three.get("members"), Some(&Value::Null));
        assert!(amend(&two, &edit(None, Some("1"), None)).expect_err("no list").message.contains("members"));
        assert!(amend(&two, &edit(Some("{"), None, None)).is_err());
    }

    #[test]
    fn removing_from_what_is_not_known_says_nothing() {
        let none = amend(&Attributes::new(), &edit(None, None, Some(r#"["a"]"#))).expect("valid");
        assert!(none.is_empty());
    }

    #[test]
    fn an_edit_names_an_attribute_and_an_object_has_512_of_them() {
        let add = |known: &Attributes, name: &str| {
            let edit = Edit { attribute: name.into(), replace: Some("1".to_owned()), add: None, remove: None };
            amend(known, &Amendment { class: Class::Group, id: "g".into(), version: None, edits: vec![edit] })
        };
        let none = Attributes::new();
        assert!(add(&none, &"n".repeat(256)).is_ok());
        for wrong in ["", &"n".repeat(257), &"n".repeat(300)] {
            assert!(add(&none, wrong).expect_err("refused").message.contains("256 bytes"), "{}", wrong.len());
        }
        let with = |count: usize| (0..count).map(|n| (format!("a{n}"), Value::Integer(0))).collect::<Attributes>();
        assert!(add(&with(511), "new").is_ok());
        assert!(add(&with(512), "new").expect_err("too many").message.contains("512"));
        assert_eq!(add(&with(512), "a7").map(|after| after.get("a7").cloned()), Ok(Some(Value::Integer(1))));
    }

    #[test]
    fn a_single_value_is_a_list_of_one_for_who_adds_or_removes() {
        let single: Attributes = [("members", Value::from("a"))].into_iter().collect();
        let list = |values: &[&str]| Some(Value::List(values.iter().map(|value| Value::from(*value)).collect()));
        let both = amend(&single, &edit(None, Some(r#"["b"]"#), None)).expect("adds");
        assert_eq!(both.get("members").cloned(), list(&["a", "b"]));
        let gone = amend(&single, &edit(None, None, Some(r#"["a"]"#))).expect("removes");
        assert_eq!(gone.get("members").cloned(), list(&[]));
        let empty: Attributes = [("members", Value::Null)].into_iter().collect();
        let still = amend(&empty, &edit(None, None, Some(r#"["a"]"#))).expect("nothing to remove");
        assert_eq!(still.get("members"), Some(&Value::Null));
        let first = amend(&empty, &edit(None, Some(r#"["a"]"#), None)).expect("adds");
        assert_eq!(first.get("members").cloned(), list(&["a"]));
    }
}
