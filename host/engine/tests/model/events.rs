//! What happens in a history.

use crate::company::{Company, Person};
use crate::game::{Choice, Game};
use crate::hands::{by_hand, check_drift};
use crate::shows::{Mode, hints, overtaken, run_ad, run_hr};
use rosterd_engine::testing::{Answer, Death, Trouble};
use rosterd_model::outbox::DeliveryState;
use rosterd_model::plan::{Operation, StepObject};
use rosterd_model::{Fault, FaultKind};
use rosterd_store::prelude::*;
use std::collections::BTreeSet;

/// Kinds of events with their weights.
const EVENTS: &[(&str, u64)] = &[
    ("hire", 8),
    ("rename", 6),
    ("give a title", 5),
    ("change the unit", 6),
    ("leave in words", 7),
    ("leave the list", 7),
    ("rehire", 8),
    ("reorganise", 4),
    ("lose many", 4),
    ("learn a phone", 5),
    ("found a unit", 4),
    ("rename a unit", 4),
    ("move a unit", 5),
    ("close a unit", 4),
    ("wait", 12),
    ("configure", 6),
    ("upgrade", 4),
    ("trouble", 8),
    ("by hand", 6),
    ("check drift", 4),
    ("run hr", 18),
    ("run hr truncated", 5),
    ("run hr empty", 4),
    ("run hr broken", 4),
    ("run hr same version", 4),
    ("run hr delta", 9),
    ("run hr delta broken", 4),
    ("run hr cursor forgotten", 4),
    ("run hr overtaken", 5),
    ("hints", 10),
    ("run ad", 9),
    ("plan hr", 4),
    ("approve", 8),
    ("apply", 4),
];

/// One event.
pub(crate) async fn event(game: &mut Game) {
    let total = EVENTS.iter().map(|(_, weight)| weight).sum();
    let mut at = game.dice.below(total);
    let chosen = EVENTS.iter().find(|(_, weight)| {
        let here = at < *weight;
        at = at.saturating_sub(*weight);
        here
    });
    let Some((word, _)) = chosen else { return };
    game.counts.event(word);
    game.note(*word);
    match word.strip_prefix("run hr") {
        Some(how) => run(game, how.trim_start()).await,
        None => perform(game, word).await,
    }
}

/// The first source is read in some way.
async fn run(game: &mut Game, how: &str) {
    let page = usize::try_from(game.dice.below(4)).unwrap_or(0);
    // Often so few rows are lacking that the scan is licensed all the same.
    let lot = usize::try_from(game.dice.below(55)).unwrap_or(0);
    let share = if lot < 25 { 90 + lot % 9 } else { 40 + lot };
    let usual = Mode::default();
    let mode = match how {
        "truncated" => Mode { keep: share, ..usual },
        "empty" => Mode { keep: 0, ..usual },
        "broken" => Mode { breaks: Some(page), ..usual },
        "same version" => Mode { same_version: true, ..usual },
        "delta" => Mode { full: false, ..usual },
        "delta broken" => Mode { full: false, breaks: Some(page % 2), ..usual },
        "cursor forgotten" => Mode { full: false, forgets: true, ..usual },
        "overtaken" => return overtaken(game).await,
        _ => usual,
    };
    run_hr(game, mode).await;
}

async fn perform(game: &mut Game, word: &str) {
    let Game { company, dice, .. } = game;
    match word {
        "hire" => {
            for _ in 0..=dice.below(2) {
                company.hire(dice);
            }
        }
        "rename" => one(game, |person, fresh| person.user = fresh),
        "give a title" => one(game, |person, fresh| person.title = format!("title of {fresh}")),
        "change the unit" => {
            let unit = company.some_unit(dice);
            one(game, |person, _| person.unit = unit);
        }
        "leave in words" => one(game, |person, _| person.left = true),
        "leave the list" => one(game, |person, _| person.listed = false),
        "rehire" => rehire(game),
        "reorganise" => many(game, 6, |company, number| company.change(number, |person, fresh| person.title = fresh)),
        "lose many" => many(game, 4, |company, number| company.change(number, |person, _| person.left = true)),
        "learn a phone" => one(game, |person, fresh| person.mobile = Some(format!("+1 {fresh}"))),
        "found a unit" | "rename a unit" | "move a unit" | "close a unit" => change_units(company, dice, word),
        "wait" => {
            let hours = [1, 5, 13, 26][usize::try_from(dice.below(4)).unwrap_or(0)];
            game.wait(hours);
        }
        "configure" => configure(game),
        "upgrade" => {
            let digest = format!("{:02x}", game.dice.below(256)).repeat(32);
            game.world.with("hr", |system| system.digest = digest);
        }
        "trouble" => trouble(game),
        "by hand" => by_hand(game),
        "check drift" => check_drift(game).await,
        "hints" => hints(game).await,
        "run ad" => run_ad(game).await,
        "plan hr" => run_hr(game, Mode { dry: true, full: false, ..Mode::default() }).await,
        "approve" => approve(game).await,
        "apply" => apply(game).await,
        other => game.note(format!("nobody knows how to {other}")),
    }
}

/// Somebody who left comes back, into a unit that there is.
fn rehire(game: &mut Game) {
    let Game { company, dice, .. } = game;
    let gone = company.gone();
    let unit = company.some_unit(dice);
    if let Some(number) = dice.one(&gone).copied() {
        company.change(number, |person, _| (person.listed, person.left, person.unit) = (true, false, unit));
    }
}

fn change_units(company: &mut Company, dice: &mut crate::dice::Dice, word: &str) {
    let (some, other) = (company.some_unit(dice), company.some_unit(dice));
    match word {
        "found a unit" => {
            company.found(Some(some));
        }
        "rename a unit" => {
            let fresh = format!("Unit {}", company.fresh());
            if let Some(unit) = company.units.get_mut(&some) {
                unit.name = fresh;
            }
        }
        "move a unit" => {
            // The company itself stays where it is, and nothing moves into itself.
            if some != 1
                && !company.inside(other, some)
                && let Some(unit) = company.units.get_mut(&some)
            {
                unit.parent = Some(other);
            }
        }
        _ => company.close(some),
    }
}

fn configure(game: &mut Game) {
    let Choice { titles, capitals, nicks } = game.choice;
    let choice = match game.dice.below(3) {
        0 => Choice { titles: !titles, ..game.choice },
        1 => Choice { capitals: !capitals, ..game.choice },
        _ => Choice { nicks: !nicks, ..game.choice },
    };
    game.note(format!("  {choice:?}"));
    game.configure(choice);
}

fn one(game: &mut Game, change: impl FnOnce(&mut Person, String)) {
    let working = game.company.working();
    if let Some(number) = game.dice.one(&working).copied() {
        game.company.change(number, change);
        game.note(format!("  {number}: {:?}", game.company.people[&number]));
    }
}

/// A part of the company: one in `share`.
fn many(game: &mut Game, share: u64, change: impl Fn(&mut Company, u32)) {
    for number in game.company.working() {
        if game.dice.below(share) == 0 {
            change(&mut game.company, number);
        }
    }
}

fn trouble(game: &mut Game) {
    let name = if game.dice.percent(60) { "app" } else { "mail" };
    let (answer, kind) = match game.dice.below(6) {
        0 => (Answer::Refused, FaultKind::Transient),
        1 => (Answer::Lost, FaultKind::Timeout),
        2 => (Answer::DoneAndLost, FaultKind::Timeout),
        3 => (Answer::Refused, FaultKind::RateLimited),
        4 => (Answer::Refused, FaultKind::Invalid),
        _ => (Answer::NotAttempted, FaultKind::Transient),
    };
    let times = 1 + game.dice.below(3);
    let fault = Fault::new(kind, "the model wants it so");
    let trouble = Trouble { class: None, action: None, name: None, answer, fault, times };
    game.note(format!("  {name}: {answer:?} {kind:?} {times}"));
    game.world.with(name, |system| system.trouble.push(trouble));
}

/// Effects at which a process dies now and then. It dies elsewhere, too.
pub(crate) const DEADLY: &[&str] = &[
    "run-begin",
    "observe",
    "scan-end",
    "plan",
    "plan-steps",
    "apply",
    "settle",
    "send",
    "sent",
    "finish",
    "finished",
    "landed",
    "run-end",
    "receive",
    "recover",
];

/// When the process of the next command dies; none: it does not.
pub(crate) fn mortal(game: &mut Game, may_die: bool) -> Option<Death> {
    if !may_die || !game.dice.percent(25) {
        return None;
    }
    let (nth, pass) = (1 + game.dice.below(60), 1 + game.dice.below(4));
    let effect = game.dice.one(DEADLY).map(|effect| (*effect).to_owned());
    let anywhere = game.dice.percent(35);
    effect.filter(|_| !anywhere).map_or(Some(Death::Nth(nth)), |effect| Some(Death::At { effect, pass }))
}

/// A person looks at the last plan and lets it through.
pub(crate) async fn approve(game: &mut Game) {
    let Some(digest) = game.plan.clone() else { return };
    let mut engine = game.engine.clone();
    engine.principal = "somebody else".to_owned();
    if engine.approve(&digest).is_err() {
        return;
    }
    let labels = leavers(game, &digest);
    game.ledger.approved.extend(labels);
    apply(game).await;
}

pub(crate) async fn apply(game: &mut Game) {
    let Some(digest) = game.plan.clone() else { return };
    let death = mortal(game, true);
    game.command(death, move |engine| async move { engine.apply(&digest).await.map(Some) }).await;
}

/// People whom a plan disables.
fn leavers(game: &Game, digest: &str) -> Vec<u32> {
    let view = game.view();
    let Some(plan) = view.plan_of_prefix(digest).unwrap() else { return Vec::new() };
    let mut numbers = Vec::new();
    for row in view.steps(plan.number).unwrap() {
        let step = row.unwrap().step;
        let leaves = step.hub().is_some_and(|part| part.operation == Operation::Disable);
        if let (true, StepObject::Entity(id)) = (leaves, &step.object) {
            numbers.extend(crate::invariant::number_of(&view, step.class, *id));
        }
    }
    numbers
}

/// Counts what the last plan, the outboxes and the open cases say, each word once: a hundred new people are one situation.
pub(crate) fn situations(game: &mut Game) {
    let view = game.view();
    let mut words: BTreeSet<(&'static str, String)> = BTreeSet::new();
    if let Some(plan) = game.plan.as_ref().and_then(|digest| view.plan_of_prefix(digest).unwrap()) {
        for row in view.steps(plan.number).unwrap() {
            let reason = format!("{:?}", row.unwrap().step.reason);
            let word = reason.split([' ', '{']).next().unwrap_or_default().to_lowercase();
            // What an operator decided at the end is no situation of a history.
            words.insert((if word == "resolved" { "operator" } else { "situation" }, word));
        }
        let held = if plan.holds.is_empty() { "free" } else { "held" };
        words.insert(("plan", held.to_owned()));
    }
    for name in ["app", "mail"] {
        if let Some(number) = view.connection_number(&name.parse().unwrap()).unwrap() {
            for entry in view.outbox(number).unwrap() {
                let word = match entry.unwrap().state {
                    DeliveryState::Waiting => "waits",
                    DeliveryState::Parked { .. } => "parked",
                    DeliveryState::Blocked { .. } => "blocked",
                    DeliveryState::Retry { .. } => "retries",
                };
                words.insert(("outbox", word.to_owned()));
            }
        }
    }
    for name in ["hr", "ad"] {
        if let Some(number) = view.connection_number(&name.parse().unwrap()).unwrap() {
            for case in view.cases(number).unwrap() {
                words.insert(("case", format!("{:?}", case.unwrap().reason).to_lowercase()));
            }
        }
    }
    for (kind, word) in words {
        game.counts.add(kind, &word);
    }
}
