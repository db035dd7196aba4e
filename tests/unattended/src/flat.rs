//! Many runs over many accounts, of which few change: whether the time of a run grows with the past.

use super::world::{World, engine, policy};
use rosterd_engine::run::RunOptions;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// The seconds of the first filling and of each run after it, and the bytes of the store.
pub(crate) async fn measure(accounts: u64, runs: u64, file: &Path) -> Result<Value, String> {
    let world = World::new(accounts);
    let engine = engine(&world, policy("source.title", &[])?, file)?;
    let mut seconds = Vec::new();
    let mut bytes = Vec::new();
    for run in 0..=runs {
        let begun = Instant::now();
        let report = engine.run("hr", RunOptions::default()).await.map_err(|error| error.to_string())?;
        seconds.push(begun.elapsed().as_secs_f64());
        let steps = report.plan.map_or(0, |header| header.steps);
        let expected = if run == 0 { accounts } else { changed(accounts, run) };
        if steps != expected {
            return Err(format!("run {run} was to change {expected} accounts, and its plan has {steps} steps"));
        }
        bytes.push(std::fs::metadata(file).map_err(|error| error.to_string())?.len());
        world.next_run();
    }
    let fill = seconds.remove(0);
    Ok(json!({ "accounts": accounts, "fill-seconds": fill, "seconds": seconds, "store-bytes": bytes }))
}

/// How many accounts change in a run: those whose turn it is.
const fn changed(accounts: u64, run: u64) -> u64 {
    let turn = run % 100;
    accounts / 100 + if accounts % 100 > turn { 1 } else { 0 }
}
