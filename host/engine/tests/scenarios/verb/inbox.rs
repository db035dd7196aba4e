//! Notifications and looking at them, reading back, verification.

use super::read;
use crate::stage::Stage;
use rosterd_engine::run::RunOptions;
use rosterd_model::outbox::ProjectionStatus;
use rosterd_model::port::Hint;
use rosterd_model::{Class, ConnectionId};
use serde::Deserialize;
use toml::Table;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Hints {
    hints: ConnectionId,
    /// Ids of accounts that changed somehow.
    #[serde(default)]
    about: Vec<String>,
    /// Ids of accounts that were deleted, says the event.
    #[serde(default)]
    deleted: Vec<String>,
    /// Id of the event; each hint has one of its own if nothing is said.
    event: Option<String>,
    /// True: something changed, and nobody says what.
    #[serde(default)]
    wide: bool,
}

/// `hints = "hr"`: events come.
pub(super) fn hints(stage: &mut Stage, step: Table) -> Result<(), String> {
    let told: Hints = read(step)?;
    let about = told.about.iter().map(|id| (Some(id), false));
    let deleted = told.deleted.iter().map(|id| (Some(id), true));
    let mut hints = Vec::new();
    for (id, deleted) in about.chain(deleted).chain(told.wide.then_some((None, false))) {
        stage.version += 1;
        hints.push(Hint {
            class: id.map(|_| Class::Account),
            id: id.map(|id| id.as_str().into()),
            event_id: Some(told.event.clone().unwrap_or_else(|| format!("event {}", stage.version))),
            occurred_at: None,
            detail: if deleted { r#"{"deleted":true}"# } else { "{}" }.to_owned(),
        });
    }
    stage.last.error = stage.engine.receive(&told.hints, &hints).err().map(|error| error.to_string());
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    look: String,
}

/// `look = "hr"`: what hints named is read, planned, applied and delivered.
pub(super) async fn look(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Look { look } = read(step)?;
    let result = stage.engine.run_hints(&look, RunOptions::default()).await;
    if let Some(result) = result.transpose() {
        stage.came_to(result);
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Observe {
    observe: String,
}

/// `observe = "hr"`: what hints named is read, and nothing decided.
pub(super) async fn observe(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Observe { observe } = read(step)?;
    stage.last.error = stage.engine.observe_hints(&observe).await.err().map(|error| error.to_string());
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    verify: String,
}

/// `verify = "hr"`.
pub(super) async fn verify(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Verify { verify } = read(step)?;
    let result = stage.engine.verify_job(&verify).await;
    stage.came_to(result);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drift {
    drift: ConnectionId,
}

/// `drift = "app"`: what is there is read back; `expect.found = ["ann: name, enabled", "bob: gone"]`.
pub(super) async fn drift(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Drift { drift } = read(step)?;
    match stage.engine.check_drift(&drift).await {
        Err(error) => stage.last.error = Some(error.to_string()),
        Ok(report) => {
            let mut lines: Vec<String> = Vec::new();
            for object in &report.objects {
                let mut words: Vec<String> = object.changes.iter().map(|change| change.attribute.to_string()).collect();
                words.extend(object.status.map(|status| match status {
                    ProjectionStatus::Present => "enabled".to_owned(),
                    _ => "disabled".to_owned(),
                }));
                words.extend(object.gone.then(|| "gone".to_owned()));
                lines.push(format!("{}: {}", object.label, words.join(", ")));
            }
            lines.sort();
            stage.last.lines = lines;
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unfreeze {
    unfreeze: ConnectionId,
}

/// `unfreeze = "app"`: values that went back and forth are delivered again.
pub(super) fn unfreeze(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Unfreeze { unfreeze } = read(step)?;
    stage.last.error = stage.engine.release_frozen(&unfreeze).err().map(|error| error.to_string());
    Ok(())
}
