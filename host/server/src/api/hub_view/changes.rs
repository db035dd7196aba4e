//! What changed, from the plans that were applied: each is an ordered list of steps with a number of its own, so that a place
//! among all changes is a plan and a step of it.
//!
//! Plans are not always over when the next one is: one may wait for a person. So a place remembers those that were not over,
//! and they are told once they are. What is told may come twice, and is never left out.

use super::cursor_invalid;
use super::sight::{Seeing, linked};
use crate::api::desk::written;
use crate::api::hub::{HubChange, HubChanges, Sight, Whose};
use rosterd_model::outbox::Lane;
use rosterd_model::plan::{Operation, PlanHeader, PlanState, Step, StepObject};
use rosterd_model::{EntityId, Fault, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{Counter, Snapshot, StoreError};
use serde::{Deserialize, Serialize};

/// Steps and plans that one call looks at.
const MOST_LOOKED_AT: usize = 20_000;
/// Plans that a place remembers, so that it stays short enough for an address.
const MOST_OPEN: usize = 60;
/// A number that has no plan yet may get one, while no more than so many later ones have one.
const SOON: u64 = 100;

/// A place among all changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The first plan that was not looked at.
    next: u64,
    /// The plan under way and the last step that was told: lane and index.
    reading: Option<(u64, Option<(u8, u32)>)>,
    /// Plans that were not over, and whether what was done of them already was told.
    open: Vec<(u64, bool)>,
}

/// What a plan is for whoever follows.
enum Standing {
    /// Nothing of it is done.
    Waits,
    /// Some of it is done, and the rest may be.
    Partly,
    /// No more of it is going to be done.
    Over,
    /// Nothing of it ever will be.
    Void,
}

fn standing(plan: Option<&PlanHeader>, number: u64, last: u64) -> Standing {
    let Some(plan) = plan else {
        return if last.saturating_sub(number) < SOON { Standing::Waits } else { Standing::Void };
    };
    match plan.state {
        PlanState::Ready | PlanState::Applying { .. } => Standing::Waits,
        PlanState::Held | PlanState::Approved { .. } => Standing::Partly,
        PlanState::Applied => Standing::Over,
        PlanState::Superseded if plan.outcome.applied.is_empty() => Standing::Void,
        PlanState::Superseded => Standing::Over,
    }
}

/// One page of changes behind a place.
pub(super) fn changes(
    view: &Snapshot,
    sight: &Sight,
    whose: Whose,
    after: Option<&str>,
    max: usize,
) -> Result<Result<HubChanges, Fault>, StoreError> {
    let last = view.last_number(Counter::Plan)?;
    let place = match after {
        None => return Ok(Ok(page(&beginning(view, last)?, Vec::new(), false))),
        Some(text) => serde_json::from_str::<Place>(text).ok().filter(|place| is_ours(place, last)),
    };
    let Some(place) = place else { return Ok(Err(cursor_invalid())) };
    let seeing = Seeing::new(view, sight)?;
    let mut following = Following { view, sight, whose, seeing, place, last, looked: 0, items: Vec::new() };
    Ok(match following.follow(max)? {
        Some(more) => Ok(page(&following.place, following.items, more)),
        None => Err(cursor_invalid()),
    })
}

fn is_ours(place: &Place, last: u64) -> bool {
    // The store was restored from a backup, if it lacks what was told.
    place.next >= 1 && place.next <= last.saturating_add(1) && place.open.len() <= MOST_OPEN
}

fn page(place: &Place, items: Vec<HubChange>, more: bool) -> HubChanges {
    HubChanges { items, next: serde_json::to_string(place).unwrap_or_default(), more }
}

/// Where changes begin that come from now on.
fn beginning(view: &Snapshot, last: u64) -> Result<Place, StoreError> {
    let mut open = Vec::new();
    for plan in view.plans()?.take(1_000) {
        let plan = plan?;
        let done = match plan.state {
            PlanState::Held | PlanState::Approved { .. } => true,
            PlanState::Ready | PlanState::Applying { .. } => false,
            PlanState::Applied | PlanState::Superseded => continue,
        };
        if open.len() < MOST_OPEN {
            open.push((plan.number, done));
        }
    }
    Ok(Place { next: last + 1, reading: None, open })
}

struct Following<'v> {
    view: &'v Snapshot,
    sight: &'v Sight,
    whose: Whose,
    seeing: Seeing<'v>,
    place: Place,
    last: u64,
    looked: usize,
    items: Vec<HubChange>,
}

impl Following<'_> {
    /// Gathers a page. True: there is more; none: steps that were not told are not kept any more.
    fn follow(&mut self, max: usize) -> Result<Option<bool>, StoreError> {
        loop {
            if self.place.reading.is_some() {
                let Some(done) = self.steps(max)? else { return Ok(None) };
                if !done {
                    return Ok(Some(true));
                }
            }
            if self.items.len() >= max || self.looked >= MOST_LOOKED_AT {
                return Ok(Some(true));
            }
            if self.reopened()? {
                continue;
            }
            if self.place.next > self.last {
                return Ok(Some(false));
            }
            if !self.next_plan()? {
                return Ok(None);
            }
        }
    }

    /// True if a plan that was open has something to tell.
    fn reopened(&mut self) -> Result<bool, StoreError> {
        for at in 0..self.place.open.len() {
            let (number, told) = self.place.open[at];
            let plan = self.view.plan(number)?;
            match standing(plan.as_ref(), number, self.last) {
                Standing::Waits => continue,
                Standing::Partly if told => continue,
                Standing::Partly => self.place.open[at].1 = true,
                Standing::Over => drop(self.place.open.remove(at)),
                Standing::Void => {
                    self.place.open.remove(at);
                    // The places of the others have moved.
                    return self.reopened();
                }
            }
            self.place.reading = Some((number, None));
            return Ok(true);
        }
        Ok(false)
    }

    /// Looks at the next plan. False: too many are open to be remembered.
    fn next_plan(&mut self) -> Result<bool, StoreError> {
        let number = self.place.next;
        self.place.next += 1;
        self.looked += 1;
        let plan = self.view.plan(number)?;
        let standing = standing(plan.as_ref(), number, self.last);
        if matches!(standing, Standing::Partly | Standing::Over) {
            self.place.reading = Some((number, None));
        }
        if let Standing::Waits | Standing::Partly = standing {
            if self.place.open.len() >= MOST_OPEN {
                return Ok(false);
            }
            self.place.open.push((number, matches!(standing, Standing::Partly)));
        }
        Ok(true)
    }

    /// Tells the steps of the plan under way. True: all of them are told; none: they are not kept any more.
    fn steps(&mut self, max: usize) -> Result<Option<bool>, StoreError> {
        let Some((number, after)) = self.place.reading else { return Ok(Some(true)) };
        let view = self.view;
        let Some(plan) = view.plan(number)? else { return Ok(None) };
        let mut rows: Box<dyn Iterator<Item = _>> = match after {
            None => Box::new(view.steps(number)?),
            Some((code, index)) => match Lane::from_code(code) {
                Some(lane) => Box::new(view.steps_after(number, (lane, index))?),
                None => return Ok(None),
            },
        };
        let mut any = after.is_some();
        loop {
            if self.items.len() >= max || self.looked >= MOST_LOOKED_AT {
                return Ok(Some(false));
            }
            let Some(row) = rows.next() else { break };
            let row = row?;
            any = true;
            self.looked += 1;
            self.place.reading = Some((number, Some((row.lane as u8, row.index))));
            let change = self.change(plan.at, &row.step)?;
            // One that is done in several steps is told once.
            self.items.extend(change.filter(|change| !self.items.contains(change)));
        }
        self.place.reading = None;
        Ok((any || plan.steps == 0).then_some(true))
    }

    /// What a step does to the hub, as this client may see it.
    fn change(&mut self, at: Timestamp, step: &Step) -> Result<Option<HubChange>, StoreError> {
        let Some(part) = step.hub() else { return Ok(None) };
        let Some(entity) = self.entity_of(step)? else { return Ok(None) };
        let mut operation = match part.operation {
            Operation::Link | Operation::Unlink | Operation::RemoveMember => Operation::Update,
            other => other,
        }
        .as_str();
        if !self.seeing.sees_id(step.class, entity)? {
            // Whoever was in sight before is told of; whoever never was is not.
            if !self.left(step, entity)? {
                return Ok(None);
            }
            operation = "hide";
        }
        let id = match (self.whose, &step.source) {
            (Whose::Hub, _) => entity.to_string(),
            (Whose::Connection, Some(source)) if source.connection == self.sight.connection => source.id.to_string(),
            (Whose::Connection, _) => return Ok(None),
        };
        let (class, operation) = (step.class.to_string(), operation.to_owned());
        Ok(Some(HubChange { id, class, operation, at: written(at) }))
    }

    fn entity_of(&self, step: &Step) -> Result<Option<EntityId>, StoreError> {
        match &step.object {
            StepObject::Entity(id) => Ok(Some(*id)),
            // A group that follows a rule is named by that.
            StepObject::New { connection, id } if connection.is_hub() => Ok(self.view.group_rule(id.as_str())?.entity),
            StepObject::New { connection, id } => match self.view.connection_number(connection)? {
                Some(number) => linked(self.view, number, step.class, id),
                None => Ok(None),
            },
        }
    }

    /// True if a step takes an entity out of the org units that the client may see.
    fn left(&mut self, step: &Step, entity: EntityId) -> Result<bool, StoreError> {
        let Some(now) = self.view.entity(step.class, entity)? else { return Ok(false) };
        let mut before = now.clone();
        let changes = step.hub().map_or(&[][..], |part| part.changes.as_slice());
        let mut moved = false;
        for change in changes {
            let Some(value) = &change.before else { continue };
            let mut ids = Vec::new();
            super::sight::collect(value, &mut ids);
            if !ids.is_empty() {
                moved = true;
                before.attributes.set(change.attribute.clone(), value.clone());
            }
        }
        Ok(moved && self.seeing.sees(&before)?)
    }
}
