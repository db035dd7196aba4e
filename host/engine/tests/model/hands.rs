//! People who change something at a destination by hand, and the hub that finds it.

use crate::game::Game;
use crate::invariant::{accounts, number_of};
use rosterd_engine::drift::DriftReport;
use rosterd_model::Class;
use rosterd_store::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What was changed by hand of one person at one destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hand {
    pub(crate) attributes: BTreeSet<String>,
    /// Somebody enabled or disabled it.
    pub(crate) usable: bool,
    /// Somebody removed it.
    pub(crate) removed: bool,
}

/// By destination and person.
pub(crate) type Hands = BTreeMap<(String, u32), Hand>;

/// The number of an object at a destination.
pub(crate) fn number_at(attributes: &serde_json::Map<String, Value>) -> Option<u32> {
    attributes.get("number")?.as_str()?.parse().ok()
}

/// Somebody changes, disables, enables or removes one account.
pub(crate) fn by_hand(game: &mut Game) {
    let name = if game.dice.percent(60) { "app" } else { "mail" };
    let accounts: Vec<String> = game.world.with(name, |system| {
        let accounts = system.objects.keys().filter(|(class, _)| *class == Class::Account);
        accounts.map(|(_, id)| id.clone()).collect()
    });
    let Some(id) = game.dice.one(&accounts).cloned() else { return };
    let (what, word) = (game.dice.below(10), game.company.fresh());
    let attribute = match (name, game.dice.percent(50)) {
        ("app", true) => "title",
        ("app", false) => "name",
        (_, true) => "mobile",
        (_, false) => "login",
    };
    let key = (Class::Account, id);
    let number = game.world.with(name, |system| {
        let object = system.objects.get_mut(&key)?;
        let number = number_at(&object.attributes)?;
        object.version += 1;
        match what {
            0 => {
                system.objects.remove(&key);
            }
            1..=3 => object.active = !object.active,
            _ => {
                object.attributes.insert(attribute.to_owned(), Value::from(format!("by hand {word}")));
            }
        }
        Some(number)
    });
    let Some(number) = number else { return };
    game.note(format!(
        "  {number} at {name}: {}",
        ["removed", "toggled", "changed"][usize::from(what > 0) + usize::from(what > 3)]
    ));
    let hand = game.hands.entry((name.to_owned(), number)).or_default();
    match what {
        0 => hand.removed = true,
        1..=3 => hand.usable = true,
        _ => {
            hand.attributes.insert(attribute.to_owned());
        }
    }
}

/// The hub reads its destinations back.
pub(crate) async fn check_drift(game: &mut Game) {
    let mut found = 0;
    for name in ["app", "mail"] {
        found += report(game, name).await.map_or(0, |report| report.differing);
    }
    game.counts.add("drift", if found > 0 { "found" } else { "none" });
}

pub(crate) async fn report(game: &mut Game, name: &str) -> Option<DriftReport> {
    let engine = game.engine.clone();
    engine.check_drift(&name.parse().unwrap()).await.ok()
}

/// At rest, what the hub says of hand-made changes is what they are: `left` are the differences between a destination and
/// the reference, by person, which only hands can have made.
pub(crate) async fn found(game: &mut Game, name: &str, left: &Differences) -> Result<(), String> {
    let Some(report) = report(game, name).await else { return Err(format!("{name} could not be read back")) };
    let view = game.view();
    let (mut told, mut left, mut under_way) = (Differences::new(), left.clone(), BTreeSet::new());
    // Of what is under way the hub does not know yet what it came to.
    let connection = view.connection_number(&name.parse().unwrap()).unwrap();
    for (number, account) in accounts(&view)? {
        let entry = connection.map(|connection| view.outbox_entry(connection, Class::Account, account.id).unwrap());
        if entry.flatten().is_some() {
            under_way.insert(number);
        }
    }
    for drifted in report.objects.iter().filter(|drifted| drifted.class == Class::Account) {
        let Some(number) = number_of(&view, Class::Account, drifted.entity) else { continue };
        let person = &game.company.people[&number];
        // Who left is left alone, and what he has there is as it was then.
        if !person.listed || person.left {
            continue;
        }
        let names = told.entry(number).or_default();
        names.extend(drifted.changes.iter().map(|change| change.attribute.to_string()));
        names.extend(drifted.status.map(|_| "active".to_owned()));
        names.extend(drifted.gone.then(|| "gone".to_owned()));
        if !game.choice.titles {
            // What is not managed any more may differ.
            names.remove("title");
        }
        // References are in the words of the destination there.
        names.remove("unit");
    }
    told.retain(|number, names| !names.is_empty() && !under_way.contains(number));
    left.retain(|number, _| !under_way.contains(number));
    // What a receipt shows of an attribute that was not sent counts as the spelling of the system.
    let observes = game.world.with(name, |system| system.observes);
    let subset = told.iter().all(|(number, names)| left.get(number).is_some_and(|left| names.is_subset(left)));
    if told == left || (observes && subset) {
        return Ok(());
    }
    Err(format!("{name} differs by hand in {left:?}, and the hub found {told:?}"))
}

/// What differs of whom.
pub(crate) type Differences = BTreeMap<u32, BTreeSet<String>>;
