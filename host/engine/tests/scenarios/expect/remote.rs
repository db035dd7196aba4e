//! What other systems were asked for, and what is there now.

use super::{json, number, same, table, texts};
use crate::stage::{Stage, text};
use rosterd_engine::testing::{Object, Sent};
use rosterd_model::Class;
use rosterd_model::outbox::{DeliveryState, OutboxEntry};
use rosterd_model::port::ScanStart;
use rosterd_store::prelude::*;
use std::collections::BTreeMap;
use toml::Value;

/// `sent = ["app create ann", "app create *30"]`: everything that was asked since somebody looked, in this order;
/// `*30` stands for thirty such operations, whoever they are about.
pub(super) fn sent(stage: &mut Stage, expected: &Value) -> Result<(), String> {
    stage.watches = true;
    let sent = std::mem::take(&mut stage.sent);
    let said: Vec<String> = sent.iter().map(ToString::to_string).collect();
    let mut rest = sent.iter().peekable();
    for words in texts(expected)? {
        let (head, times) = match words.rsplit_once(" *") {
            Some((head, times)) => (head, times.parse::<u64>().map_err(|_| format!("{words} has no number"))?),
            None => (words.as_str(), 1),
        };
        for _ in 0..times {
            let next =
                rest.next().ok_or_else(|| format!("nothing more was sent for \"{words}\"; sent was {said:?}"))?;
            let fits = if times > 1 || words.contains(" *") { begins(next, head) } else { next.to_string() == words };
            if !fits {
                return Err(format!("{next} was sent, and not \"{words}\"; all: {said:?}"));
            }
        }
    }
    let left: Vec<String> = rest.map(ToString::to_string).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("nobody expects {left:?}")) }
}

fn begins(sent: &Sent, head: &str) -> bool {
    sent.to_string().starts_with(&format!("{head} "))
}

/// `there.app = { ann = { active = true, title = "Boss" }, bob = false }`, or `there.app = 30`.
pub(super) fn there(stage: &Stage, expected: &Value) -> Result<(), String> {
    for (name, said) in table(expected)? {
        let accounts: Vec<(String, Object)> = stage.world.with(name, |system| {
            let accounts = system.objects.iter().filter(|((class, _), _)| *class == Class::Account);
            accounts.map(|((_, id), object)| (object.name(id), object.clone())).collect()
        });
        if said.is_integer() {
            same(&(accounts.len() as u64), &number(said)?)?;
            continue;
        }
        for (wanted, attributes) in table(said)? {
            let mut named = accounts.iter().filter(|(called, _)| called == wanted);
            let object = match (named.next(), attributes) {
                (None, Value::Boolean(false)) => continue,
                (Some((_, object)), Value::Table(_)) => object,
                (found, _) => return Err(format!("{name} {wanted}: it is {found:?}")),
            };
            if named.next().is_some() {
                return Err(format!("{name} has several called {wanted}"));
            }
            for (attribute, value) in table(attributes)? {
                object_is(object, attribute, value).map_err(|text| format!("{name} {wanted}: {text}"))?;
            }
        }
    }
    Ok(())
}

fn object_is(object: &Object, attribute: &str, expected: &Value) -> Result<(), String> {
    if attribute == "active" {
        let same = expected.as_bool() == Some(object.active);
        return if same { Ok(()) } else { Err(format!("active is {}", object.active)) };
    }
    let found = object.attributes.get(attribute);
    let wanted = Some(json(expected)).filter(|value| value.as_str() != Some("null"));
    if found == wanted.as_ref() { Ok(()) } else { Err(format!("{attribute} is {found:?}, and not {expected}")) }
}

/// All entries of configured destinations, by destination and name of the object.
pub(crate) fn entries(stage: &Stage) -> Result<Vec<(String, OutboxEntry)>, String> {
    let view = stage.view()?;
    let mut found = Vec::new();
    for delivery in &stage.engine.policy.deliveries {
        let Some(number) = view.connection_number(&delivery.destination).map_err(text)? else { continue };
        for entry in view.outbox(number).map_err(text)? {
            let entry = entry.map_err(text)?;
            let entity = view.entity(entry.class, entry.entity).map_err(text)?.ok_or("an entry has an entity")?;
            let attribute = if entry.class == Class::Account { "userName" } else { "displayName" };
            let name = entity.attributes.get(attribute).map_or_else(String::new, |value| value.to_text().to_string());
            found.push((format!("{} {name}", delivery.destination), entry));
        }
    }
    Ok(found)
}

/// `outbox = { "app ann" = "retry" }`: all entries: `waiting`, `retry`, `blocked` or `parked`.
pub(super) fn outbox(stage: &Stage, expected: &Value) -> Result<(), String> {
    let word = |state: &DeliveryState| match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Retry { .. } => "retry",
        DeliveryState::Blocked { .. } => "blocked",
        DeliveryState::Parked { .. } => "parked",
    };
    let entries = entries(stage)?.into_iter();
    let found: BTreeMap<String, String> = entries.map(|(name, entry)| (name, word(&entry.state).to_owned())).collect();
    let wanted = table(expected)?.iter().map(|(key, state)| (key.clone(), state.as_str().unwrap_or("?").to_owned()));
    same(&found, &wanted.collect())
}

/// `opened = { hr = ["full", "since c1"] }`: scans that were begun since somebody looked.
pub(super) fn opened(stage: &Stage, expected: &Value) -> Result<(), String> {
    for (name, starts) in table(expected)? {
        let opened = stage.world.with(name, |system| std::mem::take(&mut system.shown.opened));
        let said = opened.into_iter().map(|start| match start {
            ScanStart::Full => "full".to_owned(),
            ScanStart::Resume(token) => format!("resume {token}"),
            ScanStart::Since(cursor) => format!("since {cursor}"),
        });
        same(&said.collect::<Vec<_>>(), &texts(starts)?).map_err(|text| format!("{name}: {text}"))?;
    }
    Ok(())
}

/// `read = { hr = ["account 7"] }`: objects that were read by themselves since somebody looked.
pub(super) fn read(stage: &Stage, expected: &Value) -> Result<(), String> {
    for (name, objects) in table(expected)? {
        let read = stage.world.with(name, |system| std::mem::take(&mut system.shown.read));
        let said: Vec<String> = read.into_iter().map(|(class, id)| format!("{class} {id}")).collect();
        same(&said, &texts(objects)?).map_err(|text| format!("{name}: {text}"))?;
    }
    Ok(())
}
