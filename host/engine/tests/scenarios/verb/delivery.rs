//! What people do about a destination: pause it, let it go on, give an entry up.

use super::read;
use crate::stage::Stage;
use rosterd_engine::{Repeat, entry_name};
use rosterd_model::Timestamp;
use rosterd_reconcile::absence::parse_duration;
use serde::Deserialize;
use toml::Table;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// The destination.
    #[serde(alias = "pause", alias = "resume")]
    connection: String,
}

/// `pause = "app"`: nobody writes to it.
pub(super) fn pause(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Named { connection } = read(step)?;
    let done = stage.engine.pause(Some(&connection), "a scenario");
    stage.last.error = done.err().map(|error| error.to_string());
    Ok(())
}

/// `resume = "app"`: it goes on.
pub(super) fn resume(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Named { connection } = read(step)?;
    let done = stage.engine.resume(Some(&connection));
    stage.last.error = done.err().map(|error| error.to_string());
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drop {
    /// Destination and name of the object: `app ann`.
    drop: String,
}

/// `drop = "app ann"`: the entry is given up.
pub(super) fn drop(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Drop { drop } = read(step)?;
    let entries = crate::expect::entries(stage)?;
    let entry = entries.iter().find(|(name, _)| *name == drop);
    let (_, entry) = entry.ok_or_else(|| format!("there is no entry {drop}"))?;
    stage.last.error = stage.engine.outbox_drop(&entry_name(entry)).err().map(|error| error.to_string());
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    /// The destination.
    replay: String,
    /// How long ago it began, and ended.
    since: String,
    until: Option<String>,
    class: Option<String>,
    #[serde(default)]
    dry: bool,
}

/// `replay = "app"`, `since = "2h"`: what was told within that time is told again with the next delivery.
pub(super) fn replay(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Replay { replay, since, until, class, dry } = read(step)?;
    let ago = |span: &str| Ok::<_, String>(Timestamp(stage.now.saturating_sub(parse_duration(span)?)));
    let (since, until) = (ago(&since)?, until.as_deref().map_or(Ok(Timestamp(stage.now)), ago)?);
    let class = class.map(|word| word.parse()).transpose().map_err(crate::stage::text)?;
    match stage.engine.outbox_repeat(&Repeat { connection: replay, since, until, class, dry }) {
        Ok(done) => {
            stage.last.lines = vec![format!("{} queued, {} waiting, {} gone", done.queued, done.waiting, done.gone)];
        }
        Err(error) => stage.last.error = Some(error.to_string()),
    }
    Ok(())
}
