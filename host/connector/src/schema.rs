//! Checks an operator's settings against the JSON schema of a manifest, before a connector sees them.
//!
//! The keywords that decide what a setting may be are checked; `format`, `pattern` and annotations are hints for people. A schema that
//! uses a keyword which this host would have to ignore is refused when the component is installed, not silently passed.

use serde_json::{Map, Value};

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];
const ANNOTATIONS: [&str; 12] = [
    "title",
    "description",
    "default",
    "examples",
    "format",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "$schema",
    "$id",
    "pattern",
];
const CHECKED: [&str; 19] = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "anyOf",
    "oneOf",
    "allOf",
];
const DEEPEST: usize = 16;

/// Whether this host can check everything that the schema says. The error is a sentence.
pub(crate) fn check_schema(schema: &Value) -> Result<(), String> {
    walk(schema, "", 0)
}

fn walk(schema: &Value, place: &str, depth: usize) -> Result<(), String> {
    let at = if place.is_empty() { "at the root" } else { place };
    let object = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(object) if depth <= DEEPEST => object,
        Value::Object(_) => return Err(format!("{at}: nested more than {DEEPEST} deep")),
        _ => return Err(format!("{at}: a schema is a table")),
    };
    for (key, value) in object {
        if !ANNOTATIONS.contains(&key.as_str()) && !CHECKED.contains(&key.as_str()) {
            return Err(format!("{at}: this host can not check the keyword \"{key}\""));
        }
        if key == "type" && !types(value).is_some_and(|names| names.iter().all(|name| TYPES.contains(name))) {
            return Err(format!("{at}: {value} is no type; write one of {}", TYPES.join(", ")));
        }
    }
    let inner = |key: &str| format!("{place}{}{key}", if place.is_empty() { "" } else { "." });
    for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(property, &inner(name), depth + 1)?;
    }
    for key in ["items", "additionalProperties"] {
        object.get(key).map_or(Ok(()), |value| walk(value, &inner("*"), depth + 1))?;
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        for value in object.get(key).and_then(Value::as_array).into_iter().flatten() {
            walk(value, place, depth + 1)?;
        }
    }
    Ok(())
}

fn types(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Checks settings and fills in the defaults of the schema. The errors are sentences that name the keys.
pub(crate) fn check(schema: &Value, settings: &Value) -> Result<Value, Vec<String>> {
    let mut filled = settings.clone();
    let mut problems = Vec::new();
    fill(schema, &mut filled);
    visit(schema, &filled, "", &mut problems);
    if problems.is_empty() { Ok(filled) } else { Err(problems) }
}

fn fill(schema: &Value, value: &mut Value) {
    let (Some(properties), Some(object)) = (schema.get("properties").and_then(Value::as_object), value.as_object_mut())
    else {
        return;
    };
    for (name, property) in properties {
        if let (None, Some(default)) = (object.get(name), property.get("default")) {
            object.insert(name.clone(), default.clone());
        }
        if let Some(inner) = object.get_mut(name) {
            fill(property, inner);
        }
    }
}

fn visit(schema: &Value, value: &Value, place: &str, problems: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else {
        if schema == &Value::Bool(false) {
            problems.push(format!("setting \"{place}\" is not allowed here"));
        }
        return;
    };
    let what = if place.is_empty() { "the settings".to_owned() } else { format!("setting \"{place}\"") };
    if let Some(names) = rules.get("type").and_then(types)
        && !names.iter().any(|name| has_type(value, name))
    {
        problems.push(format!("{what} must be {}, and is {}", names.join(" or "), kind(value)));
        return;
    }
    if let Some(allowed) = rules.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let list: Vec<String> = allowed.iter().map(Value::to_string).collect();
        problems.push(format!("{what} is {value}; write one of {}", list.join(", ")));
    }
    if rules.get("const").is_some_and(|only| only != value) {
        problems.push(format!("{what} must be {}", rules["const"]));
    }
    sizes(rules, value, &what, problems);
    match value {
        Value::Object(object) => members(rules, object, place, problems),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                rules
                    .get("items")
                    .into_iter()
                    .for_each(|rule| visit(rule, item, &format!("{place}[{index}]"), problems));
            }
        }
        _ => {}
    }
    alternatives(rules, value, place, &what, problems);
}

fn members(rules: &Map<String, Value>, object: &Map<String, Value>, place: &str, problems: &mut Vec<String>) {
    let inner = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    for name in rules.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            problems.push(format!("setting \"{}\" is missing", inner(name)));
        }
    }
    let known = rules.get("properties").and_then(Value::as_object);
    for (key, value) in object {
        match (known.and_then(|known| known.get(key)), rules.get("additionalProperties")) {
            (Some(rule), _) => visit(rule, value, &inner(key), problems),
            (None, Some(Value::Bool(false))) => {
                let names: Vec<&str> = known.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                problems.push(format!("setting \"{}\" is unknown; there is {}", inner(key), names.join(", ")));
            }
            (None, Some(rule)) => visit(rule, value, &inner(key), problems),
            (None, None) => {}
        }
    }
}

fn sizes(rules: &Map<String, Value>, value: &Value, what: &str, problems: &mut Vec<String>) {
    let mut compare = |least: &str, most: &str, amount: f64, unit: &str| {
        if let Some(limit) = rules.get(least).and_then(Value::as_f64).filter(|limit| amount < *limit) {
            problems.push(format!("{what} must be at least {limit}{unit}"));
        }
        if let Some(limit) = rules.get(most).and_then(Value::as_f64).filter(|limit| amount > *limit) {
            problems.push(format!("{what} must be at most {limit}{unit}"));
        }
    };
    match value {
        Value::String(text) => compare("minLength", "maxLength", count(text.chars().count()), " characters long"),
        Value::Number(number) => compare("minimum", "maximum", number.as_f64().unwrap_or(f64::NAN), ""),
        Value::Array(items) => compare("minItems", "maxItems", count(items.len()), " entries long"),
        Value::Object(object) => compare("minProperties", "maxProperties", count(object.len()), " entries long"),
        Value::Null | Value::Bool(_) => {}
    }
    if let (Some(Value::Bool(true)), Value::Array(items)) = (rules.get("uniqueItems"), value)
        && items.iter().enumerate().any(|(index, item)| items[..index].contains(item))
    {
        problems.push(format!("{what} names something twice"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of settings are far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

fn alternatives(rules: &Map<String, Value>, value: &Value, place: &str, what: &str, problems: &mut Vec<String>) {
    let fits = |rule: &Value| {
        let mut inner = Vec::new();
        visit(rule, value, place, &mut inner);
        inner.is_empty()
    };
    let list = |key: &str| rules.get(key).and_then(Value::as_array);
    list("allOf").into_iter().flatten().for_each(|rule| visit(rule, value, place, problems));
    if list("anyOf").is_some_and(|all| !all.iter().any(fits)) {
        problems.push(format!("{what} fits none of the allowed shapes"));
    }
    if list("oneOf").is_some_and(|all| all.iter().filter(|rule| fits(rule)).count() != 1) {
        problems.push(format!("{what} must fit exactly one of the allowed shapes"));
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "integer" => {
            value.as_i64().is_some() || value.as_u64().is_some() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        "number" => value.is_number(),
        other => kind(value) == other,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({ "type": "object", "required": ["file"], "additionalProperties": false, "properties": {
            "file": { "type": "string", "minLength": 1 },
            "mode": { "enum": ["fast", "safe"], "default": "safe" },
            "size": { "type": "integer", "minimum": 1, "maximum": 10 },
            "hosts": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            "columns": { "type": "object", "additionalProperties": { "type": "string" } } } })
    }

    #[test]
    fn defaults_are_filled_in() {
        assert_eq!(check(&schema(), &json!({ "file": "a" })), Ok(json!({ "file": "a", "mode": "safe" })));
    }

    #[test]
    fn every_problem_names_its_key() {
        let wrong = json!({ "mode": "slow", "size": 11, "hosts": [1], "columns": { "a": 1 }, "fil": 1 });
        let problems = check(&schema(), &wrong).unwrap_err().join("\n");
        for part in [
            "\"file\" is missing",
            "\"mode\" is \"slow\"",
            "\"size\" must be at most 10",
            "\"hosts[0]\" must be string",
            "\"columns.a\" must be string",
            "\"fil\" is unknown",
        ] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
    }

    #[test]
    fn a_schema_that_can_not_be_checked_is_refused() {
        assert!(check_schema(&schema()).is_ok());
        assert!(check_schema(&json!({ "type": "txt" })).unwrap_err().contains("no type"));
        assert!(check_schema(&json!({ "properties": { "a": { "$ref": "#" } } })).unwrap_err().contains("$ref"));
    }
}
