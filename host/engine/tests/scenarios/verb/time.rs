//! Time passes, the configuration changes, the process starts again, the store is copied and put back.

use super::read;
use crate::stage::Stage;
use rosterd_reconcile::absence::parse_duration;
use serde::Deserialize;
use toml::Table;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    later: String,
}

/// `later = "13h"`.
pub(super) fn later(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Later { later } = read(step)?;
    stage.now += parse_duration(&later)?;
    stage.clock.set(stage.now);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Earlier {
    earlier: String,
}

/// `earlier = "2h"`: somebody sets the clock of the machine back.
pub(super) fn earlier(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Earlier { earlier } = read(step)?;
    stage.now = stage.now.saturating_sub(parse_duration(&earlier)?);
    stage.clock.set(stage.now);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configure {
    configure: Table,
    #[serde(default)]
    remove: Vec<String>,
}

/// `configure = {...}`: laid over the configuration; `remove = ["job.hr.account.map.title"]` takes keys out of it.
pub(super) fn configure(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Configure { configure, remove } = read(step)?;
    stage.last.error = stage.configure(configure, &remove).err();
    Ok(())
}

/// `restart = true`: the process ends and starts again.
pub(super) fn restart(stage: &mut Stage, _: Table) -> Result<(), String> {
    stage.restart()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    copy: String,
}

/// `copy = "monday"`: keeps a copy of the store.
pub(super) fn copy(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Copy { copy } = read(step)?;
    let image = stage.image();
    stage.copies.insert(copy, image);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restore {
    restore: String,
}

/// `restore = "monday"`: the process ends, and starts again on the copy.
pub(super) fn restore(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Restore { restore } = read(step)?;
    let image = stage.copies.get(&restore).cloned().ok_or_else(|| format!("there is no copy \"{restore}\""))?;
    stage.restart_on(image)?;
    // As `Store::restore` leaves it.
    let mark = |w: &mut rosterd_store::Writer<'_>| rosterd_store::prelude::WriteMeta::put_restored(w, true);
    stage.engine.store.commit::<_, rosterd_store::StoreError>("store-restore", mark).map_err(crate::stage::text)
}
