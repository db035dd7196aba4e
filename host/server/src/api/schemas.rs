//! The schemas of the document: those of the shapes, and what differs between an object as it is written, changed and answered.

use super::hub::{HubChange, HubChanges, HubObject, HubPage, value_schema};
use super::import::Outcome;
use super::kind::Kind;
use super::pattern;
use super::problem::{Finding, Problem};
use super::shape::{Account, Group, Member, MemberKind, MemberPage, Members, OrgUnit, own_schema};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

fn base<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

fn properties(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    schema.get_mut("properties")?.as_object_mut()
}

/// The schema of an object as clients write it.
fn said<K: Kind + PartialSchema>(nothing: bool) -> Value {
    let mut schema = base::<K>();
    if let Some(all) = properties(&mut schema) {
        let own = json!({ "type": ["object", "null"], "maxProperties": super::shape::MOST_OWN,
            "propertyNames": { "type": "string", "pattern": pattern::OWN },
            "additionalProperties": own_schema(nothing),
            "description": "Attributes of the company's own: text, a whole number, true or false, or several texts." });
        all.insert("attributes".to_owned(), own);
        for name in ["id", "version", "created", "modified"] {
            let describe = "What the hub said; it may be sent back.";
            all.insert(
                name.to_owned(),
                json!({ "type": "string", "readOnly": true, "maxLength": 256, "description": describe }),
            );
        }
        if let Some(units) = all.get_mut("orgUnits") {
            units["items"] = json!({ "type": "string", "pattern": pattern::ID, "maxLength": 256 });
        }
    }
    schema
}

fn id_schema() -> Value {
    json!({ "type": "string", "pattern": pattern::ID, "minLength": 1, "maxLength": 256, "description": "The id." })
}

/// The same with an id that the client may give.
fn new<K: Kind + PartialSchema>() -> Value {
    let mut schema = said::<K>(false);
    if let Some(all) = properties(&mut schema) {
        let mut id = id_schema();
        id["description"] = "The client's own id; left out: the server makes one.".into();
        all.insert("id".to_owned(), id);
    }
    schema
}

/// The same as a patch: nothing is required.
fn patch<K: Kind + PartialSchema>() -> Value {
    let mut schema = said::<K>(true);
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
    schema
}

/// The same as it is answered: with id, version and times, and without nulls.
fn shown<K: Kind + PartialSchema>() -> Value {
    let mut schema = said::<K>(false);
    let mut required = vec![json!("id"), json!("version")];
    if let Some(list) = schema["required"].as_array() {
        required.extend(list.iter().cloned());
    }
    if let Some(all) = properties(&mut schema) {
        for one in all.values_mut() {
            if let Some(list) = one["type"].as_array() {
                let kinds: Vec<Value> = list.iter().filter(|kind| *kind != "null").cloned().collect();
                one["type"] = kinds.into_iter().next().unwrap_or_default();
            }
        }
        let time = |describe: &str| json!({ "type": "string", "format": "date-time", "description": describe });
        all.insert("id".to_owned(), id_schema());
        all.insert("created".to_owned(), time("When it was made."));
        all.insert("modified".to_owned(), time("When it was changed."));
        let describe = "The version: the ETag of If-Match.";
        all.insert(
            "version".to_owned(),
            json!({ "type": "string", "pattern": "^[0-9a-f]{1,16}$", "description": describe }),
        );
        if K::CLASS == rosterd_model::Class::Account {
            required.push(json!("active"));
        }
        // Other clients of the connection may have written what this interface would not take.
        for one in all.values_mut() {
            if let Some(one) = one.as_object_mut() {
                one.remove("pattern");
                one.remove("minLength");
                one.remove("maxLength");
                if let Some(items) = one.get_mut("items").and_then(Value::as_object_mut) {
                    items.remove("pattern");
                    items.remove("maxLength");
                }
            }
        }
        all.insert("id".to_owned(), json!({ "type": "string", "description": "The id." }));
        if let Some(attributes) = all.get_mut("attributes").and_then(Value::as_object_mut) {
            attributes.remove("propertyNames");
            attributes.insert(
                "additionalProperties".to_owned(),
                json!({ "anyOf": [
                { "type": "string" }, { "type": "integer" }, { "type": "boolean" },
                { "type": "array", "items": { "type": "string" } } ] }),
            );
        }
    }
    schema["required"] = required.into();
    schema
}

fn list(of: &str) -> Value {
    json!({ "type": "object", "required": ["items"], "additionalProperties": false, "properties": {
        "items": { "type": "array", "maxItems": super::object::LARGEST_PAGE,
            "items": { "$ref": format!("#/components/schemas/{of}") } },
        "next": { "type": "string", "pattern": pattern::CURSOR, "maxLength": 2048,
            "description": "Where the next page begins; left out on the last one." },
        "total": { "type": "integer", "format": "int64", "minimum": 0,
            "description": "How many there are, where that is known without looking at very many." } } })
}

/// Lines of JSON, as the list that they are.
fn lines(describe: &str, of: &str) -> Value {
    json!({ "type": "array", "description": describe, "items": { "$ref": format!("#/components/schemas/{of}") } })
}

/// All schemas of the document, by name.
pub(super) fn schemas() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut put = |name: &str, value: Value| all.push((name.to_owned(), value));
    fn of_kind<K: Kind + PartialSchema>(put: &mut dyn FnMut(&str, Value)) {
        let name = K::NAME;
        put(name, said::<K>(false));
        put(&format!("New{name}"), new::<K>());
        put(&format!("{name}Patch"), patch::<K>());
        put(&format!("{name}Shown"), shown::<K>());
        put(&format!("{name}Page"), list(&format!("{name}Shown")));
        put(&format!("New{name}Lines"), lines("Lines of JSON, each of at most 256 KiB.", &format!("New{name}")));
        put(&format!("{name}Lines"), lines("Lines of JSON.", &format!("{name}Shown")));
    }
    of_kind::<Account>(&mut put);
    of_kind::<OrgUnit>(&mut put);
    of_kind::<Group>(&mut put);
    put("Outcomes", lines("Lines of JSON, in the order of the request.", "Outcome"));
    for (name, value) in [
        (Outcome::name(), base::<Outcome>()),
        (Member::name(), base::<Member>()),
        (MemberKind::name(), base::<MemberKind>()),
        (Members::name(), base::<Members>()),
        (MemberPage::name(), base::<MemberPage>()),
        (Problem::name(), base::<Problem>()),
        (Finding::name(), base::<Finding>()),
        (HubPage::name(), base::<HubPage>()),
        (HubChange::name(), base::<HubChange>()),
        (HubChanges::name(), base::<HubChanges>()),
    ] {
        put(&name, value);
    }
    let mut object = base::<HubObject>();
    object["properties"]["attributes"] = json!({ "type": "object",
        "additionalProperties": { "$ref": "#/components/schemas/HubValue" },
        "description": "Attributes by the hub's names." });
    put("HubObject", object);
    put("HubValue", value_schema());
    put(
        "Document",
        json!({ "type": "object", "required": ["openapi", "info"], "properties": {
        "openapi": { "type": "string" },
        "info": { "type": "object", "required": ["title"], "properties": { "title": { "type": "string" } } } } }),
    );
    all.extend(super::compatible::schemas());
    all
}

/// Shapes call patterns by name, because an attribute can not name a constant.
pub(super) fn named_patterns(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("pattern") {
                let known = match text.as_str() {
                    "ID" => pattern::ID,
                    "NAME" => pattern::NAME,
                    "TEXT" => pattern::TEXT,
                    "WORDS" => pattern::WORDS,
                    "EMAIL" => pattern::EMAIL,
                    "PHONE" => pattern::PHONE,
                    "CURSOR" => pattern::CURSOR,
                    "OWN" => pattern::OWN,
                    other => other,
                };
                *text = known.to_owned();
            }
            map.values_mut().for_each(named_patterns);
        }
        Value::Array(list) => list.iter_mut().for_each(named_patterns),
        _ => {}
    }
}
