//! The rows of a pass, portion by portion: while one is stored the next one is made, and the one after that is read.
//!
//! A portion is made over a view of the store and stored when its turn comes, unless somebody else wrote meanwhile: then it
//! is made anew, in a transaction of its own. The last portion, and whatever must list rows that are on their way, has one
//! from the beginning.

use crate::apply::Applying;
use crate::aside::{Aside, FEW};
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::spent::Done;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::{PlanHeader, PlanState};
use rosterd_store::prelude::*;
use rosterd_store::{Line, StepRow, StoreError, Writer};

/// What became of a portion that was made beforehand.
enum Drafted {
    /// It is being stored, and the plan is this then.
    Stored(Box<PlanHeader>),
    /// It needs a transaction of its own. All before it is stored.
    Alone,
    /// Somebody else wrote: neither it nor perhaps the one before is stored.
    Overtaken,
}

impl Applying<'_> {
    /// Applies the rest of the pass. Goes on where an earlier process was interrupted.
    pub(crate) fn run(&self, mut header: PlanHeader) -> Result<PlanHeader, EngineError> {
        let (store, batch) = (&self.engine.store, self.engine.settings.apply_batch);
        // A pass that applies nothing is no deed; one that another process began is.
        let before = if header.done == 0 { header.outcome.applied.values().sum() } else { 0 };
        self.count_anew(&mut header);
        let (mut line, mut reading) = (None, self.read(&header)?);
        // True: somebody else writes, and the next portion waits its turn.
        let mut in_turn = false;
        loop {
            let rows = reading.end()?;
            let last = rows.len() < batch;
            let next = match rows.last() {
                Some(row) if !last => Some(self.read_after(&header, Some((row.lane, row.index)))?),
                _ => None,
            };
            let drafted = if last || in_turn {
                match end(&mut line)? {
                    true => Drafted::Alone,
                    false => Drafted::Overtaken,
                }
            } else {
                self.drafted(&mut line, &header, &rows)?
            };
            in_turn = false;
            let after = match drafted {
                Drafted::Stored(after) => *after,
                Drafted::Alone => {
                    let work = |w: &mut Writer<'_>| -> Result<_, EngineError> {
                        w.gather();
                        let mut after = self.portion(w, &header, &rows)?;
                        if last {
                            self.end(w, &mut after, before)?;
                        }
                        w.put_plan(&after)?;
                        Ok(after)
                    };
                    // Clients wait for one disk write, at the end of the run; who delivers stores first what he sends.
                    if self.job.pushed { store.commit_with_next("apply", work) } else { store.commit("apply", work) }?
                }
                Drafted::Overtaken => {
                    header = self.stored(header.number)?;
                    self.count_anew(&mut header);
                    reading = self.read(&header)?;
                    in_turn = true;
                    continue;
                }
            };
            header = after;
            self.engine.events.emit(&RunEvent::Applied { done: header.done, of: header.steps });
            let Some(next) = next else { return Ok(header) };
            if self.engine.gate.is_stopping() {
                end(&mut line)?;
                return Err(EngineError::Stopped);
            }
            reading = next;
        }
    }

    /// A pass from the start says anew what is held: an earlier one counted the same parts.
    fn count_anew(&self, header: &mut PlanHeader) {
        if header.done == 0 {
            header.outcome.held = 0;
        }
    }

    fn stored(&self, plan: u64) -> Result<PlanHeader, EngineError> {
        let gone = || EngineError::Internal(format!("plan {plan} is gone while it is applied"));
        self.engine.store.snapshot()?.plan(plan)?.ok_or_else(gone)
    }

    /// Makes a portion beforehand, and begins to store it.
    fn drafted(&self, line: &mut Option<Line>, header: &PlanHeader, rows: &[StepRow]) -> Result<Drafted, EngineError> {
        let mut open = match line.take() {
            Some(open) => open,
            None => Line::begin(&self.engine.store, "apply")?,
        };
        let mut draft = open.draft();
        let made = self.portion(&mut draft, header, rows).and_then(|after| {
            draft.put_plan(&after)?;
            Ok(after)
        });
        match made {
            Ok(after) if open.store(draft)? => {
                *line = Some(open);
                Ok(Drafted::Stored(Box::new(after)))
            }
            Ok(_) => Ok(Drafted::Overtaken),
            Err(EngineError::Store(StoreError::Unflushed { .. })) => match open.end()? {
                true => Ok(Drafted::Alone),
                false => Ok(Drafted::Overtaken),
            },
            Err(error) => Err(error),
        }
    }

    /// The rows that a portion changes. Returns what the plan is then.
    fn portion(&self, w: &mut impl Write, header: &PlanHeader, rows: &[StepRow]) -> Result<PlanHeader, EngineError> {
        let mut header = header.clone();
        header.state = PlanState::Applying { held: self.held };
        let mut done = Done::new(self.held, !w.owes_nothing()?);
        for row in rows {
            self.step(w, &mut header, &mut done, &row.step)?;
        }
        done.store(w, &mut header, self.now)?;
        header.done += rows.len() as u64;
        Ok(header)
    }

    /// Begins to read the steps that are not done.
    fn read(&self, header: &PlanHeader) -> Result<Aside<Vec<StepRow>>, EngineError> {
        let place = self.engine.store.snapshot_without_keys()?.step_place(header.number, header.done)?;
        self.read_after(header, place)
    }

    /// Begins to read the steps behind a place, so that they are there when those before them are stored. No view is held
    /// longer.
    fn read_after(&self, header: &PlanHeader, place: Option<(Lane, u32)>) -> Result<Aside<Vec<StepRow>>, EngineError> {
        let (store, batch, plan) = (self.engine.store.clone(), self.engine.settings.apply_batch, header.number);
        Aside::begin_unless(header.steps <= FEW as u64, "apply-read", move || {
            let view = store.snapshot_without_keys()?;
            let rows = match place {
                Some(place) => view.steps_after(plan, place)?.take(batch).collect::<Result<_, _>>(),
                None => view.steps(plan)?.take(batch).collect::<Result<_, _>>(),
            };
            Ok(rows?)
        })
    }
}

/// Waits for what is being stored, and ends the line. False: it is not stored, because somebody else wrote.
fn end(line: &mut Option<Line>) -> Result<bool, EngineError> {
    line.take().map_or(Ok(true), |mut open| Ok(open.end()?))
}
