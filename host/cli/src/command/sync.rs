//! `plan`, `apply`, `run`: the main path.

use super::plan_view::{self, PlanView};
use super::tape::{self, TapeView};
use crate::args::{PlanArgs, PlanCommand, RecordArgs, RunArgs};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone};
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_model::plan::PlanState;
use rosterd_model::run::{Run, RunState};
use rosterd_reconcile::licence;
use serde::Serialize;

/// What a run came to.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Ran {
    run: Run,
    plan: Option<PlanView>,
    waiting: u64,
    quarantined: u64,
    faults: Vec<String>,
    store: StoreRows,
    #[serde(skip_serializing_if = "Option::is_none")]
    effects: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tape: Option<TapeView>,
    /// Dates that came: what the hub did of its own once the job was done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dates: Vec<Ran>,
    #[serde(skip)]
    dry: bool,
    #[serde(skip)]
    missed: Option<String>,
}

/// Rows that the command touched, for those who measure.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StoreRows {
    rows_read: u64,
    rows_read_after_observing: u64,
    rows_written: u64,
}

/// Runs `rosterd plan`.
pub(crate) fn plan(context: &Context, args: PlanArgs) -> Result<Output, CommandError> {
    match args.command {
        Some(PlanCommand::Show { digest }) => plan_view::show(context, &digest),
        Some(PlanCommand::Approve { digest }) => plan_view::approve(context, &digest),
        None => {
            let job = args.job.unwrap_or_default();
            let PlanArgs { allow_empty, full, without_reading, .. } = args;
            let options = RunOptions { allow_empty, dry: true, full, without_reading, ..RunOptions::default() };
            let (output, exit, _) = ran(context, "plan", &job, options, &args.record)?;
            let pending = args.exit_code && exit == Exit::Ok && output.plan.is_some();
            Ok(Output::new("plan", output).exit(if pending { Exit::Pending } else { exit }))
        }
    }
}

/// Runs `rosterd run`.
pub(crate) fn run(context: &Context, args: &RunArgs) -> Result<Output, CommandError> {
    let RunArgs { job, allow_empty, accept_configuration, full, record } = args;
    let (allow_empty, accept_configuration, full) = (*allow_empty, *accept_configuration, *full);
    let options = RunOptions { allow_empty, accept_configuration, full, ..RunOptions::default() };
    let (mut output, mut exit, engine) = ran(context, "run", job, options, record)?;
    for report in context.block_on(async { Ok(engine.run_timers().await?) })? {
        exit = if exit == Exit::Ok { exit_of(&report, false) } else { exit };
        output.dates.push(body(&engine, report, false)?);
    }
    Ok(Output::new("run", output).exit(exit))
}

/// What a command that made a plan of the hub's own came to.
pub(crate) fn reported(
    engine: &rosterd_engine::Engine,
    what: &'static str,
    report: RunReport,
) -> Result<Output, CommandError> {
    let exit = exit_of(&report, false);
    Ok(Output::new(what, body(engine, report, false)?).exit(exit))
}

/// Runs `rosterd verify`.
pub(crate) fn verify(context: &Context, job: &str) -> Result<Output, CommandError> {
    let options = RunOptions { full: true, dry: true, compare: true, ..RunOptions::default() };
    let (mut output, exit, _) = ran(context, "verify", job, options, &RecordArgs::default())?;
    output.missed =
        output.run.notes.iter().find(|note| note.contains("by events") || note.starts_with("verified")).cloned();
    Ok(Output::new("verify", output).exit(exit))
}

/// Runs `rosterd apply`.
pub(crate) fn apply(context: &Context, digest: &str) -> Result<Output, CommandError> {
    let engine = engine(context, Some("apply"))?;
    let report = context.block_on(async { Ok(engine.apply(digest).await?) })?;
    let exit = exit_of(&report, false);
    let body = body(&engine, report, false)?;
    Ok(Output::new("apply", body).exit(exit))
}

/// Runs `rosterd recorrelate`.
pub(crate) fn recorrelate(context: &Context, job: &str) -> Result<Output, CommandError> {
    let engine = engine(context, Some("recorrelate"))?;
    let report = context.block_on(async { Ok(engine.recorrelate(job).await?) })?;
    match &report.plan {
        Some(header) => plan_view::show(context, &header.digest.short()),
        None => Ok(Output::new("recorrelate", body(&engine, report, true)?)),
    }
}

/// Runs a job of an engine that was made for it.
pub(crate) fn run_with(
    context: &Context,
    engine: &rosterd_engine::Engine,
    what: &'static str,
    job: &str,
) -> Result<Output, CommandError> {
    let options = RunOptions::default();
    let report = context.block_on(async { Ok(engine.run(job, options).await?) })?;
    let exit = exit_of(&report, false);
    Ok(Output::new(what, body(engine, report, false)?).exit(exit))
}

fn ran(
    context: &Context,
    what: &'static str,
    job: &str,
    options: RunOptions,
    record: &RecordArgs,
) -> Result<(Ran, Exit, rosterd_engine::Engine), CommandError> {
    let recording = tape::begin(context, job, options, record)?;
    let engine = engine(context, Some(what))?;
    let report = context.block_on(async { Ok(engine.run(job, options).await) })?;
    let tape = recording.map(|recording| tape::finish(context, &recording, record, &report)).transpose();
    let report = report?;
    let exit = exit_of(&report, options.dry);
    let mut body = body(&engine, report, options.dry)?;
    body.tape = tape?;
    Ok((body, exit, engine))
}

fn body(engine: &rosterd_engine::Engine, report: RunReport, dry: bool) -> Result<Ran, CommandError> {
    let counters = engine.store.counters();
    let store = StoreRows {
        rows_read: counters.rows_read(),
        rows_read_after_observing: counters.rows_read().saturating_sub(report.rows_read_observing),
        rows_written: counters.rows_written(),
    };
    let view = engine.store.snapshot()?;
    let plan = match &report.plan {
        Some(header) => Some(PlanView::new(&view, header, plan_view::SAMPLE)?),
        None => None,
    };
    drop(view);
    Ok(Ran {
        plan,
        run: report.run,
        waiting: report.waiting,
        quarantined: report.quarantined,
        faults: report.faults,
        store,
        effects: crate::kill::effects(),
        tape: None,
        dates: Vec::new(),
        dry,
        missed: None,
    })
}

fn exit_of(report: &RunReport, dry: bool) -> Exit {
    match &report.run.state {
        RunState::Held => {
            let approval = report.plan.as_ref().is_some_and(|plan| plan.holds.iter().any(|hold| hold.approval));
            // A plan whose first delivery waits is there to be applied: nothing is wrong with it.
            if dry && !approval { Exit::Ok } else { Exit::Held }
        }
        RunState::Incomplete { .. } => Exit::Incomplete,
        RunState::Partial { .. } if !dry => Exit::Partial,
        _ if !report.faults.is_empty() => Exit::Connector,
        _ => Exit::Ok,
    }
}

impl Human for Ran {
    fn human(&self, page: &mut Page) {
        self.scan(page);
        match &self.plan {
            // Applying a plan that was seen: only what came of it is new.
            Some(_) if self.run.scan.pages == 0 && !self.run.connection.is_hub() => {}
            Some(plan) => plan.human(page),
            None if matches!(self.run.state, RunState::Incomplete { .. }) => {}
            None => self.nothing(page),
        }
        if self.waiting > 0 {
            page.line(format!(
                "{} missing from this scan wait for a further one that does not show them either",
                self.waiting
            ));
        }
        if !self.dry {
            self.outcome(page);
        }
        for fault in self.faults.iter().take(10) {
            page.line(format!("{} {}", page.paint(Tone::Bad, "fault:"), crate::output::plain(fault)));
        }
        self.next(page);
        for dates in &self.dates {
            page.line("dates that came:");
            dates.human(page);
        }
    }
}

impl Ran {
    fn scan(&self, page: &mut Page) {
        let scan = &self.run.scan;
        if scan.pages == 0 {
            return;
        }
        page.line(format!(
            "read {}: {} records, {} new, {} changed, {} set aside{}",
            self.run.connection,
            scan.records,
            scan.new,
            scan.changed,
            self.quarantined,
            if self.quarantined > 0 { " (rosterd quarantine list)" } else { "" }
        ));
        if let RunState::Incomplete { because } = &self.run.state {
            page.line(format!("incomplete: {because}; nothing is called absent"));
            return;
        }
        if let Some(missed) = &self.missed {
            page.line(crate::output::plain(missed));
        }
        for (class, reason) in self.refused() {
            page.line(format!(
                "{} no {class} of {} is removed by this scan: {}",
                page.paint(Tone::Warn, "no licence to remove:"),
                self.run.connection,
                crate::output::plain(reason)
            ));
        }
    }

    fn nothing(&self, page: &mut Page) {
        match self.run.state {
            // What is left are records set aside, or deliveries that wait: neither is as the source says.
            RunState::Partial { left } => page.line(format!("nothing new to do; {left} left from before are open")),
            _ if self.quarantined > 0 => page.line("nothing to do but for what was set aside"),
            _ => page.line("nothing to do: the hub and its destinations are as the source says"),
        }
    }

    /// Classes that the connector calls complete and the host does not, with the first reason of the host. Silent where a
    /// hold of the plan says the same, and where nobody was known before: then nobody can be missing.
    fn refused(&self) -> impl Iterator<Item = (&rosterd_model::Class, &str)> {
        // A first scan knows of its own repetitions only.
        let scan = &self.run.scan;
        let known = scan.unchanged + scan.changed > scan.new;
        let said =
            |reasons: &[String]| self.plan.as_ref().is_some_and(|plan| reasons.iter().any(|reason| plan.says(reason)));
        let refused = self.run.licences.iter().filter(move |note| known && !note.licensed && !said(&note.reasons));
        let reasons = refused.filter_map(|note| Some((&note.class, note.reasons.first()?.as_str())));
        reasons.filter(|(_, reason)| !licence::is_connectors_word(reason))
    }

    fn outcome(&self, page: &mut Page) {
        if let Some(plan) = &self.plan {
            plan.outcome(page);
        }
        let delivery = &self.run.delivery;
        let done = delivery.applied + delivery.unchanged;
        let open = delivery.failed + delivery.unknown + delivery.not_attempted + delivery.stale;
        if done + open > 0 {
            page.line(format!("delivered {done} operations, {open} left open"));
        }
    }

    fn next(&self, page: &mut Page) {
        let Some(plan) = &self.plan else { return };
        if plan.needs_approval() {
            page.line(format!("to release it: rosterd plan approve {0} && rosterd apply {0}", plan.short()));
        } else if self.dry || plan.state == PlanState::Ready {
            page.line(format!("to apply it: rosterd apply {}", plan.short()));
        }
    }
}
