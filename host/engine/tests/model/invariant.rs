//! What must hold after every step, whatever happened.

use crate::game::Game;
use rosterd_engine::testing::{Json, Sent};
use rosterd_model::outbox::Action;
use rosterd_model::plan::{ApplyCounts, Operation, Part, PlanHeader, PlanState, StepObject, Target};
use rosterd_model::{Class, Entity, EntityId, Step, Value};
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The number of an account.
pub(crate) fn number_of(view: &Snapshot, class: Class, id: EntityId) -> Option<u32> {
    view.entity(class, id).unwrap().as_ref().and_then(number)
}

fn number(entity: &Entity) -> Option<u32> {
    entity.attributes.get("employeeNumber").and_then(Value::as_text)?.parse().ok()
}

/// All accounts, by number. Two with one number are one too many.
pub(crate) fn accounts(view: &Snapshot) -> Result<BTreeMap<u32, Entity>, String> {
    let mut found = BTreeMap::new();
    for entity in view.entities(Class::Account, None).unwrap() {
        let entity = entity.unwrap();
        let number = number(&entity).ok_or_else(|| format!("an account without a number: {entity:?}"))?;
        if found.insert(number, entity).is_some() {
            return Err(format!("person {number} is there twice"));
        }
    }
    Ok(found)
}

/// What was true after the step before.
#[derive(Debug, Default)]
pub(crate) struct Before {
    active: BTreeSet<u32>,
    known: BTreeSet<u32>,
}

/// The number of a unit; units and people have numbers of their own.
pub(crate) fn code_of(entity: &Entity) -> Option<u32> {
    entity.attributes.get("code").and_then(Value::as_text)?.parse().ok()
}

/// All living org units, by number.
pub(crate) fn units(view: &Snapshot) -> Result<BTreeMap<u32, Entity>, String> {
    let mut found = BTreeMap::new();
    for entity in view.entities(Class::OrgUnit, None).unwrap() {
        let entity = entity.unwrap();
        let code = code_of(&entity).ok_or_else(|| format!("a unit without a number: {entity:?}"))?;
        if found.insert(code, entity).is_some() {
            return Err(format!("unit {code} is there twice"));
        }
    }
    found.retain(|_, unit| unit.lifecycle.is_living());
    Ok(found)
}

/// Checks everything, and remembers the present state for the next time.
pub(crate) fn check(game: &mut Game, before: &mut Before) -> Result<(), String> {
    if let Some(panic) = &game.ledger.panicked {
        return Err(format!("the engine panicked: {panic}"));
    }
    let view = game.view();
    sound(&view)?;
    let accounts = accounts(&view)?;
    units(&view)?;
    if let Some(lost) = before.known.iter().find(|number| !accounts.contains_key(number)) {
        return Err(format!("person {lost} is lost"));
    }
    removed(game, before, &accounts)?;
    doubled(game)?;
    sent(game, &view)?;
    cursor(game, &view)?;
    game.died = false;
    before.active = active(&accounts);
    before.known = accounts.into_keys().collect();
    Ok(())
}

fn active(accounts: &BTreeMap<u32, Entity>) -> BTreeSet<u32> {
    accounts.iter().filter(|(_, entity)| entity.lifecycle.is_active()).map(|(number, _)| *number).collect()
}

fn sound(view: &Snapshot) -> Result<(), String> {
    let report = rosterd_store::verify::verify(view).unwrap();
    if report.problems.is_empty() { Ok(()) } else { Err(format!("the store is not sound: {:?}", report.problems)) }
}

/// Nobody is disabled without a word, a licence or a person, and not more at once than the guard lets through.
fn removed(game: &Game, before: &Before, accounts: &BTreeMap<u32, Entity>) -> Result<(), String> {
    let now = active(accounts);
    let gone: Vec<u32> = before.active.difference(&now).copied().collect();
    let alone: Vec<u32> = gone.into_iter().filter(|number| !game.ledger.approved.contains(number)).collect();
    if let Some(number) = alone.iter().find(|number| !game.ledger.may_leave(**number)) {
        return Err(format!("person {number} was disabled, and nobody said that he left"));
    }
    // What a dead process had begun is finished before anything else, and is a plan of its own.
    let most = 5.max(before.active.len() * 2 / 100) * if game.died { 2 } else { 1 };
    if alone.len() > most {
        return Err(format!("{} people were disabled at once, and nobody approved it: {alone:?}", alone.len()));
    }
    Ok(())
}

/// Nobody is there twice at a destination.
fn doubled(game: &Game) -> Result<(), String> {
    for name in ["app", "mail"] {
        let numbers: Vec<String> = game.world.with(name, |system| {
            let number = |attributes: &Json| attributes.get("number").map_or_else(String::new, ToString::to_string);
            let objects = system.objects.iter();
            objects.map(|((class, _), object)| format!("{class} {}", number(&object.attributes))).collect()
        });
        let mut seen = BTreeSet::new();
        if let Some(twice) = numbers.iter().find(|number| !seen.insert(*number)) {
            return Err(format!("{twice} is twice at {name}"));
        }
    }
    Ok(())
}

/// Every operation that was sent is one that an applied plan contained, with values that such plans gave.
fn sent(game: &mut Game, view: &Snapshot) -> Result<(), String> {
    let sent = std::mem::take(&mut game.sent);
    if sent.is_empty() {
        return Ok(());
    }
    let planned = planned(view);
    for operation in &sent {
        let class = operation.request.class;
        let desired: serde_json::Value = serde_json::from_str(&operation.request.desired).unwrap_or_default();
        let number = desired["number"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
        let parts = planned.get(&(operation.to.clone(), class, number)).map_or(&[][..], Vec::as_slice);
        // Whom somebody enabled or disabled by hand the hub brings back to what it planned long ago.
        let by_hand = game.hands.get(&(operation.to.clone(), number)).is_some_and(|hand| hand.usable);
        if let Err(because) = covered(parts, operation, by_hand) {
            return Err(format!(
                "{operation} was sent to person {number} , and no applied plan contained it: {because}"
            ));
        }
    }
    Ok(())
}

type Planned = BTreeMap<(String, Class, u32), Vec<Part>>;

/// The parts for destinations that plans released, by destination, class and number.
fn planned(view: &Snapshot) -> Planned {
    let mut planned = Planned::new();
    for job in ["hr", "ad"] {
        for header in view.plans_of(&job.parse().unwrap()).unwrap() {
            let header = header.unwrap();
            for row in view.steps(header.number).unwrap() {
                let step = row.unwrap().step;
                let Some(number) = number_in(view, &step) else { continue };
                for part in step.parts.iter().filter(|part| released(&header, &step, part)) {
                    if let Target::Destination(name) = &part.target {
                        planned.entry((name.to_string(), step.class, number)).or_default().push(part.clone());
                    }
                }
            }
        }
    }
    planned
}

fn number_in(view: &Snapshot, step: &Step) -> Option<u32> {
    let attribute = if step.class == Class::OrgUnit { "code" } else { "employeeNumber" };
    match &step.object {
        StepObject::Entity(id) => {
            let entity = view.entity(step.class, *id).unwrap()?;
            entity.attributes.get(attribute).and_then(Value::as_text)?.parse().ok()
        }
        StepObject::New { .. } => {
            let change = step.hub()?.changes.iter().find(|change| change.attribute == attribute)?;
            change.after.as_ref()?.as_text()?.parse().ok()
        }
    }
}

fn released(header: &PlanHeader, step: &Step, part: &Part) -> bool {
    let waits = step.buckets(part).any(|bucket| header.holds.iter().any(|hold| hold.approval && hold.bucket == bucket));
    let touched = header.outcome != ApplyCounts::default();
    match &header.state {
        PlanState::Ready => false,
        // A first pass did what did not wait.
        PlanState::Held | PlanState::Superseded | PlanState::Approved { .. } => touched && !waits,
        PlanState::Applying { held } => !waits || *held,
        PlanState::Applied => true,
    }
}

/// Attributes that hold a reference, which a plan names in the words of the hub.
const REFERENCES: [&str; 2] = ["unit", "parent"];

fn covered(parts: &[Part], sent: &Sent, by_hand: bool) -> Result<(), String> {
    use Operation::{Create, Delete, Disable, Enable};
    let any = |operations: &[Operation]| match parts.iter().any(|part| operations.contains(&part.operation)) {
        true => Ok(()),
        false => Err("no such operation".to_owned()),
    };
    let value = |attribute: &str, value: &serde_json::Value| {
        let changes = parts.iter().flat_map(|part| &part.changes).filter(|change| change.attribute == attribute);
        let fits = |after: Option<&Value>| {
            let after = after.map_or(serde_json::Value::Null, rosterd_reconcile::normalise::value_to_json);
            after == *value || (REFERENCES.contains(&attribute) && !value.is_null())
        };
        let fits = changes.into_iter().any(|change| fits(change.after.as_ref()));
        if fits { Ok(()) } else { Err(format!("{attribute} was never planned to be {value}")) }
    };
    match &sent.request.action {
        Action::Create(desired) => {
            any(&[Create])?;
            let desired: Json = serde_json::from_str(desired).unwrap_or_default();
            desired.iter().filter(|(_, one)| !one.is_null()).try_for_each(|(name, one)| value(name, one))
        }
        Action::Enable | Action::Disable if by_hand => any(&[Create]),
        // After a lost answer it is said once more what was planned: that the account can be used.
        Action::Enable if sent.request.attempt > 1 => any(&[Enable, Create]),
        Action::Enable => any(&[Enable]),
        Action::Disable => any(&[Disable, Create]),
        Action::Delete => any(&[Delete]),
        Action::Update(edits) => edits.iter().try_for_each(|edit| {
            let wanted = serde_json::from_str(edit.replace.as_deref().unwrap_or("null")).unwrap_or_default();
            value(&edit.attribute, &wanted)
        }),
        Action::SetPassword | Action::MoveTo(_) => Err("nobody asks for that".to_owned()),
    }
}

/// No cursor is ahead of its shadows: what the cursor covers is known, in this revision or a later one.
fn cursor(game: &Game, view: &Snapshot) -> Result<(), String> {
    let Some(connection) = view.connection_number(&"hr".parse().unwrap()).unwrap() else { return Ok(()) };
    let Some(cursor) = view.cursor(connection).unwrap() else { return Ok(()) };
    let at: usize = cursor.parse().map_err(|_| format!("cursor {cursor} was never given"))?;
    for (number, revision) in &game.shown[at].listed {
        let id = crate::company::id(*number);
        let head = view.shadow_head(connection, Class::Account, &id.as_str().into()).unwrap();
        // A hint may have told meanwhile that he is gone, which is newer than any revision.
        if head.as_ref().is_some_and(|head| !head.live) {
            continue;
        }
        let known = head.and_then(|head| view.shadow(connection, Class::Account, head.ordinal).unwrap());
        let known = known.as_ref().and_then(|shadow| shadow.attributes.get("revision")).and_then(Value::as_text);
        if known.and_then(|text| text.parse().ok()).is_none_or(|known: u64| known < *revision) {
            return Err(format!("the cursor is at {at}, and {id} is known in revision {known:?}, not {revision}"));
        }
    }
    Ok(())
}
