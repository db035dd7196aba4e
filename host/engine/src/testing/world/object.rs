//! An object as a system keeps it.

use rosterd_model::Class;
use rosterd_model::record::{Edit, Record};
use serde_json::Value;

/// A JSON object.
pub type Json = serde_json::Map<String, Value>;

/// Attributes by which people name an object, the first that is there.
const NAMES: [&str; 8] = ["login", "userName", "uid", "sAMAccountName", "cn", "name", "displayName", "mail"];

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its attributes.
    pub attributes: Json,
    /// True: usable.
    pub active: bool,
    /// Counts its changes.
    pub version: u64,
    /// Class and id of the object that it lies under.
    pub parent: Option<(Class, String)>,
    /// How often it was given a new password.
    pub passwords: u64,
}

impl Object {
    /// A usable object.
    #[must_use]
    pub const fn new(attributes: Json) -> Self {
        Self { attributes, active: true, version: 1, parent: None, passwords: 0 }
    }

    /// What people call it; its id if no attribute says.
    #[must_use]
    pub fn name(&self, id: &str) -> String {
        name_of(&self.attributes).unwrap_or_else(|| id.to_owned())
    }

    /// As a record, with `active`.
    #[must_use]
    pub fn record(&self, class: Class, id: &str) -> Record {
        let mut attributes = self.attributes.clone();
        attributes.insert("active".to_owned(), Value::Bool(self.active));
        Record {
            class,
            id: id.into(),
            previous_id: None,
            version: Some(self.version.to_string()),
            attributes: Value::Object(attributes).to_string(),
            partial: false,
        }
    }

    /// Applies a change of one attribute.
    pub(super) fn edit(&mut self, edit: &Edit) {
        if let Some(text) = &edit.replace {
            match parse(text) {
                Value::Null => {
                    self.attributes.remove(&edit.attribute);
                }
                value => {
                    self.attributes.insert(edit.attribute.clone(), value);
                }
            }
        }
        if edit.add.is_none() && edit.remove.is_none() {
            return;
        }
        let mut values = match self.attributes.remove(&edit.attribute) {
            Some(Value::Array(values)) => values,
            Some(value) => vec![value],
            None => Vec::new(),
        };
        for value in edit.add.iter().flat_map(|text| array(text)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let removed: Vec<Value> = edit.remove.iter().flat_map(|text| array(text)).collect();
        values.retain(|value| !removed.contains(value));
        if !values.is_empty() {
            self.attributes.insert(edit.attribute.clone(), Value::Array(values));
        }
    }
}

/// What people call an object with these attributes.
pub(super) fn name_of(attributes: &Json) -> Option<String> {
    NAMES.iter().find_map(|name| attributes.get(*name).and_then(Value::as_str)).map(str::to_owned)
}

/// The attributes of a JSON text; none if it is no object.
pub(super) fn attributes(text: &str) -> Json {
    match parse(text) {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Json::new(),
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn array(text: &str) -> Vec<Value> {
    match parse(text) {
        Value::Array(values) => values,
        value => vec![value],
    }
}
