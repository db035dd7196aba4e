//! Step rows, written in order and hashed while they are.

use crate::aside::Aside;
use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::{PlanDigest, Step};
use rosterd_reconcile::order::lane;
use rosterd_reconcile::plan::{StepHasher, plan_digest};
use rosterd_store::prelude::*;
use rosterd_store::{Counter, Snapshot, Writer};
use std::collections::{BTreeMap, BTreeSet};

/// So many rows are stored together: whoever waits for the last of them waits for no more than these.
const TOGETHER: usize = 2_000;
/// A plan with more rows takes so long that the last ones do not matter, and is stored in larger portions.
const LARGE: u64 = 200_000;

/// A step in its lane. In a box: a list of them would be of a size that memory is not kept ready for, and the system clears
/// what it gives anew.
type Row = (Lane, u32, Box<Step>);

/// The steps of a plan in the making. They lie under a number that no plan has yet.
pub(super) struct Rows<'a> {
    engine: &'a Engine,
    /// Number of the plan.
    pub(super) number: u64,
    lanes: BTreeMap<Lane, (u32, StepHasher)>,
    buffer: Vec<Row>,
    /// Rows that are being stored right now; the list comes back empty.
    flight: Option<Aside<Vec<Row>>>,
    /// An empty list with room for the next rows.
    spare: Vec<Row>,
    /// Rows in all.
    pub(super) count: u64,
    flushed: bool,
    /// True: the end of the run waits for the disk soon, and its rows need not.
    brief: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(engine: &'a Engine, view: &Snapshot, brief: bool) -> Result<Self, EngineError> {
        let number = engine.store.reserve_plan(view.last_number(Counter::Plan)?);
        let rows = Self {
            engine,
            number,
            lanes: BTreeMap::new(),
            buffer: Vec::new(),
            flight: None,
            spare: Vec::new(),
            count: 0,
            flushed: false,
            brief,
        };
        // A process that was killed while planning may have left rows under this number.
        if view.steps(number)?.next().is_some() {
            rows.discard(number)?;
        }
        Ok(rows)
    }

    /// Removes the rows under a number.
    pub(super) fn discard(&self, number: u64) -> Result<(), EngineError> {
        let most = self.engine.settings.apply_batch as u64;
        while self.engine.store.commit::<_, EngineError>("plan-discard", |w| Ok(w.remove_steps(number, most)?))? == most
        {
        }
        Ok(())
    }

    /// The lane of a step: that of its first part.
    pub(super) fn lane(step: &Step) -> Lane {
        let urgent = step.reason.is_urgent();
        step.parts.first().map_or(Lane::Account, |part| lane(step.class, part.operation, urgent))
    }

    /// Where the next step of this lane will stand.
    pub(super) fn place(&self, lane: Lane) -> (Lane, u32) {
        (lane, self.lanes.get(&lane).map_or(0, |(next, _)| *next))
    }

    pub(super) fn push(&mut self, step: Step) -> Result<(), EngineError> {
        let lane = Self::lane(&step);
        let (next, hasher) = self.lanes.entry(lane).or_insert_with(|| (0, StepHasher::new(lane)));
        hasher.step(&step);
        self.buffer.push((lane, *next, Box::new(step)));
        *next += 1;
        self.count += 1;
        let most = self.engine.settings.apply_batch;
        let together = if self.count < LARGE { most.min(TOGETHER) } else { most };
        if self.buffer.len() >= together {
            self.flush()?;
        }
        Ok(())
    }

    /// Begins to store what is buffered.
    fn flush(&mut self) -> Result<(), EngineError> {
        self.land()?;
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.flushed = true;
        let spare = std::mem::take(&mut self.spare);
        let mut rows = std::mem::replace(&mut self.buffer, spare);
        self.buffer.reserve(rows.len());
        let (store, number, brief) = (self.engine.store.clone(), self.number, self.brief);
        self.flight = Some(Aside::begin("plan-steps", move || {
            let work = |w: &mut Writer<'_>| -> Result<(), EngineError> {
                w.gather();
                for (lane, index, step) in &rows {
                    w.put_step(number, *lane, *index, step)?;
                }
                Ok(())
            };
            if brief { store.commit_with_next("plan-steps", work) } else { store.commit_unsynced("plan-steps", work) }?;
            rows.clear();
            Ok(rows)
        })?);
        Ok(())
    }

    /// Waits until what was handed out is stored.
    fn land(&mut self) -> Result<(), EngineError> {
        if let Some(flight) = self.flight.take() {
            self.spare = flight.end()?;
        }
        Ok(())
    }

    /// What has not been stored yet, to be stored together with the head of the plan.
    pub(super) fn rest(&mut self) -> Result<Vec<Row>, EngineError> {
        self.land()?;
        Ok(std::mem::take(&mut self.buffer))
    }

    /// True if rows were stored already.
    pub(super) fn is_flushed(&self) -> bool {
        self.flushed
    }

    pub(super) fn digest(&mut self) -> PlanDigest {
        let lanes: Vec<_> =
            std::mem::take(&mut self.lanes).into_iter().map(|(lane, (_, hasher))| (lane, hasher.finish())).collect();
        plan_digest(&lanes)
    }

    /// The same plan without the steps at `places`; they are returned.
    pub(super) fn without(&mut self, places: &BTreeSet<(Lane, u32)>) -> Result<Vec<Step>, EngineError> {
        let mut removed = Vec::new();
        if !self.flushed {
            let mut rows = std::mem::take(&mut self.buffer);
            rows.sort_by_key(|(lane, index, _)| (*lane, *index));
            self.restart(self.number);
            for (lane, index, step) in rows {
                if places.contains(&(lane, index)) { removed.push(*step) } else { self.push(*step)? }
            }
            return Ok(removed);
        }
        self.flush()?;
        self.land()?;
        let old = self.number;
        self.restart(self.engine.store.reserve_plan(old));
        let view = self.engine.store.snapshot()?;
        for row in view.steps(old)? {
            let row = row?;
            if places.contains(&(row.lane, row.index)) { removed.push(row.step) } else { self.push(row.step)? }
        }
        drop(view);
        self.land()?;
        self.discard(old)?;
        Ok(removed)
    }

    fn restart(&mut self, number: u64) {
        self.number = number;
        self.lanes.clear();
        self.count = 0;
        self.flushed = false;
    }
}
