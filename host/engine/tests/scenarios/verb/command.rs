//! The commands of the engine.

use super::{act, read};
use crate::stage::{Stage, text};
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_engine::testing::{Death, Gate, Kill};
use rosterd_engine::{Engine, EngineError};
use serde::Deserialize;
use std::future::Future;
use toml::Table;

/// Where the process dies in the middle of a command.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Fate {
    /// Right before an effect: `observe`, `plan`, `apply`, `attempt`, `send`, `settle` ...
    before: Option<String>,
    /// Right after it.
    after: Option<String>,
    /// At a point that is passed once: `send`, `sent`, `finish`, `finished`.
    at: Option<String>,
    /// The how manieth time.
    #[serde(default = "first")]
    nth: u64,
}

const fn first() -> u64 {
    1
}

impl Fate {
    fn death(self) -> Result<Death, String> {
        match (self.before, self.after, self.at) {
            (Some(effect), None, None) => Ok(Death::At { effect, pass: 2 * self.nth - 1 }),
            (None, Some(effect), None) => Ok(Death::At { effect, pass: 2 * self.nth }),
            (None, None, Some(effect)) => Ok(Death::At { effect, pass: self.nth }),
            (None, None, None) => Ok(Death::Nth(self.nth)),
            _ => Err("kill has one of before, after and at".to_owned()),
        }
    }
}

/// What happens while a scan stands before a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Meanwhile {
    /// The page that waits, counted from 0.
    page: usize,
    step: Vec<Table>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Run {
    /// The job.
    #[serde(alias = "plan")]
    run: String,
    #[serde(default)]
    allow_empty: bool,
    #[serde(default)]
    accept_configuration: bool,
    kill: Option<Fate>,
    meanwhile: Option<Meanwhile>,
    by: Option<String>,
}

/// `run = "hr"`.
pub(super) async fn run(stage: &mut Stage, step: Table) -> Result<(), String> {
    job(stage, read(step)?, false).await
}

/// `plan = "hr"`.
pub(super) async fn plan(stage: &mut Stage, step: Table) -> Result<(), String> {
    job(stage, read(step)?, true).await
}

async fn job(stage: &mut Stage, run: Run, dry: bool) -> Result<(), String> {
    let options = RunOptions {
        allow_empty: run.allow_empty,
        dry,
        accept_configuration: run.accept_configuration,
        ..RunOptions::default()
    };
    let name = run.run.clone();
    let work = move |engine: Engine| async move { engine.run(&name, options).await };
    let Some(meanwhile) = run.meanwhile else { return command(stage, run.kill, run.by, work).await };
    let policy = stage.engine.policy.clone();
    let source = policy.job(&run.run).map_err(text)?.source.to_string();
    let gate = Gate::before(meanwhile.page);
    stage.world.with(&source, |system| system.shown.gate = Some(gate.clone()));
    let mut task = tokio::spawn(work(stage.engine.clone()));
    tokio::select! {
        () = gate.reached() => {}
        _ = &mut task => return Err(format!("the scan never came to page {}", meanwhile.page)),
    }
    for step in meanwhile.step {
        act(stage, step).await?;
    }
    gate.open();
    let result = task.await.map_err(text)?;
    stage.came_to(result);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Apply {
    /// The name of a plan: `last`, or what `expect.as` called it.
    apply: String,
    kill: Option<Fate>,
    by: Option<String>,
}

/// `apply = "last"`.
pub(super) async fn apply(stage: &mut Stage, step: Table) -> Result<(), String> {
    let apply: Apply = read(step)?;
    let digest = digest(stage, &apply.apply)?;
    command(stage, apply.kill, apply.by, move |engine: Engine| async move { engine.apply(&digest).await }).await
}

fn digest(stage: &Stage, name: &str) -> Result<String, String> {
    stage.plans.get(name).cloned().ok_or_else(|| format!("there is no plan called \"{name}\""))
}

/// Runs a command, in a process that may die in the middle of it.
pub(super) async fn command<F>(
    stage: &mut Stage,
    kill: Option<Fate>,
    by: Option<String>,
    work: impl FnOnce(Engine) -> F,
) -> Result<(), String>
where
    F: Future<Output = Result<RunReport, EngineError>> + Send + 'static,
{
    let mut engine = stage.engine.clone();
    engine.principal = by.unwrap_or(engine.principal);
    let fate = kill.map(Fate::death).transpose()?;
    let armed = fate.clone().map(|death| Kill::new(Some(death)));
    let result = tokio::spawn(work(engine)).await;
    let died = armed.as_ref().and_then(Kill::died_at);
    match (fate, died) {
        (Some(_), Some(effect)) => {
            stage.restart()?;
            drop(armed);
            stage.last.error = Some(format!("the process died at {effect}"));
            Ok(())
        }
        (Some(fate), None) => Err(format!("the process did not die: {fate:?} never came")),
        (None, _) => {
            stage.came_to(result.map_err(text)?);
            Ok(())
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Approve {
    approve: String,
    by: Option<String>,
}

/// `approve = "last"`, `by = "bob"`.
pub(super) fn approve(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Approve { approve, by } = read(step)?;
    let digest = digest(stage, &approve)?;
    let mut engine = stage.engine.clone();
    engine.principal = by.unwrap_or(engine.principal);
    stage.last.error = engine.approve(&digest).err().map(|error| error.to_string());
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// Connection and id of the object: `hr 7`.
    release: String,
}

/// `release = "hr 7"`: the case of this object is closed.
pub(super) fn release(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Release { release } = read(step)?;
    let cases = crate::expect::cases(stage)?;
    let case = cases.iter().find(|(key, _)| *key == release).map(|(_, case)| case.number);
    let number = case.ok_or_else(|| format!("there is no case of {release}"))?;
    stage.last.error = stage.engine.release(number).err().map(|error| error.to_string());
    Ok(())
}
