//! `rosterd runs`: what was done, and what came of it.

use crate::args::{ListArgs, RunsCommand};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use jiff::Timestamp as Instant;
use rosterd_model::run::{Run, RunState};
use rosterd_model::{RunId, Timestamp};
use rosterd_store::prelude::*;
use serde::Serialize;

/// Runs `rosterd runs`.
pub(crate) fn run(context: &Context, command: RunsCommand) -> Result<Output, CommandError> {
    match command {
        RunsCommand::List(args) => list(context, &args),
        RunsCommand::Show { run } => show(context, &run),
    }
}

/// A time for people, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    Instant::from_millisecond(ms)
        .map_or_else(|_| at.0.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[derive(Serialize)]
struct Listed {
    runs: Vec<Run>,
}

impl Human for Listed {
    fn human(&self, page: &mut Page) {
        let rows = self.runs.iter().map(|run| {
            vec![
                run.id.to_string(),
                run.job.to_string(),
                run.state.as_str().to_owned(),
                time(run.started),
                run.scan.records.to_string(),
                run.plan.map(|plan| plan.short()).unwrap_or_default(),
            ]
        });
        page.table(&["run", "job", "state", "started (UTC)", "records", "plan"], rows.collect());
    }
}

fn list(context: &Context, args: &ListArgs) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    let before: Option<RunId> = match &args.after {
        Some(text) => {
            Some(text.parse().map_err(|error: rosterd_model::id::InvalidId| CommandError::usage(error.to_string()))?)
        }
        None => None,
    };
    let mut runs = Vec::new();
    for run in view.runs()? {
        let run = run?;
        if before.is_none_or(|before| run.id < before) && runs.len() < args.limit {
            runs.push(run);
        }
    }
    Ok(Output::new("runs list", Listed { runs }))
}

#[derive(Serialize)]
struct Shown {
    run: Run,
}

impl Human for Shown {
    fn human(&self, page: &mut Page) {
        let run = &self.run;
        page.heading(&format!("run {} of job {}: {}", run.id, run.job, run.state.as_str()));
        if let RunState::Incomplete { because } | RunState::Failed { because } = &run.state {
            page.line(format!("  because {}", plain(because)));
        }
        page.fields(&[
            ("connection", run.connection.to_string()),
            ("connector", run.connector.clone()),
            ("by", run.by.clone()),
            ("started", time(run.started)),
            ("ended", run.ended.map(time).unwrap_or_default()),
            ("pages", run.scan.pages.to_string()),
            ("records", run.scan.records.to_string()),
            ("new", run.scan.new.to_string()),
            ("changed", run.scan.changed.to_string()),
            ("unchanged", run.scan.unchanged.to_string()),
            ("gone", run.scan.gone.to_string()),
            ("rejected", run.scan.rejected.to_string()),
            ("erased before", run.scan.erased.to_string()),
            ("plan", run.plan.map(|plan| plan.short()).unwrap_or_default()),
            ("delivered", (run.delivery.applied + run.delivery.unchanged).to_string()),
            ("not delivered", (run.delivery.failed + run.delivery.unknown + run.delivery.not_attempted).to_string()),
        ]);
        for note in &run.licences {
            let word = if note.licensed { "licence to remove" } else { "no licence to remove" };
            page.line(format!("{}: {word}", note.class));
            for reason in &note.reasons {
                page.line(format!("  {}", plain(reason)));
            }
        }
        for note in &run.notes {
            page.line(format!("note: {}", plain(note)));
        }
    }
}

fn show(context: &Context, text: &str) -> Result<Output, CommandError> {
    let id: RunId = text.parse().map_err(|error: rosterd_model::id::InvalidId| {
        CommandError::usage(error.to_string()).hint("runs are numbers: rosterd runs list")
    })?;
    let found = context.reading_store()?.snapshot()?.run(id)?;
    let run = found.ok_or_else(|| CommandError::usage(format!("there is no run {id}; see `rosterd runs list`")))?;
    Ok(Output::new("runs show", Shown { run }))
}
