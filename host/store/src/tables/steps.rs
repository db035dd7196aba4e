//! Steps of plans: written once, in order, and read in order.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::Step;

/// A step with its place in its plan.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// The lane.
    pub lane: Lane,
    /// The place within the lane.
    pub index: u32,
    /// The step.
    pub step: Step,
}

/// Reading steps.
pub trait ReadSteps: Read {
    /// The steps of a plan in order.
    ///
    /// # Errors
    /// The store can not be read.
    fn steps(&self, plan: u64) -> Result<impl Iterator<Item = Result<StepRow, StoreError>>, StoreError> {
        let rows = self.prefix(Table::PlanSteps, &plan.to_be_bytes())?;
        Ok(rows.map(|row| row.and_then(|row| decode(&row.key, &row.value))))
    }

    /// The steps of a plan behind the place `after`.
    ///
    /// # Errors
    /// The store can not be read.
    fn steps_after(
        &self,
        plan: u64,
        after: (Lane, u32),
    ) -> Result<impl Iterator<Item = Result<StepRow, StoreError>>, StoreError> {
        let from = key(plan, after.0, after.1).u8(0);
        let rows = self.prefix_from(Table::PlanSteps, &plan.to_be_bytes(), from.as_bytes())?;
        Ok(rows.map(|row| row.and_then(|row| decode(&row.key, &row.value))))
    }

    /// The place of the step number `count`, counted from 1; none if there are fewer. Passes the rows before it, without
    /// reading them: for the point at which an interrupted application goes on.
    ///
    /// # Errors
    /// The store can not be read.
    fn step_place(&self, plan: u64, count: u64) -> Result<Option<(Lane, u32)>, StoreError> {
        let Some(skip) = count.checked_sub(1) else { return Ok(None) };
        let skip = usize::try_from(skip).map_err(|_| StoreError::Exhausted { what: "step" })?;
        let row = self.prefix(Table::PlanSteps, &plan.to_be_bytes())?.nth(skip).transpose()?;
        row.map(|row| place(&row.key)).transpose()
    }

    /// Numbers of plans that have steps and no head: a run was interrupted while it wrote them. They are of no use.
    ///
    /// # Errors
    /// The store can not be read.
    fn interrupted_plans(&self) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        let mut from = Some(0_u64);
        while let Some(start) = from {
            let mut rows = self.prefix_from(Table::PlanSteps, b"", &start.to_be_bytes())?;
            let Some(row) = rows.next().transpose()? else { break };
            let plan = Parts::new(Table::PlanSteps, &row.key).u64()?;
            if !self.has(Table::Plans, &plan.to_be_bytes())? {
                found.push(plan);
            }
            from = plan.checked_add(1);
        }
        Ok(found)
    }

    /// One step.
    ///
    /// # Errors
    /// The store can not be read.
    fn step(&self, plan: u64, lane: Lane, index: u32) -> Result<Option<Step>, StoreError> {
        self.value(Table::PlanSteps, key(plan, lane, index).as_bytes())
    }
}
impl<R: Read> ReadSteps for R {}

/// Writing steps.
pub trait WriteSteps: Write {
    /// Puts a step.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_step(&mut self, plan: u64, lane: Lane, index: u32, step: &Step) -> Result<(), StoreError> {
        self.put_value(Table::PlanSteps, key(plan, lane, index).as_bytes(), step)
    }

    /// Removes the steps of a plan from its beginning, at most `most`; returns how many. For plans that are
    /// over, whose head stays as it is, and for those of [`ReadSteps::interrupted_plans`].
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_steps(&mut self, plan: u64, most: u64) -> Result<u64, StoreError> {
        self.remove_prefix(Table::PlanSteps, &plan.to_be_bytes(), most)
    }
}
impl<W: Write> WriteSteps for W {}

fn key(plan: u64, lane: Lane, index: u32) -> Key {
    Key::new().u64(plan).u8(lane as u8).u32(index)
}

pub(crate) fn lane(table: Table, code: u8) -> Result<Lane, StoreError> {
    Lane::from_code(code).ok_or(StoreError::corrupt(table, "its lane is not known here"))
}

fn place(key: &[u8]) -> Result<(Lane, u32), StoreError> {
    let mut parts = Parts::new(Table::PlanSteps, key);
    let (_, code, index) = (parts.u64()?, parts.u8()?, parts.u32()?);
    parts.end()?;
    Ok((lane(Table::PlanSteps, code)?, index))
}

fn decode(key: &[u8], value: &[u8]) -> Result<StepRow, StoreError> {
    let (lane, index) = place(key)?;
    Ok(StepRow { lane, index, step: codec::decode(Table::PlanSteps, value)? })
}
