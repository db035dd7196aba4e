//! Random histories against a reference that knows no plans and no stores: several sources and destinations, people who
//! come, change and go, scans that are cut off, destinations that fail, a process that dies anywhere.
//!
//! `SEED=17` plays one history and tells it; `HISTORIES=2000` plays so many.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test tells what it found")]

mod company;
mod count;
mod dice;
mod events;
mod game;
mod invariant;
mod ledger;
mod planted;
mod rest;
mod weeks;

use count::Counts;
use game::Game;
use invariant::Before;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Switches and deaths are of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// A history that went wrong.
struct Failure {
    because: String,
    diary: Vec<String>,
}

/// Plays one history.
fn play(seed: u64) -> (Counts, Result<(), Failure>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut game = Game::new(seed, 12 + seed % 25);
    let result = runtime.block_on(history(&mut game));
    runtime.shutdown_background();
    if let Err(because) = &result {
        let people = game.company.people.iter().filter(|(number, _)| because.contains(&format!("person {number} ")));
        let people: Vec<String> = people.map(|(number, person)| format!("{number}: {person:?}")).collect();
        people.into_iter().for_each(|line| game.note(line));
    }
    let diary = std::mem::take(&mut game.diary);
    (game.counts.clone(), result.map_err(|because| Failure { because, diary }))
}

async fn history(game: &mut Game) -> Result<(), String> {
    let mut before = Before::default();
    let steps = 12 + game.dice.below(14);
    for _ in 0..steps {
        events::event(game).await;
        invariant::check(game, &mut before)?;
    }
    rest::rest(game, &mut before).await
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
#[ignore = "not yet part of the usual run: make histories"]
fn histories_come_to_what_the_reference_says() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = setting("SEED");
    let (first, count) = seed.map_or((1, setting("HISTORIES").unwrap_or(200)), |seed| (seed, 1));
    let (mut counts, started) = (Counts::default(), Instant::now());
    for seed in first..first + count {
        let (seen, result) = play(seed);
        counts.merge(&seen);
        if let Err(failure) = result {
            panic!("SEED={seed}: {}\n  {}", failure.because, failure.diary.join("\n  "));
        }
    }
    let (table, rare) = counts.table();
    println!("{count} histories in {:.1} s\n{table}", started.elapsed().as_secs_f64());
    if count >= 200 {
        assert!(rare.is_empty(), "below one percent: {}", rare.join(", "));
    }
}
