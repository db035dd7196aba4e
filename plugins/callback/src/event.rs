//! What happened, in words that no form of sending changes: an operation of the host, read and checked.

use crate::settings::Settings;
use rosterd_sdk::{Action, Class, Edit, Fault, Operation};
use serde_json::{Map, Value, json};

/// The longest id of an object, in bytes.
const LONGEST_ID: usize = 256;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was made.
    Created,
    /// Attributes changed.
    Updated,
    /// The account may be used.
    Enabled,
    /// The account may not be used.
    Disabled,
    /// It is under another org unit.
    Moved,
    /// It was removed.
    Deleted,
}

/// What happened to one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The same for every attempt: letters, digits, `-` and `_`.
    pub key: String,
    /// What happened.
    pub happened: Happened,
    /// Kind of the object.
    pub class: Class,
    /// Its id, which is also the external id.
    pub id: String,
    /// The whole object as it is then, without its id; of a deleted one nothing.
    pub attributes: Map<String, Value>,
    /// What changed of it.
    pub changes: Vec<Changed>,
    /// It says the first password, too.
    pub password: bool,
}

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its name.
    pub attribute: String,
    /// What is told of it: `replace`, or `add` and `remove`.
    pub told: Map<String, Value>,
}

impl Event {
    /// Reads an operation.
    ///
    /// # Errors
    /// `invalid` if the object has no id, `unsupported` for what is no event.
    pub fn of(operation: &Operation, settings: &Settings) -> Result<Self, Fault> {
        let mut event = Self {
            key: key(&operation.key),
            happened: Happened::Updated,
            class: operation.class,
            id: operation.id.clone().unwrap_or_default(),
            attributes: object(&operation.desired)?,
            changes: Vec::new(),
            password: false,
        };
        match &operation.action {
            Action::Create(attributes) => {
                event.attributes = object(attributes)?;
                event.id = id(&event.attributes, settings)?;
                event.happened = Happened::Created;
                event.password = settings.passwords && operation.class == Class::Account;
            }
            Action::Update(edits) => event.changes = changes(edits, &event.id, settings)?,
            Action::Enable => event.happened = Happened::Enabled,
            Action::Disable => event.happened = Happened::Disabled,
            Action::MoveTo(parent) => {
                event.happened = Happened::Moved;
                let reference = |to: &rosterd_sdk::ObjectRef| json!({ "ref": to.class.as_str(), "id": to.id });
                let to = parent.as_ref().map_or(Value::Null, reference);
                event.changes.push(Changed { attribute: "parent".to_owned(), told: one("replace", to) });
            }
            Action::Delete => {
                event.happened = Happened::Deleted;
                event.attributes = Map::new();
            }
            Action::SetPassword => {
                return Err(Fault::unsupported("a password is told with a new account only, and not by itself"));
            }
        }
        event.attributes.remove(&settings.id);
        if event.id.is_empty() {
            return Err(Fault::internal("the operation names no object"));
        }
        Ok(event)
    }
}

/// A key of the host, fit for an id that must hold no dot.
fn key(key: &str) -> String {
    let fit = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    key.chars().map(fit).take(64).collect()
}

fn id(attributes: &Map<String, Value>, settings: &Settings) -> Result<String, Fault> {
    let name = &settings.id;
    let found = match attributes.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let wrong = |what: &str| {
        let text = format!(
            "the object {what}; map the attribute {name} (the setting id) to something that never changes, as a staff number"
        );
        Err(Fault::invalid(text).about(name))
    };
    match found.len() {
        0 => wrong("has no id"),
        length if length > LONGEST_ID => wrong("has an id of more than 256 bytes"),
        _ if found.chars().any(char::is_control) => wrong("has an id with control characters"),
        _ => Ok(found),
    }
}

fn changes(edits: &[Edit], own: &str, settings: &Settings) -> Result<Vec<Changed>, Fault> {
    let mut all = Vec::with_capacity(edits.len());
    for edit in edits {
        if edit.attribute == settings.id {
            // Whoever is told again what he lost is told every attribute, and so the id that the object has.
            let stated = edit.replace.as_deref().filter(|_| edit.add.is_none() && edit.remove.is_none());
            let stated = stated.map(value).transpose()?.map(|id| one(&settings.id, id));
            if stated.is_some_and(|stated| id(&stated, settings).is_ok_and(|id| id == own)) {
                continue;
            }
            let text = format!(
                "the id of an object never changes, and {} does; map it to something else, as a staff number",
                settings.id
            );
            return Err(Fault::invalid(text).about(&settings.id));
        }
        let mut told = Map::new();
        for (word, json) in [("replace", &edit.replace), ("add", &edit.add), ("remove", &edit.remove)] {
            if let Some(json) = json {
                told.insert(word.to_owned(), value(json)?);
            }
        }
        all.push(Changed { attribute: edit.attribute.clone(), told });
    }
    Ok(all)
}

fn one(word: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(word.to_owned(), value)])
}

fn object(json: &str) -> Result<Map<String, Value>, Fault> {
    if json.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(json).map_err(|error| Fault::internal(format!("the attributes are no JSON object: {error}")))
}

fn value(json: &str) -> Result<Value, Fault> {
    serde_json::from_str(json).map_err(|error| Fault::internal(format!("the value of an edit is no JSON: {error}")))
}
