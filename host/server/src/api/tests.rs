//! The document and the routes are made from one table; these walk what came of it.

use super::{document, operations};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn written() -> Value {
    serde_json::from_str(&document::written(&operations())).expect("the document is JSON")
}

/// All operations of the document: method, path, and what it says.
fn all(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        all.extend(
            item.as_object().expect("operations").iter().map(|(method, one)| (method.as_str(), path.as_str(), one)),
        );
    }
    all
}

fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(to) => document.pointer(&to[1..]).unwrap_or_else(|| panic!("{to} is nowhere")),
        None => schema,
    }
}

/// Walks a schema and whatever it refers to; reports what says nothing.
fn empty(document: &Value, schema: &Value, at: &str, seen: &mut BTreeSet<String>, found: &mut Vec<String>) {
    if let Some(to) = schema["$ref"].as_str() {
        if !seen.insert(to.to_owned()) {
            return;
        }
        return empty(document, resolved(document, schema), to, seen, found);
    }
    let Some(map) = schema.as_object() else { return };
    if !["type", "anyOf", "oneOf", "allOf", "enum"].iter().any(|word| map.contains_key(*word)) {
        found.push(format!("{at}: {schema}"));
    }
    if map.get("type").is_some_and(|kind| kind == "object")
        && !["properties", "additionalProperties"].iter().any(|word| map.contains_key(*word))
    {
        // An object of which nothing is known says as little.
        found.push(format!("{at}: an object of anything"));
    }
    for word in ["properties"] {
        for (name, one) in map.get(word).and_then(Value::as_object).into_iter().flatten() {
            empty(document, one, &format!("{at}/{name}"), seen, found);
        }
    }
    for word in ["items", "additionalProperties"] {
        if let Some(one) = map.get(word).filter(|one| one.is_object()) {
            empty(document, one, &format!("{at}/{word}"), seen, found);
        }
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        for one in map.get(word).and_then(Value::as_array).into_iter().flatten() {
            empty(document, one, &format!("{at}/{word}"), seen, found);
        }
    }
}

#[test]
fn every_answer_says_what_is_certainly_in_it_and_no_schema_says_nothing() {
    let document = written();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for (method, path, operation) in all(&document) {
        let answers = operation["responses"].as_object().expect("answers");
        assert!(!answers.contains_key("default"), "{method} {path} has an answer for everything");
        assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path} never succeeds");
        for (status, answer) in answers {
            for (media, content) in answer["content"].as_object().into_iter().flatten() {
                let at = format!("{method} {path} {status} {media}");
                empty(&document, &content["schema"], &at, &mut seen, &mut found);
                let mut schema = resolved(&document, &content["schema"]);
                if schema["type"] == "array" {
                    schema = resolved(&document, &schema["items"]);
                }
                if status.starts_with('2') {
                    let required = schema["required"].as_array().map_or(0, Vec::len);
                    assert!(required > 0, "{at}: nothing is certainly in it");
                }
            }
        }
        for content in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            empty(&document, &content.1["schema"], &format!("{method} {path}"), &mut seen, &mut found);
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_operation_is_described_and_needs_a_token_unless_it_is_the_document() {
    let document = written();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in all(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{method} {path}");
        let open = path == "/v1/openapi.json";
        assert_eq!(operation["security"].as_array().map_or(0, Vec::len), if open { 0 } else { 2 }, "{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let bounds = ["pattern", "maxLength", "maximum", "enum"];
            assert!(bounds.iter().any(|word| !schema[*word].is_null()), "{method} {path}: {parameter} has no bounds");
        }
        let named: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let said: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| one["in"] == "path")
            .filter_map(|one| one["name"].as_str())
            .collect();
        assert_eq!(named, said, "{method} {path}");
    }
}

#[test]
fn every_route_is_in_the_document_and_every_link_leads_to_an_operation() {
    let document = written();
    let documented: BTreeSet<(String, String)> =
        all(&document).iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let routed: BTreeSet<(String, String)> =
        operations().iter().map(|one| (one.method.as_str().to_ascii_lowercase(), one.path.clone())).collect();
    assert_eq!(documented, routed);
    let ids: BTreeMap<&str, &Value> =
        all(&document).into_iter().filter_map(|(_, _, one)| Some((one["operationId"].as_str()?, one))).collect();
    for operation in ids.values() {
        for answer in operation["responses"].as_object().into_iter().flatten() {
            for (name, link) in answer.1["links"].as_object().into_iter().flatten() {
                let to = ids.get(link["operationId"].as_str().unwrap_or_default()).unwrap_or_else(|| panic!("{name}"));
                for parameter in link["parameters"].as_object().into_iter().flatten() {
                    let known = to["parameters"].as_array().into_iter().flatten();
                    assert!(known.filter(|one| one["name"] == **parameter.0).count() == 1, "{name}: {}", parameter.0);
                }
            }
        }
    }
    assert_eq!(document["openapi"], "3.1.0");
}
