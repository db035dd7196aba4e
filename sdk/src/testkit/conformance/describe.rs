//! What every connector answers.

use super::{check, json_object, must, open};
use crate::Connector;
use crate::testkit::World;
use serde_json::{Map, Value};

/// Checks `describe`, `check` and `discover` of a connector in this world.
pub fn connector<T: Connector>(world: impl Fn() -> World) {
    let description = description::<T>();
    let _world = world().enter();
    let probes = must(open::<T>().check(), "check");
    for probe in &probes {
        check(!probe.name.is_empty() && !probe.message.is_empty(), "a probe has a name and a message", || {
            format!("{probe:?}")
        });
        check(probe.ok || probe.remedy.is_some(), "a probe that fails says what to do", || format!("{probe:?}"));
    }
    let discovered = json_object(&must(open::<T>().discover(), "discover"), "the answer of discover");
    let classes = discovered.get("classes").and_then(Value::as_object);
    check(classes.is_some(), "discover has classes", || format!("{discovered:?}"));
    for (class, found) in classes.into_iter().flatten() {
        check(description["classes"].get(class).is_some(), "discover names classes of describe only", || class.clone());
        attributes(found);
    }
}

/// The description, checked against what wit/v0.1/describe.schema.json asks for.
pub(super) fn description<T: Connector>() -> Map<String, Value> {
    let description = json_object(&T::describe().to_json(), "the answer of describe");
    for member in ["name", "version", "title"] {
        let there = description.get(member).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        check(there, &format!("describe has a {member}"), || format!("{description:?}"));
    }
    let roles: Vec<&str> =
        description.get("roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    check(!roles.is_empty(), "describe names at least one role", || format!("{description:?}"));
    let has = |member: &str| description.contains_key(member);
    if roles.contains(&"source") {
        check(has("delta") && has("resume-stable"), "a source states delta and resume-stable", || roles.join(" "));
    }
    if roles.contains(&"destination") {
        check(has("maximum-batch") && has("receipts"), "a destination states maximum-batch and receipts", || {
            roles.join(" ")
        });
    }
    let classes = description.get("classes").and_then(Value::as_object);
    check(classes.is_some_and(|classes| !classes.is_empty()), "describe names at least one class", || {
        format!("{description:?}")
    });
    for (class, said) in classes.into_iter().flatten() {
        check(["account", "org-unit", "group"].contains(&class.as_str()), "a class of the contract", || class.clone());
        let id = said["id"].as_str().unwrap_or_default();
        check(["immutable", "mutable"].contains(&id), "a class says whether its id can change", || said.to_string());
        attributes(said);
    }
    description
}

fn attributes(class: &Value) {
    let mut names = Vec::new();
    check(class["attributes"].is_array(), "a class has attributes", || class.to_string());
    for attribute in class["attributes"].as_array().into_iter().flatten() {
        let name = attribute["name"].as_str().unwrap_or_default();
        check(!name.is_empty() && !names.contains(&name), "attributes have names, each once", || attribute.to_string());
        names.push(name);
        let kind = attribute["type"].as_str().unwrap_or_default();
        let kinds = ["text", "integer", "decimal", "boolean", "time", "binary", "reference", "object"];
        check(kinds.contains(&kind), "an attribute has a type of the schema", || attribute.to_string());
        let refers = attribute["references"].as_array().is_some_and(|classes| !classes.is_empty());
        check(kind != "reference" || refers, "a reference says to which classes", || attribute.to_string());
    }
}
