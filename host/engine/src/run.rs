//! One run of a job as a sequence of durable states: reading, planning, held, applying, delivering, done.

mod digest;
mod interrupted;

use crate::deliver::deliver;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::outcome;
use crate::plan;
use crate::policy::Job;
use crate::scan::{Asked, ScanResult, blocking, scan};
use rosterd_model::plan::{PlanDigest, PlanHeader, PlanState};
use rosterd_model::port::BoxFuture;
use rosterd_model::run::{DeliveryCounts, Run, RunState, ScanCounts, Tally};
use rosterd_model::{JobId, Rule, RunId};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, Writer};

/// Runs that are looked through for the one before.
const LAST_RUNS: usize = 100;

/// What a command of the engine came to.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The run.
    pub run: Run,
    /// Its plan; none if there was nothing to do.
    pub plan: Option<PlanHeader>,
    /// Objects missing from the scan that wait for a further one.
    pub waiting: u64,
    /// Records of the connection that are set aside.
    pub quarantined: u64,
    /// What went wrong at destinations, as sentences.
    pub faults: Vec<String>,
    /// Rows that the store had read when the scan was over; what it read after that is the price of deciding.
    pub rows_read_observing: u64,
}

/// How a job is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// An empty source may remove everybody.
    pub allow_empty: bool,
    /// Stop once the plan is made.
    pub dry: bool,
    /// Apply although the configuration changed since the last time.
    pub accept_configuration: bool,
    /// Read everything, even where the source knows deltas.
    pub full: bool,
    /// Say what differs from what was known before it is planned: what events and deltas missed.
    pub compare: bool,
    /// Plan from what is known, as the source was read last: after a change of the configuration nothing else is new. Only
    /// with `dry`; nobody is missing in such a plan, because nobody was looked for.
    pub without_reading: bool,
    /// Queue what is to be delivered, and leave it to whoever delivers.
    pub without_delivering: bool,
}

impl Engine {
    /// Reads, plans, and unless dry applies and delivers. Finishes first what an interrupted process left.
    ///
    /// # Errors
    /// The job is unknown, the source can not be read at all, or the store fails. A scan that broke off is no error: the
    /// run is `incomplete`.
    pub fn run<'a>(&'a self, job: &'a str, options: RunOptions) -> BoxFuture<'a, Result<RunReport, EngineError>> {
        Box::pin(async move {
            let policy = self.policy.clone();
            let job = policy.job(job)?;
            let _turn = self.gate.run(&job.source).await;
            let restored = self.is_restored(job.name.as_str())?;
            if !options.dry && !restored {
                self.finish_interrupted(job).await?;
            }
            let connection = self.number(&job.source)?;
            let alone = options.without_reading || job.pushed;
            let mut run = if alone { self.begin_new(job)? } else { self.begin(job, connection)? };
            let resumed = self.store.snapshot()?.scan_progress(connection)?.is_some_and(|p| p.resume.is_some());
            self.events.emit(&RunEvent::Started { run: run.id, connection: job.source.clone(), resumed });
            let faults = if restored { self.prove_restored(job).await? } else { Vec::new() };
            let report = self.stages(job, connection, &mut run, options).await;
            match report {
                Ok(mut report) => {
                    report.faults.splice(0..0, faults);
                    Ok(report)
                }
                Err(error) => Err(self.failed(&mut run, error)?),
            }
        })
    }

    /// Ends a run that failed, and gives the reason back.
    pub(crate) fn failed(&self, run: &mut Run, error: EngineError) -> Result<EngineError, EngineError> {
        run.state = failed(&error);
        self.end(run)?;
        Ok(error)
    }

    /// Reads a source and stores what it shows, and decides nothing: what a run does before it plans, for whoever measures
    /// that part alone.
    ///
    /// # Errors
    /// The job is unknown, the source can not be read to its end, or the store fails.
    pub fn observe<'a>(&'a self, job: &'a str) -> BoxFuture<'a, Result<Run, EngineError>> {
        Box::pin(async move {
            let policy = self.policy.clone();
            let job = policy.job(job)?;
            let _turn = self.gate.run(&job.source).await;
            let connection = self.number(&job.source)?;
            let mut run = self.begin(job, connection)?;
            let result = scan(self, job, connection, &mut run, Asked::default()).await?;
            run.state = match &result.broken {
                Some(fault) => RunState::Incomplete { because: fault.to_string() },
                None => RunState::Planned,
            };
            self.end(&mut run)?;
            match result.broken {
                Some(fault) => Err(EngineError::of(&job.source)(fault)),
                None => Ok(run),
            }
        })
    }

    async fn stages(
        &self,
        job: &Job,
        connection: ConnectionNumber,
        run: &mut Run,
        options: RunOptions,
    ) -> Result<RunReport, EngineError> {
        if options.without_reading {
            return self.plan_without_reading(job, connection, run, options).await;
        }
        if job.pushed && Rule::PushIsNoScan.on() {
            // What there is, its clients said; what of it is not decided yet is.
            run.connector = self.connections.digest(&job.source).unwrap_or_default();
            let known = ScanResult::nothing(run.connector.clone());
            return self.decide(job, connection, run, RunOptions { compare: false, ..options }, known).await;
        }
        let asked = Asked { allow_empty: options.allow_empty, full: options.full, compare: options.compare };
        let result = scan(self, job, connection, run, asked).await?;
        self.decide(job, connection, run, options, result).await
    }

    /// Plans as if the source had shown what it showed last.
    async fn plan_without_reading(
        &self,
        job: &Job,
        connection: ConnectionNumber,
        run: &mut Run,
        options: RunOptions,
    ) -> Result<RunReport, EngineError> {
        let source = self.connections.source(&job.source).await.map_err(EngineError::of(&job.source))?;
        run.connector = source.digest();
        drop(source);
        run.notes.push("the source was not read: the plan is made from what it showed last".to_owned());
        let known = ScanResult::nothing(run.connector.clone());
        self.decide(job, connection, run, RunOptions { dry: true, compare: false, ..options }, known).await
    }

    /// What follows from what was read: a plan, and unless dry what it changes.
    pub(crate) async fn decide(
        &self,
        job: &Job,
        connection: rosterd_store::ConnectionNumber,
        run: &mut Run,
        options: RunOptions,
        result: ScanResult,
    ) -> Result<RunReport, EngineError> {
        let rows_read_observing = self.store.counters().rows_read();
        if options.compare && result.broken.is_none() && Rule::VerificationReports.on() {
            let missed = self.tell_missed(connection, run, &result)?;
            run.notes.push(missed);
        }
        if let Some(fault) = &result.broken {
            run.state = RunState::Incomplete { because: fault.to_string() };
            self.end(run)?;
            let quarantined = self.store.snapshot()?.case_count(connection)?;
            let faults = vec![format!("connection {}: {fault}", job.source)];
            return Ok(RunReport {
                run: run.clone(),
                plan: None,
                waiting: 0,
                quarantined,
                faults,
                rows_read_observing,
            });
        }
        let (engine, id, name) = (self.clone(), run.id, job.name.clone());
        let accept_configuration = options.accept_configuration;
        let planned = blocking(move || {
            let policy = engine.policy.clone();
            let options = plan::PlanOptions { accept_configuration };
            plan::plan(&engine, policy.job(name.as_str())?, connection, id, &result, options)
        })
        .await?;
        for digest in &planned.cleared {
            run.notes.push(format!("plan {} does not wait any more: what held it is gone", digest.short()));
        }
        run.plan = planned.header.as_ref().map(|header| header.digest);
        let held = planned.header.as_ref().is_some_and(|header| !header.holds.is_empty());
        let mut report = RunReport {
            run: run.clone(),
            plan: planned.header,
            waiting: planned.waiting,
            quarantined: planned.quarantined,
            faults: Vec::new(),
            rows_read_observing,
        };
        if self.is_restored(job.name.as_str())? {
            run.state = if report.plan.is_some() { RunState::Held } else { RunState::Planned };
            let note = "the store was restored from a backup: this job only plans until a person applies a plan of it";
            self.events.emit(&RunEvent::Note(note.to_owned()));
            run.notes.push(note.to_owned());
            self.end(run)?;
            report.run = run.clone();
            return Ok(report);
        }
        if options.dry {
            run.state = if held { RunState::Held } else { RunState::Planned };
            self.end(run)?;
            report.run = run.clone();
            return Ok(report);
        }
        // A first delivery waits for a person even though applying by digest would be enough to release it.
        let first = report.plan.as_ref().is_some_and(|header| header.holds.iter().any(|hold| !hold.approval));
        if let (Some(header), false) = (&report.plan, first) {
            // A plan that stands since a person approved it is applied as a whole; what is held of another waits.
            report.plan = Some(match &header.state {
                PlanState::Approved { .. } => self.apply_approved(header.clone()).await?,
                _ => self.apply_pass(header.clone(), false).await?,
            });
        }
        let held = held && report.plan.as_ref().is_some_and(|header| header.state != PlanState::Applied);
        if options.without_delivering {
            run.state = outcome(held, report.quarantined);
            self.end(run)?;
            report.run = run.clone();
            return Ok(report);
        }
        self.deliver_and_end(run, &mut report, held).await?;
        Ok(report)
    }

    pub(crate) async fn deliver_and_end(
        &self,
        run: &mut Run,
        report: &mut RunReport,
        held: bool,
    ) -> Result<(), EngineError> {
        let delivered = deliver(self).await?;
        let waiting = self.undelivered()?;
        run.delivery = delivered.counts;
        report.faults.extend(delivered.faults);
        run.notes.extend(delivered.notes);
        let left = report.quarantined + waiting;
        run.state = outcome(held, left);
        self.end(run)?;
        report.run = run.clone();
        Ok(())
    }

    /// Entries of the outbox of configured destinations.
    fn undelivered(&self) -> Result<u64, EngineError> {
        let view = self.store.snapshot()?;
        let mut waiting = 0;
        for delivery in &self.policy.deliveries {
            if let Some(number) = view.connection_number(&delivery.destination)? {
                waiting += view.outbox_count(number)?;
            }
        }
        Ok(waiting)
    }

    pub(crate) fn begin(&self, job: &Job, connection: ConnectionNumber) -> Result<Run, EngineError> {
        // An interrupted scan goes on under its own run.
        let interrupted = self.store.snapshot()?.scan_progress(connection)?.map(|progress| progress.run);
        self.begin_as(job, interrupted)
    }

    /// A run of its own, even while a scan of the same connection waits to go on.
    pub(crate) fn begin_new(&self, job: &Job) -> Result<Run, EngineError> {
        self.begin_as(job, None)
    }

    fn begin_as(&self, job: &Job, interrupted: Option<RunId>) -> Result<Run, EngineError> {
        let now = self.clock.now();
        let begin = |w: &mut Writer<'_>| {
            let started = w.advance_clock(now)?;
            let id = match interrupted {
                Some(id) => id,
                None => w.next_run()?,
            };
            let run = fresh(id, &job.name, &job.source, &self.principal, started);
            w.put_run(&run)?;
            Ok(run)
        };
        // Clients wait for one disk write at its end, and not for more; one that is lost with the process was answered to nobody.
        if job.pushed {
            self.store.commit_with_next::<_, EngineError>("run-begin", begin)
        } else {
            self.store.commit::<_, EngineError>("run-begin", begin)
        }
    }

    pub(crate) fn end(&self, run: &mut Run) -> Result<(), EngineError> {
        let now = self.clock.now();
        let view = self.store.snapshot()?;
        let plan = match run.plan {
            Some(digest) => view.plan_of_digest(digest)?,
            None => None,
        };
        let cases = match view.connection_number(&run.connection)? {
            Some(number) => view.case_count(number)?,
            None => 0,
        };
        let before = last_run(&view, run)?;
        drop(view);
        run.tally = outcome::tally(run, plan.as_ref(), cases);
        self.store.commit::<_, EngineError>("run-end", |w| {
            run.ended = Some(w.advance_clock(now)?);
            w.put_run(run)?;
            Ok(())
        })?;
        for event in outcome::remarkable(run, before.as_ref()) {
            self.events.emit(&event);
        }
        Ok(())
    }
}

/// How a run ends. It is not `ok` while something is left over.
fn outcome(held: bool, left: u64) -> RunState {
    match (held, left) {
        (true, _) => RunState::Held,
        (false, 1..) if Rule::PartialIsNotOk.on() => RunState::Partial { left },
        (false, _) => RunState::Ok,
    }
}

/// How a run ends that could not go on.
fn failed(error: &EngineError) -> RunState {
    let because = error.to_string();
    match error {
        EngineError::Stopped => RunState::Incomplete { because },
        _ => RunState::Failed { because },
    }
}

/// The last run of the same job before this one, of the last runs.
fn last_run(view: &Snapshot, run: &Run) -> Result<Option<Run>, EngineError> {
    for other in view.runs()?.take(LAST_RUNS) {
        let other = other?;
        if other.job == run.job && other.id != run.id && other.ended.is_some() {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

fn fresh(
    id: RunId,
    job: &JobId,
    connection: &rosterd_model::ConnectionId,
    by: &str,
    started: rosterd_model::Timestamp,
) -> Run {
    Run {
        id,
        job: job.clone(),
        connection: connection.clone(),
        state: RunState::Reading,
        by: by.to_owned(),
        started,
        ended: None,
        connector: String::new(),
        scan: ScanCounts::default(),
        licences: Vec::new(),
        plan: None::<PlanDigest>,
        delivery: DeliveryCounts::default(),
        tally: Tally::default(),
        notes: Vec::new(),
    }
}
