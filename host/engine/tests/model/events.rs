//! What happens in a history.

use crate::company::Company;
use crate::game::{Choice, Game};
use crate::ledger::Reading;
use rosterd_engine::run::RunOptions;
use rosterd_engine::testing::{Answer, Break, Trouble};
use rosterd_model::outbox::DeliveryState;
use rosterd_model::plan::{Operation, StepObject};
use rosterd_model::port::ScanStart;
use rosterd_model::record::ScanEnd;
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;

/// Kinds of events with their weights.
const EVENTS: &[(&str, u64)] = &[
    ("hire", 8),
    ("rename", 7),
    ("move", 7),
    ("leave in words", 7),
    ("leave the list", 7),
    ("rehire", 6),
    ("reorganise", 3),
    ("lose many", 3),
    ("learn a phone", 5),
    ("wait", 9),
    ("configure", 4),
    ("trouble", 8),
    ("run hr", 20),
    ("run hr truncated", 5),
    ("run hr empty", 3),
    ("run hr broken", 4),
    ("run hr same version", 4),
    ("run ad", 9),
    ("plan hr", 4),
    ("approve", 6),
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
    perform(game, word).await;
}

async fn perform(game: &mut Game, word: &str) {
    match word {
        "hire" => {
            for _ in 0..=game.dice.below(2) {
                let Game { company, dice, .. } = game;
                company.hire(dice);
            }
        }
        "rename" => one(game, |person, fresh| person.user = fresh),
        "move" => one(game, |person, fresh| person.title = format!("title of {fresh}")),
        "leave in words" => one(game, |person, _| person.left = true),
        "leave the list" => one(game, |person, _| person.listed = false),
        "rehire" => {
            let gone = game.company.gone();
            if let Some(number) = game.dice.one(&gone).copied() {
                game.company.change(number, |person, _| (person.listed, person.left) = (true, false));
            }
        }
        "reorganise" => many(game, 6, |company, number| company.change(number, |person, fresh| person.title = fresh)),
        "lose many" => many(game, 4, |company, number| company.change(number, |person, _| person.left = true)),
        "learn a phone" => one(game, |person, fresh| person.mobile = Some(format!("+1 {fresh}"))),
        "wait" => {
            let hours = [1, 5, 13, 26][usize::try_from(game.dice.below(4)).unwrap_or(0)];
            game.wait(hours);
        }
        "configure" => {
            let Choice { titles, capitals } = game.choice;
            let choice = if game.dice.percent(50) {
                Choice { titles: !titles, capitals }
            } else {
                Choice { titles, capitals: !capitals }
            };
            game.configure(choice);
        }
        "trouble" => trouble(game),
        "run ad" => run_ad(game).await,
        "plan hr" => run_hr(game, Mode { dry: true, ..Mode::default() }).await,
        "approve" => approve(game).await,
        "apply" => apply(game).await,
        "run hr truncated" => {
            let keep = 40 + game.dice.below(55);
            run_hr(game, Mode { keep, ..Mode::default() }).await;
        }
        "run hr empty" => run_hr(game, Mode { keep: 0, ..Mode::default() }).await,
        "run hr broken" => {
            let page = Some(game.dice.below(4));
            run_hr(game, Mode { breaks: page, ..Mode::default() }).await;
        }
        "run hr same version" => run_hr(game, Mode { same_version: true, ..Mode::default() }).await,
        _ => run_hr(game, Mode::default()).await,
    }
}

fn one(game: &mut Game, change: impl FnOnce(&mut crate::company::Person, String)) {
    let working = game.company.working();
    if let Some(number) = game.dice.one(&working).copied() {
        game.company.change(number, change);
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
    let (answer, kind) = match game.dice.below(5) {
        0 => (Answer::Refused, FaultKind::Transient),
        1 => (Answer::Lost, FaultKind::Timeout),
        2 => (Answer::DoneAndLost, FaultKind::Timeout),
        3 => (Answer::Refused, FaultKind::RateLimited),
        _ => (Answer::NotAttempted, FaultKind::Transient),
    };
    let times = 1 + game.dice.below(3);
    let fault = Fault::new(kind, "the model wants it so");
    let trouble = Trouble { class: None, action: None, name: None, answer, fault, times };
    game.world.with(name, |system| system.trouble.push(trouble));
}

/// How a run of the first source goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// So many of a hundred rows are shown.
    pub(crate) keep: u64,
    pub(crate) breaks: Option<u64>,
    pub(crate) same_version: bool,
    pub(crate) dry: bool,
    /// The process may die.
    pub(crate) mortal: bool,
}

impl Default for Mode {
    fn default() -> Self {
        Self { keep: 100, breaks: None, same_version: false, dry: false, mortal: true }
    }
}

/// A full scan of the first source, and what follows from it.
pub(crate) async fn run_hr(game: &mut Game, mode: Mode) {
    let mut changes = game.company.rows();
    let kept = changes.len() * usize::try_from(mode.keep).unwrap_or(100) / 100;
    changes.truncate(kept);
    let mut shown = game.company.shown(!mode.same_version);
    let ids: std::collections::BTreeSet<String> = changes.iter().filter_map(id_of).collect();
    shown.listed.retain(|number, _| ids.contains(&crate::company::id(*number)));
    shown.left.retain(|number| shown.listed.contains_key(number));
    let cursor = Some(format!("{}", game.shown.len()));
    game.shown.push(shown.clone());
    let version = shown.version.clone();
    game.world.with("hr", |system| {
        system.shown.changes = changes;
        system.shown.page_size = 8;
        system.shown.end = Some(ScanEnd { complete: vec![Class::Account], cursor, ..ScanEnd::default() });
        system.shown.version = Some(version);
        let fault = Fault::new(FaultKind::Transient, "the line went dead");
        let page = mode.breaks.and_then(|page| usize::try_from(page).ok());
        system.shown.broken = page.map(|page| Break { page, fault });
        system.shown.opened.clear();
    });
    let options = RunOptions { dry: mode.dry, ..RunOptions::default() };
    let death = mortal(game, mode.mortal);
    let report = game.command(death, move |engine| async move { engine.run("hr", options).await }).await;
    let opened = game.world.with("hr", |system| std::mem::take(&mut system.shown.opened));
    let broke = report.as_ref().is_some_and(|report| report.run.state.as_str() == "incomplete");
    if !opened.is_empty() {
        let resumed = opened.iter().any(|start| matches!(start, ScanStart::Resume(_)));
        let reading = Reading { whole: !broke, died: report.is_none(), resumed, at: game.now };
        game.ledger.read(&shown, reading);
    }
    situations(game);
}

fn id_of(change: &rosterd_model::record::Change) -> Option<String> {
    match change {
        rosterd_model::record::Change::Upsert(record) => Some(record.id.as_str().to_owned()),
        _ => None,
    }
}

fn mortal(game: &mut Game, may_die: bool) -> Option<u64> {
    (may_die && game.dice.percent(25)).then(|| 1 + game.dice.below(45))
}

pub(crate) async fn run_ad(game: &mut Game) {
    let changes = game.company.phones();
    game.world.with("ad", |system| {
        system.shown.changes = changes;
        system.shown.page_size = 8;
        system.shown.end = Some(ScanEnd { complete: vec![Class::Account], ..ScanEnd::default() });
        system.shown.version = None;
    });
    let death = mortal(game, true);
    game.command(death, |engine| async move { engine.run("ad", RunOptions::default()).await }).await;
    situations(game);
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
    game.command(death, move |engine| async move { engine.apply(&digest).await }).await;
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

/// Counts what the last plan and the open cases say.
fn situations(game: &mut Game) {
    let view = game.view();
    let mut words = Vec::new();
    if let Some(plan) = game.plan.as_ref().and_then(|digest| view.plan_of_prefix(digest).unwrap()) {
        for row in view.steps(plan.number).unwrap() {
            let reason = format!("{:?}", row.unwrap().step.reason);
            words.push(reason.split([' ', '{']).next().unwrap_or_default().to_lowercase());
        }
    }
    for name in ["app", "mail"] {
        if let Some(number) = view.connection_number(&name.parse().unwrap()).unwrap() {
            for entry in view.outbox(number).unwrap() {
                words.push(match entry.unwrap().state {
                    DeliveryState::Waiting => "waits".to_owned(),
                    DeliveryState::Parked { .. } => "parked".to_owned(),
                    DeliveryState::Blocked { .. } => "blocked".to_owned(),
                    DeliveryState::Retry { .. } => "retries".to_owned(),
                });
            }
        }
    }
    for word in words {
        game.counts.situation(&word);
    }
}
