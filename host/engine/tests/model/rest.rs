//! At the end of a history everything is mended, time passes, a person approves what waits, and the hub must come to what
//! the reference says.

use crate::company::{Company, Person, nick, unit_id};
use crate::events::{apply, approve};
use crate::game::{Choice, Game};
use crate::hands::{Differences, Hands, found, number_at};
use crate::invariant::{Before, accounts, check, units};
use crate::shows::{Mode, run_ad, run_hr};
use rosterd_engine::resolve::Verb;
use rosterd_engine::testing::{Object, World};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::{Class, Entity, Value};
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
        match compare(&game.view(), &game.company, &game.world, game.choice, &game.hands) {
            Ok([app, mail]) => {
                found(game, "app", &app).await?;
                return found(game, "mail", &mail).await;
            }
            Err(text) => last = text,
        }
    }
    for line in left(game) {
        game.note(line);
    }
    Err(format!("it never came to rest: {last}"))
}

/// What still waits, for whoever looks at a failure.
fn left(game: &Game) -> Vec<String> {
    let (view, mut lines) = (game.view(), Vec::new());
    for name in ["app", "mail", "hr", "ad"] {
        let Some(number) = view.connection_number(&name.parse().unwrap()).unwrap() else { continue };
        for entry in view.outbox(number).unwrap() {
            let entry = entry.unwrap();
            let known = view.projection(number, entry.class, entry.entity).unwrap();
            let entity = view.entity(entry.class, entry.entity).unwrap();
            lines.push(format!("{name}: {entry:?}\n    known {known:?}\n    entity {entity:?}"));
        }
        lines.extend(view.cases(number).unwrap().map(|case| format!("{name}: {:?}", case.unwrap())));
    }
    lines
}

async fn round(game: &mut Game, before: &mut Before) -> Result<(), String> {
    mend(game);
    game.plan = None;
    run_hr(game, Mode { mortal: false, ..Mode::default() }).await;
    check(game, before)?;
    release(game, before).await?;
    game.plan = None;
    run_ad(game).await;
    check(game, before)?;
    release(game, before).await
}

/// An operator looks at what was left alone, and tries again what was parked.
fn mend(game: &mut Game) {
    for name in ["app", "mail"] {
        let connection = name.parse().unwrap();
        let frozen = game.engine.release_frozen(&connection).unwrap_or(0);
        if frozen > 0 {
            game.counts.add("frozen", name);
        }
        // Where the breaker is open, the remote system works again. That there is nothing to try again is no mistake.
        let _ = game.engine.resume(Some(name));
        let _ = game.engine.outbox_retry_all(Some(name));
    }
    resolve(game);
}

/// Whoever came back under another name is the same in this company, and a person says so.
fn resolve(game: &mut Game) {
    let view = game.view();
    let Some(number) = view.connection_number(&"hr".parse().unwrap()).unwrap() else { return };
    for case in view.cases(number).unwrap() {
        let case = case.unwrap();
        if let (QuarantineReason::Returning, Some(entity)) = (case.reason, case.candidates.first()) {
            game.engine.resolve(case.number, &Verb::Link(entity.to_string())).unwrap();
            game.note(format!("  case {} is resolved", case.number));
        }
    }
}

/// A person approves whatever waits.
async fn release(game: &mut Game, before: &mut Before) -> Result<(), String> {
    let Some(digest) = game.plan.clone() else { return Ok(()) };
    approve(game).await;
    let state = game.view().plan_of_prefix(&digest).unwrap().map(|plan| plan.state);
    if state == Some(rosterd_model::plan::PlanState::Ready) {
        apply(game).await;
    }
    check(game, before)
}

/// Compares hub and destinations with the reference. Gives what differs at the application and at the mail system where
/// people changed something by hand; any other difference is an error.
pub(crate) fn compare(
    view: &Snapshot,
    company: &Company,
    world: &World,
    choice: Choice,
    hands: &Hands,
) -> Result<[Differences; 2], String> {
    let (accounts, units) = (accounts(view)?, units(view)?);
    for (number, unit) in &company.units {
        let Some(entity) = units.get(number) else {
            if unit.listed {
                return Err(format!("unit {number} is listed and not in the hub"));
            }
            continue;
        };
        if !unit.listed {
            return Err(format!("unit {number} was closed and is still in the hub"));
        }
        let parent = unit.parent.map(unit_id);
        if text(entity, "displayName") != Some(&unit.name) || reference(entity, "parent") != parent.as_deref() {
            return Err(format!("unit {number} is {:?}, and not {unit:?}", entity.attributes));
        }
    }
    let remote = ["app", "mail"].map(|name| Remote::of(world, name));
    remote[0].units(company)?;
    let mut differences = [Differences::new(), Differences::new()];
    for (number, person) in &company.people {
        let Some(entity) = accounts.get(number) else {
            if person.listed {
                return Err(format!("person {number} is listed and not in the hub"));
            }
            continue;
        };
        hub(*number, person, entity, choice)?;
        for (remote, differences) in remote.iter().zip(&mut differences) {
            let hand = hands.get(&(remote.name.to_owned(), *number));
            for (attribute, because) in remote.differs(choice, *number, person) {
                let hand_made = hand.is_some_and(|hand| match attribute.as_str() {
                    "gone" => hand.removed,
                    "active" => hand.usable || hand.removed,
                    other => hand.attributes.contains(other),
                });
                if !hand_made {
                    return Err(because);
                }
                if person.listed && !person.left {
                    differences.entry(*number).or_default().insert(attribute);
                }
            }
        }
    }
    Ok(differences)
}

fn text<'a>(entity: &'a Entity, attribute: &str) -> Option<&'a str> {
    entity.attributes.get(attribute).and_then(Value::as_text)
}

fn reference<'a>(entity: &'a Entity, attribute: &str) -> Option<&'a str> {
    match entity.attributes.get(attribute) {
        Some(Value::Reference { id, .. }) => Some(id.as_str()),
        _ => None,
    }
}

fn called(number: u32, person: &Person, choice: Choice) -> String {
    if choice.nicks && person.mobile.is_some() { nick(number) } else { person.name.clone() }
}

fn hub(number: u32, person: &Person, entity: &Entity, choice: Choice) -> Result<(), String> {
    let works = person.listed && !person.left;
    if entity.lifecycle.is_active() != works {
        return Err(format!("person {number} is {:?}; works here: {works}", entity.lifecycle));
    }
    if !person.listed {
        return Ok(());
    }
    let name = called(number, person, choice);
    for (attribute, wanted) in [("userName", &person.user), ("displayName", &name), ("title", &person.title)] {
        let found = text(entity, attribute);
        if found != Some(wanted.as_str()) {
            return Err(format!("person {number} : {attribute} is {found:?}, and not {wanted}"));
        }
    }
    let (unit, found) = (unit_id(person.unit), reference(entity, "orgUnit"));
    if found != Some(unit.as_str()) {
        return Err(format!("person {number} : the unit is {found:?}, and not {unit}"));
    }
    let mobile = text(entity, "mobile");
    if mobile != person.mobile.as_deref() {
        return Err(format!("person {number} : mobile is {mobile:?}, and not {:?}", person.mobile));
    }
    Ok(())
}

/// A destination as it is.
struct Remote {
    name: &'static str,
    accounts: BTreeMap<u32, Object>,
    /// Units with their ids there.
    units: BTreeMap<u32, (String, Object)>,
}

impl Remote {
    fn of(world: &World, name: &'static str) -> Self {
        let (mut accounts, mut units) = (BTreeMap::new(), BTreeMap::new());
        world.with(name, |system| {
            for ((class, id), object) in &system.objects {
                let Some(number) = number_at(&object.attributes) else { continue };
                if *class == Class::Account {
                    accounts.insert(number, object.clone());
                } else {
                    units.insert(number, (id.clone(), object.clone()));
                }
            }
        });
        Self { name, accounts, units }
    }

    /// True if an attribute refers to the object of this unit.
    fn refers(&self, object: &Object, attribute: &str, unit: Option<u32>) -> bool {
        let found = object.attributes.get(attribute).and_then(|value| value.get("id")).and_then(|id| id.as_str());
        found == unit.and_then(|unit| self.units.get(&unit)).map(|(id, _)| id.as_str())
    }

    fn units(&self, company: &Company) -> Result<(), String> {
        for (number, unit) in company.units.iter().filter(|(_, unit)| unit.listed) {
            let Some((_, object)) = self.units.get(number) else {
                return Err(format!("unit {number} is not at {}", self.name));
            };
            let name = object.attributes.get("name").and_then(|name| name.as_str());
            if name != Some(unit.name.as_str()) || !self.refers(object, "parent", unit.parent) {
                return Err(format!("unit {number} at {} is {:?}, and not {unit:?}", self.name, object.attributes));
            }
        }
        Ok(())
    }

    /// What differs of a person, and how.
    fn differs(&self, choice: Choice, number: u32, person: &Person) -> Vec<(String, String)> {
        let (name, works) = (self.name, person.listed && !person.left);
        let Some(object) = self.accounts.get(&number) else {
            let gone = ("gone".to_owned(), format!("person {number} is not at {name}"));
            return Some(gone).filter(|_| works).into_iter().collect();
        };
        let mut differs = Vec::new();
        if object.active != works {
            differs.push(("active".to_owned(), format!("person {number} at {name}: active is {}", object.active)));
        }
        if !works {
            return differs;
        }
        let mut wanted = BTreeMap::from([("login", person.user.clone())]);
        if name == "app" {
            let shown = called(number, person, choice);
            wanted.insert("name", if choice.capitals { shown.to_uppercase() } else { shown });
            if choice.titles {
                wanted.insert("title", person.title.clone());
            }
            if !self.refers(object, "unit", Some(person.unit)) {
                let found = object.attributes.get("unit");
                let because = format!("person {number} at {name}: unit is {found:?}, and not {}", person.unit);
                differs.push(("unit".to_owned(), because));
            }
        } else if let Some(mobile) = &person.mobile {
            wanted.insert("mobile", mobile.clone());
        }
        for (attribute, value) in wanted {
            let found = object.attributes.get(attribute).and_then(serde_json::Value::as_str);
            if found != Some(value.as_str()) {
                let because = format!("person {number} at {name}: {attribute} is {found:?}, and not {value}");
                differs.push((attribute.to_owned(), because));
            }
        }
        differs
    }
}
