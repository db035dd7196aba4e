//! What is over goes, who must be forgotten is, and who writes into the audit is found out.

use super::read;
use crate::stage::{Stage, text};
use rosterd_store::prelude::*;
use rosterd_store::{AuditChain, AuditRow, Counter, StoreError, Table as StoreTable};
use serde::Deserialize;
use toml::Table;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Erase {
    erase: String,
    #[serde(default)]
    force: bool,
}

/// `erase = "ann"`, `force = true`.
pub(super) fn erase(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Erase { erase, force } = read(step)?;
    match stage.engine.erase(&erase, force) {
        Ok(erased) => stage.last.lines = erased.remains_at,
        Err(error) => stage.last.error = Some(error.to_string()),
    }
    Ok(())
}

/// `housekeeping = true`: what it removed, as lines.
pub(super) fn housekeeping(stage: &mut Stage, _: Table) -> Result<(), String> {
    let done = stage.engine.housekeeping().map_err(text)?;
    let all = [
        ("history", done.history),
        ("steps", done.steps),
        ("plans", done.plans),
        ("runs", done.runs),
        ("entities", done.entities),
        ("tombstones", done.tombstones),
    ];
    stage.last.lines =
        all.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what} {count}")).collect();
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forge {
    /// The row of the audit.
    forge: u64,
    /// Who did it, from now on.
    principal: String,
}

/// `forge = 1`, `principal = "mallory"`: somebody writes into the audit behind the hub's back. What the check of the chain
/// says are the lines; then it is taken back, because a store must be sound after each step.
pub(super) fn forge(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Forge { forge, principal } = read(step)?;
    let row = stage.view()?.audit_row(forge).map_err(text)?.ok_or("there is no such row")?;
    let put = |stage: &Stage, row: &AuditRow| {
        let key = forge.to_be_bytes();
        stage.engine.store.commit::<_, StoreError>("forge", |w| w.put_value(StoreTable::Audit, &key, row)).map_err(text)
    };
    put(stage, &AuditRow { principal, ..row.clone() })?;
    let view = stage.view()?;
    let mut chain = AuditChain::default();
    for found in view.audit(0).map_err(text)? {
        let (number, found) = found.map_err(text)?;
        stage.last.lines.extend(chain.next(number, &found).map(|problem| problem.to_string()));
    }
    let written = view.last_number(Counter::Audit).map_err(text)?;
    stage.last.lines.extend(chain.end(written).map(|problem| problem.to_string()));
    drop(view);
    put(stage, &row)
}
