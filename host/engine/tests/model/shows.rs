//! What sources show, and the runs that read it: everything, what changed since a cursor, or an answer to hints.

use crate::company::{Shown, id};
use crate::events::{mortal, situations};
use crate::game::Game;
use crate::ledger::Reading;
use rosterd_engine::run::RunOptions;
use rosterd_engine::testing::{Break, Delta, Gate};
use rosterd_model::port::{Hint, ScanStart};
use rosterd_model::record::{Change, DepartureCause, ScanEnd};
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;
use std::collections::BTreeSet;

/// Records on a page.
const PAGE: usize = 8;

/// How a run of the first source goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// Everything is read, and not what changed.
    pub(crate) full: bool,
    /// So many of a hundred rows are shown.
    pub(crate) keep: usize,
    /// The source does not know its cursor any more.
    pub(crate) forgets: bool,
    pub(crate) breaks: Option<usize>,
    pub(crate) same_version: bool,
    pub(crate) dry: bool,
    /// The process may die.
    pub(crate) mortal: bool,
}

impl Default for Mode {
    fn default() -> Self {
        Self { full: true, keep: 100, forgets: false, breaks: None, same_version: false, dry: false, mortal: true }
    }
}

/// The newest cursor that the hub has.
fn cursor(game: &Game) -> Option<usize> {
    let view = game.view();
    let connection = view.connection_number(&"hr".parse().unwrap()).unwrap()?;
    view.cursor(connection).unwrap()?.parse().ok()
}

/// What changed between what a cursor covers and what is shown now.
fn since(before: &Shown, now: &Shown) -> Vec<Change> {
    let mut changes: Vec<Change> =
        now.rows.iter().filter(|(id, row)| before.rows.get(*id) != Some(row)).map(|(_, row)| row.clone()).collect();
    for (id, row) in before.rows.iter().filter(|(id, _)| !now.rows.contains_key(*id)) {
        let class = if id.ends_with("unit") { Class::OrgUnit } else { Class::Account };
        if let Change::Upsert(record) = row {
            changes.push(Change::Gone { class, id: record.id.clone(), cause: DepartureCause::Deleted });
        }
    }
    changes
}

/// A run of the first source, and what follows from it.
pub(crate) async fn run_hr(game: &mut Game, mode: Mode) {
    let shown = show(game, mode);
    let options = RunOptions { dry: mode.dry, full: mode.full, ..RunOptions::default() };
    let death = mortal(game, mode.mortal);
    let known = cursor(game);
    let report = game.command(death, move |engine| async move { engine.run("hr", options).await }).await;
    let whole = report.as_ref().is_none_or(|report| report.run.state.as_str() != "incomplete");
    learn(game, &shown, known, whole, report.is_none());
    situations(game);
}

/// Shows the company as it is, as far as the mode lets.
fn show(game: &mut Game, mode: Mode) -> Shown {
    let mut changes = game.company.rows();
    let kept = changes.len() * mode.keep / 100;
    changes.truncate(kept);
    let shown = game.company.shown(!mode.same_version, &changes);
    let cursor = game.shown.len().to_string();
    let before = if mode.forgets { None } else { self::cursor(game).and_then(|at| game.shown.get(at)) };
    let deltas = before.map(|before| since(before, &shown)).into_iter();
    let known = self::cursor(game).unwrap_or_default().to_string();
    let deltas = deltas.map(|changes| Delta { since: known.clone(), changes, cursor: Some(cursor.clone()) }).collect();
    game.shown.push(shown.clone());
    let version = shown.version.clone();
    game.world.with("hr", |system| {
        system.shown.changes = changes;
        system.shown.deltas = deltas;
        system.shown.page_size = PAGE;
        let complete = vec![Class::Account, Class::OrgUnit];
        system.shown.end = Some(ScanEnd { complete, cursor: Some(cursor), ..ScanEnd::default() });
        system.shown.version = Some(version);
        let fault = Fault::new(FaultKind::Transient, "the line went dead");
        system.shown.broken = mode.breaks.map(|page| Break { page, fault });
        system.shown.gate = None;
        system.shown.opened.clear();
    });
    shown
}

/// Writes down what the hub was shown.
fn learn(game: &mut Game, shown: &Shown, known: Option<usize>, whole: bool, died: bool) {
    let opened = game.world.with("hr", |system| std::mem::take(&mut system.shown.opened));
    let resumed = opened.iter().any(|start| matches!(start, ScanStart::Resume(_)));
    for start in &opened {
        let how = match start {
            ScanStart::Full => "everything",
            ScanStart::Since(_) => "a delta",
            ScanStart::Resume(_) => "goes on",
        };
        game.counts.add("reading", how);
    }
    match opened.last() {
        None => {}
        Some(ScanStart::Since(_)) => {
            let before = known.and_then(|at| game.shown.get(at)).map(|before| &before.listed);
            let gone = before.into_iter().flat_map(|before| before.keys());
            let gone: BTreeSet<u32> = gone.filter(|number| !shown.listed.contains_key(number)).copied().collect();
            game.ledger.delta(shown, &gone);
        }
        Some(_) => game.ledger.read(shown, Reading { whole, died, resumed, at: game.now }),
    }
}

/// A full scan during which somebody changes, and a hint tells of it: the page that was read before says the past.
pub(crate) async fn overtaken(game: &mut Game) {
    let shown = show(game, Mode::default());
    let known = cursor(game);
    let page = usize::try_from(game.dice.below(3)).unwrap_or(0);
    let gate = Gate::before(page);
    game.world.with("hr", |system| system.shown.gate = Some(gate.clone()));
    let engine = game.engine.clone();
    let options = RunOptions { full: true, ..RunOptions::default() };
    let mut run = tokio::spawn(async move { engine.run("hr", options).await });
    // A scan with fewer pages ends before anybody can come between.
    let early = tokio::select! {
        () = gate.reached() => None,
        report = &mut run => Some(report),
    };
    let mut gone = None;
    if early.is_none() {
        let people: Vec<u32> = shown.listed.keys().copied().collect();
        if let Some(number) = game.dice.one(&people).copied() {
            let goes = game.dice.percent(40);
            gone = Some(number).filter(|_| goes);
            game.company.change(number, |person, fresh| {
                if goes { person.listed = false } else { person.title = format!("meanwhile {fresh}") }
            });
            let hint = hint(number, None, goes);
            game.note(format!("  meanwhile {number} {}", if goes { "goes" } else { "changes" }));
            let rows = game.company.rows();
            game.world.with("hr", |system| system.shown.changes = rows);
            let engine = game.engine.clone();
            engine.receive(&"hr".parse().unwrap(), &[hint]).unwrap();
            game.hinted.insert(number, goes);
            let seen = engine.observe_hints("hr").await;
            if let Err(error) = seen {
                game.note(format!("  the hint could not be looked at: {error}"));
            }
            tell_hinted(game, true);
        }
        gate.open();
    }
    let report = match early {
        Some(report) => report.unwrap(),
        None => run.await.unwrap(),
    };
    let whole = report.as_ref().is_ok_and(|report| report.run.state.as_str() != "incomplete");
    game.reported(report.map(Some));
    learn(game, &shown, known, whole, false);
    // What the hint told is newer than the page.
    gone.into_iter().for_each(|number| game.ledger.told(number));
    game.world.with("hr", |system| system.shown.gate = None);
    situations(game);
}

fn hint(number: u32, event: Option<String>, deleted: bool) -> Hint {
    let detail = if deleted { r#"{"deleted":true}"# } else { "{}" }.to_owned();
    let id = Some(id(number).as_str().into());
    Hint { class: Some(Class::Account), id, event_id: event, occurred_at: None, detail }
}

/// Notifications about some people, right or wrong, repeated, in any order; they are looked at now or later.
pub(crate) async fn hints(game: &mut Game) {
    let people: Vec<u32> = game.company.people.keys().copied().collect();
    let mut hints = Vec::new();
    for _ in 0..=game.dice.below(4) {
        let Some(number) = game.dice.one(&people).copied() else { continue };
        let listed = game.company.people[&number].listed;
        let deleted = game.dice.percent(if listed { 10 } else { 70 });
        game.events += 1;
        let event = game.dice.percent(80).then(|| format!("event {}", game.events));
        let one = hint(number, event, deleted);
        for _ in 0..=game.dice.below(2) {
            hints.push(one.clone());
        }
        let told = game.hinted.entry(number).or_default();
        *told |= deleted;
    }
    for at in (1..hints.len()).rev() {
        hints.swap(at, usize::try_from(game.dice.below(at as u64 + 1)).unwrap_or(0));
    }
    let later = hints.split_off(hints.len() / 2);
    let rows = game.company.rows();
    game.world.with("hr", |system| {
        system.shown.changes = rows;
        system.shown.deltas.clear();
        system.shown.opened.clear();
    });
    let looks = game.dice.percent(75);
    let death = mortal(game, true);
    let work = move |engine: rosterd_engine::Engine| async move {
        let hr = "hr".parse().unwrap();
        engine.receive(&hr, &hints)?;
        engine.receive(&hr, &later)?;
        if looks { engine.run_hints("hr", RunOptions::default()).await } else { Ok(None) }
    };
    let done = game.command(death, work).await.is_some();
    if looks {
        tell_hinted(game, done);
    }
    situations(game);
}

/// What the answers to hints told: whoever is listed is as he is listed, and of the others those that were called deleted.
fn tell_hinted(game: &mut Game, answered: bool) {
    for (number, deleted) in &game.hinted {
        let person = &game.company.people[number];
        if person.listed {
            // Whom only a hint told of is missed as well, once a scan does not show him.
            game.ledger.known.insert(*number);
        }
        if (person.listed && person.left) || (!person.listed && *deleted) {
            game.ledger.told(*number);
        }
    }
    if answered {
        game.hinted.clear();
    }
}

/// A run of the second source.
pub(crate) async fn run_ad(game: &mut Game) {
    let changes = game.company.phones();
    game.world.with("ad", |system| {
        system.shown.changes = changes;
        system.shown.page_size = PAGE;
        system.shown.end = Some(ScanEnd { complete: vec![Class::Account], ..ScanEnd::default() });
        system.shown.version = None;
    });
    let death = mortal(game, true);
    game.command(death, |engine| async move { engine.run("ad", RunOptions::default()).await }).await;
    situations(game);
}
