//! One run of a job as a sequence of durable states: reading, planning, held, applying, delivering, done.

use crate::apply::Applying;
use crate::deliver::deliver;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::plan;
use crate::policy::Job;
use crate::scan::{blocking, scan};
use rosterd_model::plan::{PlanDigest, PlanHeader, PlanState};
use rosterd_model::run::{DeliveryCounts, Run, RunState, ScanCounts};
use rosterd_model::{JobId, Rule, RunId};
use rosterd_store::prelude::*;

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
}

impl Engine {
    /// Reads, plans, and unless dry applies and delivers. Finishes first what an interrupted process left.
    ///
    /// # Errors
    /// The job is unknown, the source can not be read at all, or the store fails. A scan that broke off is no error: the
    /// run is `incomplete`.
    pub async fn run(&self, job: &str, options: RunOptions) -> Result<RunReport, EngineError> {
        let policy = self.policy.clone();
        let job = policy.job(job)?;
        if !options.dry {
            self.finish_interrupted(job).await?;
        }
        let connection = self.number(&job.source)?;
        let mut run = self.begin(job, connection)?;
        let resumed = self.store.snapshot()?.scan_progress(connection)?.is_some_and(|p| p.resume.is_some());
        self.events.emit(&RunEvent::Started { run: run.id, connection: job.source.clone(), resumed });
        let report = self.stages(job, connection, &mut run, options).await;
        match report {
            Ok(report) => Ok(report),
            Err(error) => {
                run.state = RunState::Failed { because: error.to_string() };
                self.end(&mut run)?;
                Err(error)
            }
        }
    }

    /// Reads a source and stores what it shows, and decides nothing: what a run does before it plans, for whoever measures
    /// that part alone.
    ///
    /// # Errors
    /// The job is unknown, the source can not be read to its end, or the store fails.
    pub async fn observe(&self, job: &str) -> Result<Run, EngineError> {
        let policy = self.policy.clone();
        let job = policy.job(job)?;
        let connection = self.number(&job.source)?;
        let mut run = self.begin(job, connection)?;
        let result = scan(self, job, connection, &mut run, false).await?;
        run.state = match &result.broken {
            Some(fault) => RunState::Incomplete { because: fault.to_string() },
            None => RunState::Planned,
        };
        self.end(&mut run)?;
        match result.broken {
            Some(fault) => Err(EngineError::of(&job.source)(fault)),
            None => Ok(run),
        }
    }

    async fn stages(
        &self,
        job: &Job,
        connection: rosterd_store::ConnectionNumber,
        run: &mut Run,
        options: RunOptions,
    ) -> Result<RunReport, EngineError> {
        let result = scan(self, job, connection, run, options.allow_empty).await?;
        let rows_read_observing = self.store.counters().rows_read();
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
        let planned = blocking(move || {
            let policy = engine.policy.clone();
            plan::plan(&engine, policy.job(name.as_str())?, connection, id, &result)
        })
        .await?;
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
        if options.dry {
            run.state = if held { RunState::Held } else { RunState::Planned };
            self.end(run)?;
            report.run = run.clone();
            return Ok(report);
        }
        // A first delivery waits for a person even though applying by digest would be enough to release it.
        let first = report.plan.as_ref().is_some_and(|header| header.holds.iter().any(|hold| !hold.approval));
        if let (Some(header), false) = (&report.plan, first) {
            report.plan = Some(self.apply_pass(job, header.clone(), false).await?);
        }
        self.deliver_and_end(run, &mut report, held).await?;
        Ok(report)
    }

    async fn deliver_and_end(&self, run: &mut Run, report: &mut RunReport, held: bool) -> Result<(), EngineError> {
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

    /// Applies a plan by its digest, and delivers.
    ///
    /// # Errors
    /// There is no such plan, it was made with another configuration or connector, or it waits for approval.
    pub async fn apply(&self, digest: &str) -> Result<RunReport, EngineError> {
        let header = self.find_plan(digest)?;
        let policy = self.policy.clone();
        let job = policy.job(header.job.as_str())?;
        self.may_apply(&header).await?;
        let connection = self.number(&job.source)?;
        let mut run = self.begin(job, connection)?;
        run.plan = Some(header.digest);
        run.connector = header.connector.clone();
        let held = match &header.state {
            PlanState::Applying { held } => *held,
            PlanState::Approved { .. } => true,
            _ => false,
        };
        let header = if held && header.done == 0 && header.outcome == Default::default() {
            // Approved before anything was applied: first what needed no approval.
            let first = self.apply_pass(job, header, false).await?;
            self.apply_pass(job, first, true).await?
        } else {
            self.apply_pass(job, header, held).await?
        };
        let waits = header.state == PlanState::Held;
        let quarantined = self.store.snapshot()?.case_count(connection)?;
        let mut report = RunReport {
            run: run.clone(),
            plan: Some(header),
            waiting: 0,
            quarantined,
            faults: Vec::new(),
            rows_read_observing: 0,
        };
        let delivered = deliver(self).await?;
        run.delivery = delivered.counts;
        report.faults.extend(delivered.faults);
        run.notes.extend(delivered.notes);
        run.state = outcome(waits, self.undelivered()?);
        self.end(&mut run)?;
        report.run = run;
        Ok(report)
    }

    /// The plan of a digest or of the first digits of one.
    ///
    /// # Errors
    /// There is none, or several.
    pub fn find_plan(&self, digest: &str) -> Result<PlanHeader, EngineError> {
        self.store.snapshot()?.plan_of_prefix(digest)?.ok_or_else(|| {
            EngineError::NotFound(format!("there is no plan {digest}; make one with `rosterd plan JOB`"))
        })
    }

    async fn may_apply(&self, header: &PlanHeader) -> Result<(), EngineError> {
        let refuse = |text: String| Err(EngineError::Refused(text));
        let (digest, job) = (header.digest.short(), &header.job);
        match &header.state {
            PlanState::Applied => {
                return refuse(format!(
                    "plan {digest} was applied already; what is left to do is in `rosterd plan {job}`"
                ));
            }
            PlanState::Superseded => {
                return refuse(format!(
                    "a later plan took the place of plan {digest}; make a new one with `rosterd plan {job}`"
                ));
            }
            PlanState::Approved { at, .. } if self.now()?.since_ms(*at) > crate::approve::VALID_MS => {
                return refuse(format!(
                    "the approval of plan {digest} expired; run `rosterd plan {job}` and have the new plan approved"
                ));
            }
            _ => {}
        }
        if header.configuration != self.policy.digest {
            return refuse(format!(
                "the configuration changed since plan {digest} was made; make a new one with `rosterd plan {job}`"
            ));
        }
        let source = self.connections.source(&header.connection).await.map_err(EngineError::of(&header.connection))?;
        if source.digest() != header.connector {
            return refuse(format!(
                "the connector of connection {} changed since plan {digest} was made; make a new one with `rosterd plan {job}`",
                header.connection
            ));
        }
        Ok(())
    }

    async fn apply_pass(&self, job: &Job, header: PlanHeader, held: bool) -> Result<PlanHeader, EngineError> {
        let (engine, name) = (self.clone(), job.name.clone());
        blocking(move || {
            let policy = engine.policy.clone();
            let job = policy.job(name.as_str())?;
            let connection = engine.number(&job.source)?;
            let now = engine.now()?;
            Applying { engine: &engine, job, connection, now, held }.run(header)
        })
        .await
    }

    /// Finishes a plan that a process was killed in the middle of, and what it queued.
    async fn finish_interrupted(&self, job: &Job) -> Result<(), EngineError> {
        let interrupted = {
            let view = self.store.snapshot()?;
            let mut found = None;
            for header in view.plans_of(&job.name)?.take(3) {
                let header = header?;
                if let PlanState::Applying { held } = header.state {
                    found = Some((header, held));
                    break;
                }
            }
            found
        };
        if let Some((header, held)) = interrupted {
            self.events
                .emit(&RunEvent::Note(format!("plan {} was interrupted; it is finished first", header.digest.short())));
            self.apply_pass(job, header, held).await?;
        }
        deliver(self).await?;
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

    fn begin(&self, job: &Job, connection: rosterd_store::ConnectionNumber) -> Result<Run, EngineError> {
        let now = self.clock.now();
        // An interrupted scan goes on under its own run.
        let interrupted = self.store.snapshot()?.scan_progress(connection)?.map(|progress| progress.run);
        self.store.commit::<_, EngineError>("run-begin", |w| {
            let started = w.advance_clock(now)?;
            let id = match interrupted {
                Some(id) => id,
                None => w.next_run()?,
            };
            let run = fresh(id, &job.name, &job.source, &self.principal, started);
            w.put_run(&run)?;
            Ok(run)
        })
    }

    fn end(&self, run: &mut Run) -> Result<(), EngineError> {
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("run-end", |w| {
            run.ended = Some(w.advance_clock(now)?);
            w.put_run(run)?;
            Ok(())
        })
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
        notes: Vec::new(),
    }
}
