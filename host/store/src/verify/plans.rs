//! Plans: every one is found by digest and job, and has the steps that its head counts.

use super::Check;
use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::meta::Counter;
use crate::tables::{ReadPlans, ReadSteps};
use rosterd_model::plan::{PlanDigest, PlanHeader, PlanState};

impl<R: Read> Check<'_, R> {
    pub(super) fn plans(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.prefix(Table::Plans, b"")? {
            let row = row?;
            let Some(plan) = self.readable(codec::decode::<PlanHeader>(Table::Plans, &row.value))? else { continue };
            let number = plan.number;
            if *row.key != number.to_be_bytes() {
                self.problem(format_args!("plan {number} lies under another number"));
            }
            self.given_out(Counter::Plan, number, "a plan")?;
            if view.number(Table::PlanDigests, &plan.digest.0)?.is_none_or(|newest| newest < number) {
                self.problem(format_args!("plan {number} can not be found by its digest"));
            }
            if !view.has(Table::PlanJobs, Key::new().text(plan.job.as_str()).u64(number).as_bytes())? {
                self.problem(format_args!("plan {number} can not be found by its job"));
            }
            if plan.done > plan.steps {
                self.problem(format_args!("plan {number} did {} of {} steps", plan.done, plan.steps));
            }
        }
        let (plans, jobs) = (view.row_count(Table::Plans)?, view.row_count(Table::PlanJobs)?);
        if plans != jobs {
            self.problem(format_args!("there are {plans} plans, but {jobs} plans of jobs"));
        }
        for row in view.prefix(Table::PlanDigests, b"")? {
            let row = row?;
            let digest = Parts::new(Table::PlanDigests, &row.key).raw().map(PlanDigest);
            let Some(digest) = self.readable(digest)? else { continue };
            let plan = view.plan_of_digest(digest);
            let Some(plan) = self.readable(plan)? else { continue };
            if plan.is_none_or(|plan| plan.digest != digest) {
                self.problem(format_args!("the digest {} leads to no plan with it", digest.short()));
            }
        }
        Ok(())
    }

    /// Every step is decoded and counted for its plan.
    pub(super) fn steps(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let mut numbers: Vec<u64> = view.interrupted_plans()?;
        for number in &numbers {
            let rows = view.prefix(Table::PlanSteps, &number.to_be_bytes())?.count();
            self.report
                .remarks
                .push(format!("an interrupted run left {rows} steps of plan {number}, which was never finished"));
        }
        for plan in view.prefix(Table::Plans, b"")? {
            numbers.extend(codec::number(Table::Plans, &plan?.key));
        }
        for number in numbers {
            let mut rows = 0_u64;
            for step in view.steps(number)? {
                rows += 1;
                self.readable(step)?;
            }
            let Ok(Some(plan)) = view.plan(number) else { continue };
            // The steps of a plan that is over may be removed; those that remain are not more than there were.
            let over = matches!(plan.state, PlanState::Applied | PlanState::Superseded);
            if if over { rows > plan.steps } else { rows != plan.steps } {
                self.problem(format_args!("plan {number} counts {} steps and has {rows}", plan.steps));
            }
        }
        Ok(())
    }
}
