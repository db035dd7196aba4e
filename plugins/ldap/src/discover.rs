//! What this server has: attributes of people, org units and groups as its schema describes them.

use crate::filter;
use crate::link::Link;
use crate::message::{Entry, Scope, Search};
use crate::preset;
use crate::root::Root;
use crate::schema::Schema;
use crate::settings::{SECRET, Settings};
use rosterd_sdk::{Class, Describe, Fault};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What stands in every answer, whatever the schema says.
const ALWAYS: [&str; 4] = ["dn", "orgUnit", "parent", "disabled"];
const CLASSES: [Class; 3] = [Class::Account, Class::OrgUnit, Class::Group];

/// The answer (`discover.schema.json`); `described` says what can be read of any server.
///
/// # Errors
/// What keeps the server from answering.
pub fn discover(settings: &Settings, described: &Describe) -> Result<String, Fault> {
    let mut link = Link::open(settings)?;
    let root = Root::read(&mut link)?;
    let (schema, why) = match read(&mut link, &root)? {
        Some(entry) => (of(&entry), "the server's administrator lets the account of bind-dn read the schema"),
        None => (Schema::default(), "the server names no schema"),
    };
    link.close();
    let mut warnings = Vec::new();
    if schema.is_empty() {
        let text = "the schema can not be read: what the connector knows is shown, and not what this server has";
        warnings.push(json!({ "message": text, "remedy": why }));
    }
    let described: Value =
        serde_json::from_str(&described.to_json()).map_err(|error| Fault::internal(error.to_string()))?;
    let one = |class: Class| {
        let named = described["classes"][class.as_str()]["attributes"].as_array();
        (class.as_str().to_owned(), of_class(settings, &schema, class, named.map_or(&[][..], Vec::as_slice)))
    };
    let classes: Map<String, Value> = CLASSES.into_iter().map(one).collect();
    let said = |name: &str| root.values(name).collect::<Vec<_>>().join(", ");
    let server = json!({
        "vendor": said("vendorName"), "version": said("vendorVersion"), "naming-contexts": said("namingContexts"),
    });
    Ok(json!({ "classes": classes, "server": server, "warnings": warnings }).to_string())
}

fn read(link: &mut Link, root: &Root) -> Result<Option<Entry>, Fault> {
    let Some(place) = root.values("subschemaSubentry").next() else { return Ok(None) };
    let found = link.search(&Search {
        base: place,
        scope: Scope::Base,
        most: 0,
        filter: &filter::present("objectClass"),
        attributes: &["attributeTypes", "objectClasses", "dITContentRules"].map(str::to_owned),
        types_only: false,
        controls: &[],
    })?;
    // One that hides its schema still has people.
    Ok(Some(found.entries.into_iter().next().unwrap_or_default()))
}

fn of(entry: &Entry) -> Schema {
    let values = |name: &'static str| {
        let own = entry.attributes.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
        own.flat_map(|(_, values)| values).filter_map(|value| str::from_utf8(value).ok())
    };
    Schema::new(values("attributeTypes"), values("objectClasses"), values("dITContentRules"))
}

/// First what is read without a word of the operator, then what is read once the setting `attributes` names it.
fn of_class(settings: &Settings, schema: &Schema, class: Class, named: &[Value]) -> Value {
    let allowed = schema.allowed(&settings.classes(class));
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for attribute in named {
        let name = attribute["name"].as_str().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        let ad_only = matches!(name, "disabled" | preset::EXPIRES) && !settings.preset.is_ad();
        let known = ALWAYS.contains(&name) || schema.is_empty() || allowed.contains_key(&lower);
        if ad_only || !known {
            continue;
        }
        let mut value = attribute.clone();
        if let (Some(allowed), Some(members)) = (allowed.get(&lower), value.as_object_mut()) {
            members.insert("required".to_owned(), allowed.required.into());
            members.insert("writable".to_owned(), allowed.writable.into());
        }
        seen.insert(lower);
        all.push(value);
    }
    for (lower, one) in &allowed {
        if one.binary || seen.contains(lower) || SECRET.contains(&lower.as_str()) || lower == "objectclass" {
            continue;
        }
        let read = settings.attributes.iter().any(|name| name.eq_ignore_ascii_case(lower));
        let how =
            if read { "read, as the setting attributes says" } else { "read once the setting attributes names it" };
        all.push(json!({
            "name": one.name, "type": "text", "multi": one.multi, "required": one.required, "writable": one.writable,
            "description": how,
        }));
    }
    json!({ "attributes": all })
}
