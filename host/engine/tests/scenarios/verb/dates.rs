//! Dates that come, and what people order about one account.

use super::command::command;
use super::read;
use crate::stage::{Stage, text};
use rosterd_engine::Engine;
use serde::Deserialize;
use toml::Table;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dates {
    #[serde(rename = "dates")]
    _dates: bool,
}

/// `dates = true`: the hub looks at the dates that came. Without any that matter there is no run, and no outcome.
pub(super) async fn dates(stage: &mut Stage, step: Table) -> Result<(), String> {
    let _: Dates = read(step)?;
    for report in stage.engine.run_timers().await.map_err(text)? {
        stage.came_to(Ok(report));
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// The user name of the account.
    #[serde(alias = "disable", alias = "enable")]
    account: String,
    /// Why.
    reason: String,
    /// Ahead of every hold and lane.
    #[serde(default)]
    now: bool,
    by: Option<String>,
}

/// `disable = "ann"`, `reason = "phished"`, `now = true`.
pub(super) async fn disable(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Order { account, reason, now, by } = read(step)?;
    command(stage, None, by, move |engine: Engine| async move { engine.disable(&account, &reason, now).await }).await
}

/// `enable = "ann"`, `reason = "cleared"`.
pub(super) async fn enable(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Order { account, reason, by, .. } = read(step)?;
    command(stage, None, by, move |engine: Engine| async move { engine.enable(&account, &reason).await }).await
}
