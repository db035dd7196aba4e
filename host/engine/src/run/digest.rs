//! Applying a plan by its digest: what a person looked at is what happens.

use super::{RunReport, outcome};
use crate::apply::Applying;
use crate::deliver::deliver;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::plan;
use crate::policy::Job;
use crate::scan::blocking;
use rosterd_model::plan::{PlanHeader, PlanState};
use rosterd_model::port::BoxFuture;
use rosterd_model::run::Run;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

impl Engine {
    /// Applies a plan by its digest, and delivers.
    ///
    /// # Errors
    /// There is no such plan, it was made with another configuration or connector, or it waits for approval.
    pub fn apply<'a>(&'a self, digest: &'a str) -> BoxFuture<'a, Result<RunReport, EngineError>> {
        Box::pin(async move {
            let header = self.find_plan(digest)?;
            let policy = self.policy.clone();
            let job = policy.origin(&header.job, &header.connection)?;
            let _turn = self.gate.run(&job.source).await;
            // It may have changed while somebody else had the turn.
            let header = self.find_plan(digest)?;
            self.may_apply(&header).await?;
            if self.is_restored(header.job.as_str())?
                && let Some(unread) = self.unproven()?.first()
            {
                return Err(EngineError::Refused(format!(
                    "connection {unread} was not read back since the store was restored; make the plan again with `rosterd plan {}` once it answers",
                    header.job
                )));
            }
            let connection = self.origin_number(&job)?;
            let mut run = self.begin(&job, connection)?;
            run.plan = Some(header.digest);
            run.connector = header.connector.clone();
            match self.apply_as(&mut run, &job, connection, header).await {
                Ok(report) => Ok(report),
                Err(error) => Err(self.failed(&mut run, error)?),
            }
        })
    }

    async fn apply_as(
        &self,
        run: &mut Run,
        job: &Job,
        connection: ConnectionNumber,
        header: PlanHeader,
    ) -> Result<RunReport, EngineError> {
        let held = match &header.state {
            PlanState::Applying { held } => *held,
            _ => false,
        };
        let header = match &header.state {
            PlanState::Approved { .. } => self.apply_approved(header).await?,
            _ => self.apply_pass(header, held).await?,
        };
        if self.is_restored(job.name.as_str())? {
            self.store.commit::<_, EngineError>("restored-job", |w| Ok(w.clear_restored_for(job.name.as_str())?))?;
        }
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
        self.end(run)?;
        report.run = run.clone();
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
        let digest = header.digest.short();
        let again = if header.connection.is_hub() {
            format!("the hub makes a new one for \"{}\" as soon as there is something to do", header.job)
        } else {
            format!("make a new one with `rosterd plan {}`", header.job)
        };
        match &header.state {
            PlanState::Applied => {
                return refuse(format!("plan {digest} was applied already; for what is left to do, {again}"));
            }
            PlanState::Superseded => {
                return refuse(format!("a later plan took the place of plan {digest}; {again}"));
            }
            PlanState::Approved { at, .. } if plan::expired(&self.policy, *at, self.now()?) => {
                return refuse(format!("the approval of plan {digest} expired; {again}, and have it approved"));
            }
            _ => {}
        }
        if header.configuration != self.policy.digest {
            return refuse(format!("the configuration changed since plan {digest} was made; {again}"));
        }
        if header.connection.is_hub() {
            return Ok(());
        }
        let source = self.connections.source(&header.connection).await.map_err(EngineError::of(&header.connection))?;
        if source.digest() != header.connector {
            return refuse(format!(
                "the connector of connection {} changed since plan {digest} was made; {again}",
                header.connection
            ));
        }
        Ok(())
    }

    pub(crate) async fn apply_pass(&self, header: PlanHeader, held: bool) -> Result<PlanHeader, EngineError> {
        let engine = self.clone();
        blocking(move || {
            let policy = engine.policy.clone();
            let job = policy.origin(&header.job, &header.connection)?;
            let connection = engine.origin_number(&job)?;
            let now = engine.now()?;
            let look_first = engine.is_restored(header.job.as_str())?;
            let first = header.done == 0 && header.outcome == Default::default();
            Applying { engine: &engine, job: &job, connection, now, held, look_first, first }.run(header)
        })
        .await
    }

    /// Applies what a person approved; first, if nothing was applied yet, what needed no approval.
    pub(crate) async fn apply_approved(&self, header: PlanHeader) -> Result<PlanHeader, EngineError> {
        let first = if header.outcome == Default::default() { self.apply_pass(header, false).await? } else { header };
        self.apply_pass(first, true).await
    }

    /// The number of the connection that plans of this job are about.
    fn origin_number(&self, job: &Job) -> Result<ConnectionNumber, EngineError> {
        if job.is_hub() { Ok(ConnectionNumber::HUB) } else { self.number(&job.source) }
    }
}
