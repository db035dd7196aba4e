//! What the hub knows afterwards.

use super::{json, number, same, table, texts};
use crate::stage::{Stage, text};
use rosterd_model::quarantine::QuarantineCase;
use rosterd_model::{Class, Entity, Value as Attribute};
use rosterd_reconcile::normalise::value_to_json;
use rosterd_store::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// Open cases, by connection and id of the object.
pub(crate) fn cases(stage: &Stage) -> Result<Vec<(String, QuarantineCase)>, String> {
    let view = stage.view()?;
    let mut found = Vec::new();
    let names: BTreeSet<String> = stage.world.names().into_iter().chain(["hub".to_owned()]).collect();
    for name in names {
        let Ok(connection) = name.parse() else { continue };
        let Some(number) = view.connection_number(&connection).map_err(text)? else { continue };
        for case in view.cases(number).map_err(text)? {
            let case = case.map_err(text)?;
            let id = case.id.as_ref().map_or("", |id| id.as_str());
            let id = if name == "hub" { by_name(stage, id)? } else { id.to_owned() };
            found.push((format!("{name} {id}"), case));
        }
    }
    Ok(found)
}

/// A case of a rule, `engineering/ID`, with the name of the account.
fn by_name(stage: &Stage, id: &str) -> Result<String, String> {
    let Some((rule, account)) = id.split_once('/') else { return Ok(id.to_owned()) };
    let accounts = all(stage, Class::Account)?;
    let found = accounts.iter().find(|one| one.id.to_string() == account).map(name);
    Ok(format!("{rule}/{}", found.unwrap_or_else(|| account.to_owned())))
}

/// `cases = { "hr 7" = "ambiguous" }`: all open cases; words of the sentence may stand behind the reason.
pub(super) fn cases_are(stage: &Stage, expected: &Value) -> Result<(), String> {
    let found: BTreeMap<String, String> =
        cases(stage)?.into_iter().map(|(key, case)| (key, format!("{} {}", case.reason, case.message))).collect();
    let expected = table(expected)?;
    let extra: Vec<_> = found.iter().filter(|(key, _)| !expected.contains_key(*key)).collect();
    if !extra.is_empty() {
        return Err(format!("nobody expects {extra:?}"));
    }
    for (key, words) in expected {
        let said = found.get(key).ok_or_else(|| format!("there is no case of {key}; there are {found:?}"))?;
        let words = words.as_str().ok_or("a case is a text")?;
        let (reason, rest) = words.split_once(' ').unwrap_or((words, ""));
        if !said.starts_with(&format!("{reason} ")) || !said.contains(rest) {
            return Err(format!("{key}: {said}"));
        }
    }
    Ok(())
}

fn all(stage: &Stage, class: Class) -> Result<Vec<Entity>, String> {
    stage.view()?.entities(class, None).map_err(text)?.map(|entity| entity.map_err(text)).collect()
}

fn name(entity: &Entity) -> String {
    let attribute = if entity.class == Class::Account { "userName" } else { "displayName" };
    entity.attributes.get(attribute).map_or_else(String::new, |value| value.to_text().to_string())
}

/// `accounts = 100`, or `accounts = { ann = { lifecycle = "active", title = "Boss" }, bob = false }`. The text `null` is
/// an attribute that is empty or not there.
pub(super) fn entities(stage: &Stage, class: Class, expected: &Value) -> Result<(), String> {
    let entities = all(stage, class)?;
    if expected.is_integer() {
        return same(&(entities.len() as u64), &number(expected)?);
    }
    for (wanted, said) in table(expected)? {
        let mut named = entities.iter().filter(|entity| name(entity) == *wanted);
        let entity = match (named.next(), said) {
            (None, Value::Boolean(false)) => continue,
            (Some(entity), Value::Table(_)) => entity,
            (found, _) => return Err(format!("{wanted}: it is {found:?}")),
        };
        if named.next().is_some() {
            return Err(format!("there are several called {wanted}"));
        }
        for (attribute, value) in table(said)? {
            attribute_is(entity, attribute, value).map_err(|text| format!("{wanted}: {text}"))?;
        }
    }
    Ok(())
}

/// `members = { Team = ["ann", "bob"] }`: who is in a group that follows a rule, by name.
pub(super) fn members(stage: &Stage, expected: &Value) -> Result<(), String> {
    let (accounts, groups) = (all(stage, Class::Account)?, all(stage, Class::Group)?);
    for (wanted, names) in table(expected)? {
        let group =
            groups.iter().find(|group| name(group) == *wanted).ok_or_else(|| format!("there is no {wanted}"))?;
        let Some(Attribute::List(members)) = group.attributes.get("members") else {
            return Err(format!("{wanted} has no members"));
        };
        let called = |member: &Attribute| {
            let id = match member {
                Attribute::Reference { id, .. } => id.to_string(),
                other => other.to_string(),
            };
            accounts.iter().find(|account| account.id.to_string() == id).map_or(id, name)
        };
        let mut found: Vec<String> = members.iter().map(called).collect();
        found.sort();
        same(&found, &texts(names)?).map_err(|text| format!("{wanted}: {text}"))?;
    }
    Ok(())
}

fn attribute_is(entity: &Entity, attribute: &str, expected: &Value) -> Result<(), String> {
    if attribute == "lifecycle" {
        let found = entity.lifecycle.as_str();
        return if expected.as_str() == Some(found) { Ok(()) } else { Err(format!("it is {:?}", entity.lifecycle)) };
    }
    let found = entity.attributes.get(attribute);
    if expected.as_str() == Some("null") {
        let empty = found.is_none_or(Attribute::is_empty);
        return if empty { Ok(()) } else { Err(format!("{attribute} is {found:?}")) };
    }
    let found = found.map_or(serde_json::Value::Null, value_to_json);
    if found == json(expected) { Ok(()) } else { Err(format!("{attribute} is {found}, and not {expected}")) }
}

/// `active = 99`: accounts that are usable.
pub(super) fn active(stage: &Stage, expected: &Value) -> Result<(), String> {
    let active = all(stage, Class::Account)?.iter().filter(|entity| entity.lifecycle.is_active()).count();
    same(&(active as u64), &number(expected)?)
}

/// `links = { ann = ["ad 17", "hr 1"] }`: the objects that speak of an account.
pub(super) fn links(stage: &Stage, expected: &Value) -> Result<(), String> {
    let (view, entities) = (stage.view()?, all(stage, Class::Account)?);
    for (wanted, links) in table(expected)? {
        let entity = entities.iter().find(|entity| name(entity) == *wanted);
        let entity = entity.ok_or_else(|| format!("there is no {wanted}"))?;
        let mut found = Vec::new();
        for (number, claims) in view.claims_of(entity.id).map_err(text)? {
            let live = view.link(number, claims.class, claims.ordinal).map_err(text)?;
            if live.is_some_and(|link| link.live && link.entity == entity.id) {
                let connection = view.connection_name(number).map_err(text)?.ok_or("a connection has a name")?;
                found.push(format!("{connection} {}", claims.external_id));
            }
        }
        found.sort();
        same(&found, &texts(links)?).map_err(|text| format!("{wanted}: {text}"))?;
    }
    Ok(())
}

/// `claims = { "ad ann" = ["emails.work"] }`: the attributes of an account that a connection claims.
pub(super) fn claims(stage: &Stage, expected: &Value) -> Result<(), String> {
    let (view, entities) = (stage.view()?, all(stage, Class::Account)?);
    for (wanted, attributes) in table(expected)? {
        let (connection, account) = wanted.split_once(' ').ok_or("claims are named \"CONNECTION ACCOUNT\"")?;
        let entity = entities.iter().find(|entity| name(entity) == account);
        let entity = entity.ok_or_else(|| format!("there is no {account}"))?;
        let number = view.connection_number(&connection.parse().map_err(text)?).map_err(text)?;
        let number = number.ok_or_else(|| format!("{connection} was never used"))?;
        let set = view.claims(entity.id, number).map_err(text)?;
        let mut found: Vec<String> =
            set.iter().flat_map(|set| &set.entries).map(|entry| entry.attribute.to_string()).collect();
        found.sort();
        same(&found, &texts(attributes)?).map_err(|text| format!("{wanted}: {text}"))?;
    }
    Ok(())
}

/// `unchanged = true`: the step wrote nothing but its own record.
pub(super) fn unchanged(stage: &Stage) -> Result<(), String> {
    if stage.digest()? == stage.before { Ok(()) } else { Err("the store changed".to_owned()) }
}

/// `nowhere = ["Xaverius"]`: no row of the store holds these words, in its key or in its value.
pub(super) fn nowhere(stage: &Stage, expected: &Value) -> Result<(), String> {
    let found = rosterd_store::erase::mentions(&stage.view()?, &texts(expected)?).map_err(text)?;
    if found.is_empty() { Ok(()) } else { Err(format!("it stands in {found:?}")) }
}
