//! What sources show: `shows` for everything, `changes` for a delta.

use super::read;
use crate::rows::Records;
use crate::stage::Stage;
use rosterd_engine::testing::{Break, Delta};
use rosterd_model::record::{Change, ScanEnd};
use rosterd_model::{Class, Fault, FaultKind};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Table;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Shows {
    /// The system.
    shows: String,
    /// Version of the source; each step has another one if nothing is said, `none` means that it tells none.
    version: Option<String>,
    /// Records on a page.
    #[serde(default = "pages_of_ten")]
    page: usize,
    /// The scan fails instead of giving this page, counted from 0.
    breaks_at: Option<usize>,
    /// With this fault.
    #[serde(default = "transient")]
    fault: FaultKind,
    /// The last page does not say that it is the last.
    #[serde(default)]
    no_end: bool,
    /// Classes that the source calls complete; those that it shows, and accounts, if nothing is said.
    complete: Option<Vec<Class>>,
    /// Totals that it declares.
    #[serde(default)]
    declared: BTreeMap<String, u64>,
    /// The cursor for the next delta.
    cursor: Option<String>,
    /// A remark.
    note: Option<String>,
    #[serde(flatten)]
    rest: Table,
}

const fn pages_of_ten() -> usize {
    10
}

const fn transient() -> FaultKind {
    FaultKind::Transient
}

/// `shows = "hr"`: from now on a scan shows these records and no others.
pub(super) fn shows(stage: &mut Stage, step: Table) -> Result<(), String> {
    let shows: Shows = read(step)?;
    let changes = read::<Records>(shows.rest)?.changes()?;
    let declared_totals = shows
        .declared
        .iter()
        .map(|(class, total)| Ok((class.parse::<Class>().map_err(|error| error.to_string())?, *total)))
        .collect::<Result<Vec<_>, String>>()?;
    let complete = shows.complete.unwrap_or_else(|| {
        let classes: BTreeSet<Class> = changes.iter().filter_map(class_of).chain([Class::Account]).collect();
        classes.into_iter().collect()
    });
    stage.version += 1;
    let version = match shows.version.as_deref() {
        Some("none") => None,
        Some(version) => Some(version.to_owned()),
        None => Some(format!("version {}", stage.version)),
    };
    let end = ScanEnd { complete, declared_totals, cursor: shows.cursor, note: shows.note };
    let fault = Fault::new(shows.fault, "the source failed in the middle");
    let broken = shows.breaks_at.map(|page| Break { page, fault });
    stage.world.with(&shows.shows, |system| {
        let shown = &mut system.shown;
        shown.changes = changes;
        shown.page_size = shows.page;
        shown.end = (!shows.no_end).then_some(end);
        shown.version = version;
        shown.broken = broken;
        shown.deltas.clear();
        shown.reads.clear();
    });
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Changes {
    /// The system.
    changes: String,
    /// The cursor that the delta begins at; the newest if nothing is said.
    since: Option<String>,
    /// The cursor that it leads to.
    cursor: Option<String>,
    #[serde(flatten)]
    rest: Table,
}

/// `changes = "hr"`: a delta behind those that there are.
pub(super) fn changes(stage: &mut Stage, step: Table) -> Result<(), String> {
    let told: Changes = read(step)?;
    let changes = read::<Records>(told.rest)?.changes()?;
    stage.world.with(&told.changes, |system| {
        let shown = &mut system.shown;
        let newest = match shown.deltas.last() {
            Some(delta) => delta.cursor.clone(),
            None => shown.end.as_ref().and_then(|end| end.cursor.clone()),
        };
        let since = told.since.or(newest).ok_or("the source never gave a cursor that a delta could begin at")?;
        shown.deltas.push(Delta { since, changes, cursor: told.cursor });
        Ok(())
    })
}

const fn class_of(change: &Change) -> Option<Class> {
    match change {
        Change::Upsert(record) => Some(record.class),
        Change::Amend(amendment) => Some(amendment.class),
        Change::Gone { class, .. } => Some(*class),
        Change::Rejected(rejection) => rejection.class,
    }
}
