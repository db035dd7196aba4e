//! Runs of the hub's own: plans that no scan caused, from the first step to the delivery.
//!
//! Whoever has such steps (dates that came, what a person ordered, what is adopted or repaired) calls
//! [`Engine::hub_plan`] with a name for them. A later plan of the same name takes the place of an earlier one that waits,
//! as with jobs.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::plan::{HubPlan, hub_plan};
use crate::policy::Job;
use crate::run::RunReport;
use crate::scan::blocking;
use rosterd_model::plan::{PlanHeader, PlanState};
use rosterd_model::run::{Run, RunState};
use rosterd_model::{ConnectionId, JobId};
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// How a plan of the hub's own is run.
#[derive(Debug, Clone, Copy)]
pub struct HubOptions {
    /// Stop once the plan is made.
    pub dry: bool,
    /// False: nothing of it waits for a person, whatever its size. For what a person ordered by name.
    pub guarded: bool,
    /// Deliver what the plan queued; false where a run does that right afterwards.
    pub deliver: bool,
    /// Finish first what a killed process left of such plans; false for what nothing may delay.
    pub finish: bool,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self { dry: false, guarded: true, deliver: true, finish: true }
    }
}

impl Engine {
    /// Makes a plan of the hub's own under a reserved name ([`JobId::of_hub`]), and unless dry applies what is not held and
    /// delivers. Finishes first what an interrupted process left of such plans. Only one may be under way at a time: for
    /// whoever schedules, they are runs of the connection `hub`.
    ///
    /// # Errors
    /// The store fails, or `steps` does.
    pub async fn hub_plan<F>(&self, name: JobId, options: HubOptions, steps: F) -> Result<RunReport, EngineError>
    where
        F: FnOnce(&mut HubPlan<'_>) -> Result<(), EngineError> + Send + 'static,
    {
        // Nothing may delay an emergency, not even another plan of this kind; it touches one account.
        let _turn = if options.finish { Some(self.gate.run(&ConnectionId::hub()).await) } else { None };
        if options.finish && !options.dry {
            self.finish_hub_plans().await?;
        }
        let job = Job::of_hub(name);
        let mut run = self.begin(&job, ConnectionNumber::HUB)?;
        let report = self.hub_stages(job, &mut run, options, steps).await;
        if let Err(error) = &report {
            run.state = RunState::Failed { because: error.to_string() };
            self.end(&mut run)?;
        }
        report
    }

    async fn hub_stages<F>(
        &self,
        job: Job,
        run: &mut Run,
        options: HubOptions,
        steps: F,
    ) -> Result<RunReport, EngineError>
    where
        F: FnOnce(&mut HubPlan<'_>) -> Result<(), EngineError> + Send + 'static,
    {
        let (engine, id) = (self.clone(), run.id);
        let planned = blocking(move || hub_plan(&engine, &job, id, options.guarded, steps)).await?;
        run.plan = planned.header.as_ref().map(|header| header.digest);
        let holds = |approval| move |header: &PlanHeader| header.holds.iter().any(|hold| hold.approval == approval);
        let (held, first) =
            (planned.header.as_ref().is_some_and(holds(true)), planned.header.as_ref().is_some_and(holds(false)));
        let mut report = RunReport {
            run: run.clone(),
            plan: planned.header,
            waiting: 0,
            quarantined: 0,
            faults: Vec::new(),
            rows_read_observing: 0,
        };
        if options.dry {
            run.state = if held { RunState::Held } else { RunState::Planned };
            self.end(run)?;
            report.run = run.clone();
            return Ok(report);
        }
        // What nothing may delay is no decision of the backup's.
        if options.guarded && self.is_restored_anywhere()? {
            run.state = if report.plan.is_some() { RunState::Held } else { RunState::Planned };
            let note = "the store was restored from a backup: nothing is applied by itself until a person applied a plan of every job";
            self.events.emit(&RunEvent::Note(note.to_owned()));
            run.notes.push(note.to_owned());
            self.end(run)?;
            report.run = run.clone();
            return Ok(report);
        }
        if let (Some(header), false) = (&report.plan, first) {
            report.plan = Some(self.apply_pass(header.clone(), false).await?);
        }
        if options.deliver {
            self.deliver_and_end(run, &mut report, held || first).await?;
        } else {
            run.state = if held || first { RunState::Held } else { RunState::Ok };
            self.end(run)?;
            report.run = run.clone();
        }
        Ok(report)
    }

    /// Finishes plans of the hub's own that a process was killed in the middle of.
    pub(crate) async fn finish_hub_plans(&self) -> Result<(), EngineError> {
        if self.is_restored_anywhere()? {
            return Ok(());
        }
        let interrupted: Vec<(PlanHeader, bool)> = {
            let mut found = Vec::new();
            for header in self.store.snapshot()?.plans()?.take(50) {
                let header = header?;
                if let (true, PlanState::Applying { held }) = (header.connection.is_hub(), &header.state) {
                    let held = *held;
                    found.push((header, held));
                }
            }
            found
        };
        for (header, held) in interrupted {
            let text = format!("plan {} was interrupted; it is finished first", header.digest.short());
            self.events.emit(&RunEvent::Note(text));
            self.apply_pass(header, held).await?;
        }
        Ok(())
    }
}
