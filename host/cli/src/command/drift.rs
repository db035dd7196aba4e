//! `rosterd drift`: is a destination still as it acknowledged, and what was changed there by hand?

use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_engine::drift::{DriftReport, Drifted};
use rosterd_engine::run::RunReport;
use rosterd_model::ConnectionId;
use rosterd_model::plan::AttributeChange;
use rosterd_model::run::RunState;
use serde::Serialize;

/// What reading back found.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Found {
    destination: ConnectionId,
    checked: u64,
    differing: u64,
    gone: u64,
    unreadable: u64,
    objects: Vec<Object>,
    faults: Vec<String>,
    /// Where the delivery says so, the plan that puts it right.
    repair: Option<Repair>,
}

/// What became of a repair.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Repair {
    plan: Option<String>,
    state: String,
}

impl Repair {
    fn of(report: &RunReport) -> Self {
        let plan = report.plan.as_ref().map(|plan| plan.digest.short());
        Self { plan, state: report.run.state.as_str().to_owned() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Object {
    class: String,
    name: String,
    external_id: String,
    gone: bool,
    usable: Option<bool>,
    changes: Vec<AttributeChange>,
}

impl Object {
    fn of(drifted: &Drifted) -> Self {
        Self {
            class: drifted.class.to_string(),
            name: drifted.label.to_string(),
            external_id: drifted.external_id.to_string(),
            gone: drifted.gone,
            usable: drifted.status.map(|status| status == rosterd_model::outbox::ProjectionStatus::Present),
            changes: drifted.changes.clone(),
        }
    }

    /// What differs, without values: those are in the JSON.
    fn difference(&self) -> String {
        if self.gone {
            return "no longer there".to_owned();
        }
        let mut words: Vec<String> = self.changes.iter().map(|change| plain(&change.attribute)).collect();
        words.extend(self.usable.map(|usable| if usable { "enabled" } else { "disabled" }.to_owned()));
        words.join(", ")
    }
}

/// What was let go.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Released {
    destination: ConnectionId,
    released: u64,
}

/// Runs `rosterd drift`.
pub(crate) fn run(context: &Context, destination: &str, release: bool) -> Result<Output, CommandError> {
    let destination: ConnectionId = destination
        .parse()
        .map_err(|error| CommandError::usage(format!("\"{destination}\" is no connection: {error}")))?;
    let engine = engine(context, Some("drift"))?;
    if release {
        let released = engine.release_frozen(&destination)?;
        return Ok(Output::new("drift", Released { destination, released }));
    }
    let report = context.block_on(async { Ok(engine.check_drift(&destination).await?) })?;
    let exit = match report.repair.as_ref().map(|repair| &repair.run.state) {
        _ if report.unreadable > 0 => Exit::Connector,
        Some(RunState::Held) => Exit::Held,
        Some(RunState::Partial { .. }) => Exit::Partial,
        _ => Exit::Ok,
    };
    Ok(Output::new("drift", found(destination, report)).exit(exit))
}

fn found(destination: ConnectionId, report: DriftReport) -> Found {
    let DriftReport { checked, differing, gone, unreadable, objects, faults, repair } = report;
    let objects = objects.iter().map(Object::of).collect();
    let repair = repair.as_deref().map(Repair::of);
    Found { destination, checked, differing, gone, unreadable, objects, faults, repair }
}

impl Human for Found {
    fn human(&self, page: &mut Page) {
        page.line(format!(
            "read {} objects back from {}: {} differ, {} of them are gone",
            self.checked, self.destination, self.differing, self.gone
        ));
        if !self.objects.is_empty() {
            let rows = self.objects.iter();
            let rows = rows.map(|o| vec![o.class.clone(), plain(&o.name), plain(&o.external_id), o.difference()]);
            page.table(&["class", "name", "id there", "changed there"], rows.collect());
        }
        if self.differing > self.objects.len() as u64 {
            page.line(format!("and {} more", self.differing - self.objects.len() as u64));
        }
        match &self.repair {
            Some(Repair { plan: Some(plan), state }) if state == "held" => {
                page.line(format!("the repair waits for a person: rosterd plan show {plan}"));
            }
            Some(Repair { plan: Some(plan), state }) => page.line(format!("repaired by plan {plan}: {state}")),
            Some(Repair { plan: None, .. }) => page.line("there is nothing to repair: it is as it should be"),
            None => {}
        }
        for fault in self.faults.iter().take(10) {
            page.line(format!("{} {}", page.paint(Tone::Bad, "not read:"), plain(fault)));
        }
    }
}

impl Human for Released {
    fn human(&self, page: &mut Page) {
        match self.released {
            0 => page.line(format!("nothing is left alone at {}", self.destination)),
            count => {
                page.line(format!("{count} attributes at {} are delivered again by the next run", self.destination));
            }
        }
    }
}
