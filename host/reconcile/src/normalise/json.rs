//! Reads JSON straight into values, with limits, and writes them back.

use super::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_NAME, value::text};
use crate::problem::Problem;
use rosterd_model::{Attributes, Class, ExternalId, Text, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// Reads a JSON object of attributes.
///
/// # Errors
/// A sentence that names the attribute, with reason `Invalid`.
pub fn json_attributes(text: &str) -> Result<Attributes, Problem> {
    let mut reader = Reader::at("");
    read(&mut reader, text)?;
    reader.record.ok_or_else(|| {
        Problem::invalid("the record can not be read: its attributes are not a JSON object; the connector is at fault")
    })
}

/// Reads the JSON value of one attribute.
///
/// # Errors
/// A sentence that names the attribute, with reason `Invalid`.
pub fn json_value(attribute: &str, text: &str) -> Result<Value, Problem> {
    read(&mut Reader::at(attribute), text)
}

/// Writes attributes as the JSON object that [`json_attributes`] reads.
#[must_use]
pub fn to_json(attributes: &Attributes) -> String {
    let object: serde_json::Map<String, serde_json::Value> =
        attributes.iter().map(|(name, value)| (name.to_owned(), value_to_json(value))).collect();
    serde_json::Value::Object(object).to_string()
}

/// The JSON form of a value; a reference is `{"ref": class, "id": external id}`.
#[must_use]
pub fn value_to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Integer(value) => Json::from(*value),
        Value::Decimal(value) => Json::from(*value),
        Value::Text(text) => Json::String(text.to_string()),
        Value::List(values) => Json::Array(values.iter().map(value_to_json).collect()),
        Value::Reference { class, id } => serde_json::json!({ "ref": class.as_str(), "id": id.as_str() }),
        Value::Map(map) => Json::Object(map.iter().map(|(key, value)| (key.clone(), value_to_json(value))).collect()),
    }
}

fn read(reader: &mut Reader, json: &str) -> Result<Value, Problem> {
    if json.len() > MAX_BYTES {
        let what = name_of(&reader.path);
        return Err(Problem::invalid(format!(
            "{what} can not be read: {} bytes of JSON are more than {MAX_BYTES}; shorten it at the source",
            json.len()
        )));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let depth = usize::from(!reader.path.is_empty());
    let result = Seed { reader: &mut *reader, depth, verbatim: false }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    result.map_err(|error| {
        let message = match reader.found.take() {
            Some(message) => message,
            None => {
                format!("{} is no valid JSON ({}); the connector is at fault", name_of(&reader.path), terse(&error))
            }
        };
        Problem::invalid(message)
    })
}

/// Where the text is broken, without the text itself.
fn terse(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

fn name_of(path: &str) -> String {
    if path.is_empty() { "the record".to_owned() } else { format!("attribute \"{path}\"") }
}

/// What is being read, and the first rule that it broke.
struct Reader {
    path: String,
    found: Option<String>,
    /// The attributes of a whole record; what is read as its value is an empty map then.
    record: Option<Attributes>,
}

impl Reader {
    fn at(path: &str) -> Self {
        Self { path: path.to_owned(), found: None, record: None }
    }

    fn refuse<E: Error>(&mut self, because: &str) -> E {
        self.found.get_or_insert_with(|| format!("{} {because}; correct it at the source", name_of(&self.path)));
        E::custom("refused")
    }
}

struct Seed<'r> {
    reader: &'r mut Reader,
    depth: usize,
    /// The value may be the id of a reference: it is opaque, and trimming it would make another id of it.
    verbatim: bool,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => Ok(Value::Integer(value)),
            Err(_) => Err(self.reader.refuse("is a number with too many digits to be kept exactly: write it as text")),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        /// Above this a number with a fraction point can no longer tell neighbours apart.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.abs() > EXACT {
            return Err(self.reader.refuse("is a number with too many digits to be kept exactly: write it as text"));
        }
        if value.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as checked")]
            return Ok(Value::Integer(value as i64));
        }
        Ok(Value::Decimal(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        match text(value) {
            Ok(_) if self.verbatim && !value.is_empty() => Ok(Value::from(value)),
            Ok(text) if text.is_empty() => Ok(Value::Null),
            Ok(text) => Ok(Value::Text(text)),
            Err(because) => Err(self.reader.refuse(&because)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.reader.refuse("is nested more than 16 deep"));
        }
        let mut values = Vec::new();
        while let Some(value) =
            sequence.next_element_seed(Seed { reader: &mut *self.reader, depth: self.depth + 1, verbatim: false })?
        {
            if value != Value::Null {
                values.push(value);
            }
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.reader.refuse("is nested more than 16 deep"));
        }
        let parent = if self.depth == 0 { 0 } else { self.reader.path.len() };
        let mut pairs = Attributes::new();
        while let Some(name) = entries.next_key::<Text>()? {
            if self.depth == 0 {
                self.reader.path.clear();
                self.reader.path.push_str(&name[..name.floor_char_boundary(MAX_NAME)]);
            }
            let name = self.name(&name, parent)?;
            if pairs.len() == MAX_ATTRIBUTES {
                self.reader.path.truncate(parent);
                return Err(self.reader.refuse("has more than 512 attributes"));
            }
            let verbatim = name == "id" && self.depth > 0;
            let seed = Seed { reader: &mut *self.reader, depth: self.depth + 1, verbatim };
            if !pairs.add(name, entries.next_value_seed(seed)?) {
                return Err(self.reader.refuse("is given twice"));
            }
        }
        if self.depth == 0 {
            self.reader.record = Some(pairs);
            return Ok(Value::Map(BTreeMap::new()));
        }
        let mut map: BTreeMap<String, Value> = pairs.into_iter().map(|(name, value)| (name.into(), value)).collect();
        if map.len() == 2 && map.contains_key("ref") && map.contains_key("id") {
            return self.reference(&map);
        }
        if let Some(Value::Text(id)) = map.get_mut("id") {
            let trimmed = Seed { verbatim: false, ..self }.visit_str(id)?;
            map.insert("id".to_owned(), trimmed);
        }
        Ok(Value::Map(map))
    }
}

impl Seed<'_> {
    fn name<E: Error>(&mut self, name: &str, parent: usize) -> Result<Text, E> {
        match text(name) {
            Ok(name) if name.is_empty() => Err(self.reader.refuse("has an empty name")),
            Ok(name) if name.len() <= MAX_NAME => Ok(name),
            Ok(_) => Err(self.reader.refuse("has a name of more than 256 bytes")),
            Err(_) => {
                self.reader.path.truncate(parent);
                Err(self.reader.refuse("has an attribute with a control character in its name"))
            }
        }
    }

    fn reference<E: Error>(self, map: &BTreeMap<String, Value>) -> Result<Value, E> {
        let class = map.get("ref").and_then(Value::as_text).and_then(|word| word.parse::<Class>().ok());
        let Some(class) = class else {
            return Err(self.reader.refuse("refers to an unknown class: \"ref\" is account, org-unit or group"));
        };
        match map.get("id").and_then(Value::as_text) {
            Some(id) if id.len() <= ExternalId::MAX_BYTES && !id.chars().any(char::is_control) => {
                Ok(Value::Reference { class, id: id.into() })
            }
            _ => Err(self.reader.refuse("is a reference whose \"id\" is not a text of 1 to 1024 bytes")),
        }
    }
}
