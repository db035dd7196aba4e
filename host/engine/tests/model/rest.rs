//! At the end of a history everything is mended, time passes, a person approves what waits, and the hub must come to what
//! the reference says.

use crate::company::{Company, Person};
use crate::events::{Mode, apply, run_ad, run_hr};
use crate::game::{Choice, Game};
use crate::invariant::{Before, accounts, check};
use rosterd_engine::testing::{Object, World};
use rosterd_model::{Entity, Value};
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use std::collections::BTreeMap;

/// Rounds of a day until nothing moves any more; more than this is not coming to rest.
const ROUNDS: usize = 12;

/// Lets the hub come to rest, and compares.
pub(crate) async fn rest(game: &mut Game, before: &mut Before) -> Result<(), String> {
    game.note("rest");
    for name in ["app", "mail"] {
        game.world.with(name, |system| system.trouble.clear());
    }
    let mut last = String::new();
    for _ in 0..ROUNDS {
        game.wait(25);
        round(game, before).await?;
        match difference(game) {
            Ok(()) => return Ok(()),
            Err(text) => last = text,
        }
    }
    Err(format!("it never came to rest: {last}"))
}

async fn round(game: &mut Game, before: &mut Before) -> Result<(), String> {
    game.plan = None;
    run_hr(game, Mode { mortal: false, ..Mode::default() }).await;
    check(game, before)?;
    release(game, before).await?;
    game.plan = None;
    run_ad(game).await;
    check(game, before)?;
    release(game, before).await
}

/// A person approves whatever waits.
async fn release(game: &mut Game, before: &mut Before) -> Result<(), String> {
    let Some(digest) = game.plan.clone() else { return Ok(()) };
    crate::events::approve(game).await;
    let state = game.view().plan_of_prefix(&digest).unwrap().map(|plan| plan.state);
    if state == Some(rosterd_model::plan::PlanState::Ready) {
        apply(game).await;
    }
    check(game, before)
}

fn difference(game: &Game) -> Result<(), String> {
    compare(&game.view(), &game.company, &game.world, game.choice)
}

/// Compares hub and destinations with the reference.
pub(crate) fn compare(view: &Snapshot, company: &Company, world: &World, choice: Choice) -> Result<(), String> {
    let accounts = accounts(view)?;
    let remote = ["app", "mail"].map(|name| (name, by_number(world, name)));
    for (number, person) in &company.people {
        let Some(entity) = accounts.get(number) else {
            if person.listed {
                return Err(format!("person {number} is listed and not in the hub"));
            }
            continue;
        };
        hub(number, person, entity)?;
        for (name, objects) in &remote {
            there(objects, choice, name, *number, person)?;
        }
    }
    Ok(())
}

fn by_number(world: &World, name: &str) -> BTreeMap<String, Object> {
    world.with(name, |system| {
        let number =
            |object: &Object| object.attributes.get("number").and_then(|text| text.as_str()).unwrap_or("").to_owned();
        system.objects.values().map(|object| (number(object), object.clone())).collect()
    })
}

fn hub(number: &u32, person: &Person, entity: &Entity) -> Result<(), String> {
    let works = person.listed && !person.left;
    if entity.lifecycle.is_active() != works {
        return Err(format!("person {number} is {:?}; works here: {works}", entity.lifecycle));
    }
    if !person.listed {
        return Ok(());
    }
    for (attribute, wanted) in [("userName", &person.user), ("displayName", &person.name), ("title", &person.title)] {
        let found = entity.attributes.get(attribute).and_then(Value::as_text);
        if found != Some(wanted.as_str()) {
            return Err(format!("person {number}: {attribute} is {found:?}, and not {wanted}"));
        }
    }
    let mobile = entity.attributes.get("mobile").and_then(Value::as_text);
    if mobile != person.mobile.as_deref() {
        return Err(format!("person {number}: mobile is {mobile:?}, and not {:?}", person.mobile));
    }
    Ok(())
}

fn there(
    objects: &BTreeMap<String, Object>,
    choice: Choice,
    name: &str,
    number: u32,
    person: &Person,
) -> Result<(), String> {
    let found = objects.get(&number.to_string());
    let works = person.listed && !person.left;
    let Some(object) = found else {
        return if works { Err(format!("person {number} is not at {name}")) } else { Ok(()) };
    };
    if object.active != works {
        return Err(format!("person {number} at {name}: active is {}", object.active));
    }
    if !works {
        return Ok(());
    }
    let mut wanted = BTreeMap::from([("login", person.user.clone())]);
    if name == "app" {
        let shown = if choice.capitals { person.name.to_uppercase() } else { person.name.clone() };
        wanted.insert("name", shown);
        if choice.titles {
            wanted.insert("title", person.title.clone());
        }
    } else if let Some(mobile) = &person.mobile {
        wanted.insert("mobile", mobile.clone());
    }
    for (attribute, value) in wanted {
        let found = object.attributes.get(attribute).and_then(serde_json::Value::as_str);
        if found != Some(value.as_str()) {
            return Err(format!("person {number} at {name}: {attribute} is {found:?}, and not {value}"));
        }
    }
    Ok(())
}
