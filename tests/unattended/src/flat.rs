//! Many runs over many accounts, of which few change: whether the time of a run grows with the past.

use super::world::{World, engine, policy};
use rosterd_engine::Engine;
use rosterd_engine::run::RunOptions;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// So many runs at each end are compared.
const PAIRS: u64 = 3;

/// A hub with a past.
struct Hub {
    world: World,
    engine: Engine,
    accounts: u64,
    /// Runs that it has behind it, after the first filling.
    runs: u64,
}

impl Hub {
    /// A new one, filled, and the seconds that this took.
    async fn filled(accounts: u64, file: &Path) -> Result<(Self, f64), String> {
        let world = World::new(accounts);
        let engine = engine(&world, policy("source.title", &[])?, file)?;
        let hub = Self { world, engine, accounts, runs: 0 };
        let seconds = hub.timed(accounts).await?;
        Ok((hub, seconds))
    }

    /// The next run, and its seconds.
    async fn run(&mut self) -> Result<f64, String> {
        self.runs += 1;
        self.world.next_run();
        self.timed(changed(self.accounts, self.runs)).await
    }

    async fn timed(&self, expected: u64) -> Result<f64, String> {
        let begun = Instant::now();
        let report = self.engine.run("hr", RunOptions::default()).await.map_err(|error| error.to_string())?;
        let seconds = begun.elapsed().as_secs_f64();
        let steps = report.plan.map_or(0, |header| header.steps);
        if steps != expected {
            return Err(format!("run {} was to change {expected} accounts, and its plan has {steps} steps", self.runs));
        }
        Ok(seconds)
    }
}

/// The seconds of the first filling and of each run after it, and the bytes of the store. The last runs take turns with the
/// second and later ones of another hub, so that both ends see the same hour of the machine.
pub(crate) async fn measure(accounts: u64, runs: u64, file: &Path) -> Result<Value, String> {
    let size = || std::fs::metadata(file).map(|file| file.len()).map_err(|error| error.to_string());
    let (mut old, fill) = Hub::filled(accounts, file).await?;
    let (mut seconds, mut bytes) = (Vec::new(), vec![size()?]);
    while old.runs + PAIRS < runs {
        seconds.push(old.run().await?);
        bytes.push(size()?);
    }
    let other = file.with_extension("young.redb");
    let (mut young, _) = Hub::filled(accounts, &other).await?;
    young.run().await?;
    let mut early = Vec::new();
    while old.runs < runs {
        early.push(young.run().await?);
        seconds.push(old.run().await?);
        bytes.push(size()?);
    }
    drop(young);
    super::world::remove(&other)?;
    let late = &seconds[seconds.len() - early.len()..];
    Ok(json!({ "accounts": accounts, "fill-seconds": fill, "seconds": seconds, "store-bytes": bytes, "early": early,
        "late": late }))
}

/// How many accounts change in a run: those whose turn it is.
const fn changed(accounts: u64, run: u64) -> u64 {
    let turn = run % 100;
    accounts / 100 + if accounts % 100 > turn { 1 } else { 0 }
}
