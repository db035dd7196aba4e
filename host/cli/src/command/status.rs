//! `rosterd status`: what runs, what waits and what needs a person, on one page.

use super::runs::time;
use crate::clock::SystemClock;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use crate::serve::hub::Hub;
use rosterd_model::Timestamp;
use rosterd_model::plan::PlanState;
use rosterd_model::port::Clock as _;
use rosterd_model::run::RunState;
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// Runs that are looked through for the last one of each job.
const LAST_RUNS: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Status {
    /// The service; none if there is none.
    service: Option<Service>,
    jobs: Vec<JobStatus>,
    connections: Vec<ConnectionStatus>,
    /// Plans that wait for a person.
    held: Vec<HeldPlan>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Service {
    pid: u32,
    since: Timestamp,
    now: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JobStatus {
    job: String,
    connection: String,
    running: bool,
    waiting: bool,
    due: Option<Timestamp>,
    last_run: Option<u64>,
    last_state: Option<RunState>,
    last_ended: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ConnectionStatus {
    connection: String,
    outbox: u64,
    quarantined: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct HeldPlan {
    plan: String,
    job: String,
    at: Timestamp,
    approved: bool,
    because: Vec<String>,
}

/// Runs `rosterd status`.
pub(crate) fn run(context: &Context) -> Result<Output, CommandError> {
    if context.hub().is_none() && context.service_answers()? {
        return Err(context.only_in_service()?);
    }
    let config = context.config()?;
    let mut jobs: BTreeMap<String, JobStatus> = BTreeMap::new();
    for (name, job) in &config.file.job {
        let status = JobStatus {
            job: name.clone(),
            connection: job.spec.source.to_string(),
            running: false,
            waiting: false,
            due: None,
            last_run: None,
            last_state: None,
            last_ended: None,
        };
        jobs.insert(name.clone(), status);
    }
    let (mut connections, mut held) = (Vec::new(), Vec::new());
    if context.hub().is_some() || context.store_path()?.exists() {
        let view = context.reading_store()?.snapshot()?;
        last_runs(&view, &mut jobs)?;
        connections = queues(&view)?;
        for job in jobs.keys() {
            held.extend(held_plans(&view, job)?);
        }
    }
    if let Some(hub) = context.hub() {
        scheduled(hub, &mut jobs);
    }
    let service =
        context.hub().map(|hub| Service { pid: std::process::id(), since: hub.since, now: SystemClock.now() });
    Ok(Output::new("status", Status { service, jobs: jobs.into_values().collect(), connections, held }))
}

fn scheduled(hub: &Hub, jobs: &mut BTreeMap<String, JobStatus>) {
    for look in hub.scheduler.get().map(rosterd_engine::scheduler::Scheduler::jobs).unwrap_or_default() {
        if let Some(job) = jobs.get_mut(&look.job) {
            job.running = look.running || hub.gate.is_running(&look.connection);
            job.waiting = look.waiting;
            job.due = look.due;
        }
    }
}

fn last_runs(view: &Snapshot, jobs: &mut BTreeMap<String, JobStatus>) -> Result<(), CommandError> {
    for run in view.runs()?.take(LAST_RUNS) {
        let run = run?;
        if let Some(job) = jobs.get_mut(run.job.as_str()).filter(|job| job.last_run.is_none()) {
            job.last_run = Some(run.id.0);
            job.last_ended = run.ended;
            job.last_state = Some(run.state);
        }
    }
    Ok(())
}

fn queues(view: &Snapshot) -> Result<Vec<ConnectionStatus>, CommandError> {
    let mut all = Vec::new();
    for (name, number) in view.connections()? {
        let (outbox, quarantined) = (view.outbox_count(number)?, view.case_count(number)?);
        all.push(ConnectionStatus { connection: name.to_string(), outbox, quarantined });
    }
    Ok(all)
}

fn held_plans(view: &Snapshot, job: &str) -> Result<Vec<HeldPlan>, CommandError> {
    let Ok(job) = job.parse() else { return Ok(Vec::new()) };
    let mut held = Vec::new();
    for header in view.plans_of(&job)?.take(20) {
        let header = header?;
        let approved = match header.state {
            PlanState::Held => false,
            PlanState::Approved { .. } => true,
            _ => continue,
        };
        let because = header.holds.iter().map(|hold| format!("{} {}: {}", hold.count, hold.bucket, hold.because));
        held.push(HeldPlan {
            plan: header.digest.short(),
            job: header.job.to_string(),
            at: header.at,
            approved,
            because: because.collect(),
        });
    }
    Ok(held)
}

impl Human for Status {
    fn human(&self, page: &mut Page) {
        match &self.service {
            Some(service) => {
                page.line(format!("rosterd serve runs since {} as process {}", time(service.since), service.pid));
            }
            None => page.line("rosterd serve does not run; jobs run when somebody runs them"),
        }
        if !self.jobs.is_empty() {
            page.gap();
            let rows = self.jobs.iter().map(JobStatus::row);
            page.table(&["job", "connection", "now", "due (UTC)", "last run", "ended (UTC)"], rows.collect());
        }
        let busy: Vec<_> = self.connections.iter().filter(|row| row.outbox + row.quarantined > 0).collect();
        if !busy.is_empty() {
            page.gap();
            let rows = busy
                .iter()
                .map(|row| vec![row.connection.clone(), row.outbox.to_string(), row.quarantined.to_string()]);
            page.table(&["connection", "to be sent", "set aside"], rows.collect());
        }
        for plan in &self.held {
            page.gap();
            let what = if plan.approved { "is approved and waits to be applied" } else { "waits for approval" };
            page.line(format!("{} plan {} of {} {what}", page.paint(Tone::Warn, "held:"), plan.plan, plan.job));
            for because in &plan.because {
                page.line(format!("  {}", plain(because)));
            }
            page.line(if plan.approved {
                format!("  rosterd apply {}", plan.plan)
            } else {
                format!("  rosterd plan show {0}, then rosterd plan approve {0} && rosterd apply {0}", plan.plan)
            });
        }
    }
}

impl JobStatus {
    fn row(&self) -> Vec<String> {
        let now = match (self.running, self.waiting) {
            (true, true) => "runs, and runs again",
            (true, false) => "runs",
            (false, true) => "waits",
            (false, false) => "",
        };
        let last = match (&self.last_run, &self.last_state) {
            (Some(run), Some(state)) => format!("{run}: {}", state.as_str()),
            _ => String::new(),
        };
        vec![
            self.job.clone(),
            self.connection.clone(),
            now.to_owned(),
            self.due.map(time).unwrap_or_default(),
            last,
            self.last_ended.map(time).unwrap_or_default(),
        ]
    }
}
