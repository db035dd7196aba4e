//! Applying a plan: its rows in order, in transactions that carry entities, claims, links, outbox and progress together.
//!
//! A part whose before-state moved since the plan was made is skipped and counted. Nothing here decides: what a step
//! does was fixed when the plan was made.

use crate::aside::Aside;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::plan::put_states;
use crate::policy::Job;
use rosterd_model::claim::{ClaimEntry, HistoryRow, Link, LinkMaker};
use rosterd_model::outbox::{Lane, OutboxEntry};
use rosterd_model::plan::{
    ApplyCounts, ClaimChange, Part, PlanHeader, PlanState, Reason, StepObject, StepSource, Target,
};
use rosterd_model::record::DepartureCause;
use rosterd_model::shadow::{ShadowHead, ShadowState};
use rosterd_model::{Attributes, ClaimSet, Entity, EntityId, Lifecycle, Step, Timestamp};
use rosterd_reconcile::diff::{apply as with_changes, state_hash};
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, StepRow, Writer};
use uuid::Uuid;

/// One pass over the rows of a plan.
pub(crate) struct Applying<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) job: &'a Job,
    pub(crate) connection: ConnectionNumber,
    pub(crate) now: Timestamp,
    /// True: the approved rest of a held plan; false: everything that is not held.
    pub(crate) held: bool,
}

impl Applying<'_> {
    /// Applies the rest of the pass. Goes on where an earlier process was interrupted.
    pub(crate) fn run(&self, mut header: PlanHeader) -> Result<PlanHeader, EngineError> {
        let store = &self.engine.store;
        let batch = self.engine.settings.apply_batch;
        if header.done == 0 {
            // A pass from the start says anew what is held: an earlier one counted the same parts.
            header.outcome.held = 0;
        }
        let place = store.snapshot()?.step_place(header.number, header.done)?;
        let mut next = Some(self.read(header.number, place)?);
        while let Some(rows) = next.take() {
            let rows = rows.end()?;
            let last = rows.len() < batch;
            if !last {
                next = Some(self.read(header.number, rows.last().map(|row| (row.lane, row.index)))?);
            }
            header = store.commit::<_, EngineError>("apply", |w| {
                w.gather();
                let mut header = header.clone();
                header.state = PlanState::Applying { held: self.held };
                for row in &rows {
                    self.step(w, &mut header, &row.step)?;
                }
                header.done += rows.len() as u64;
                if last {
                    self.end(w, &mut header)?;
                }
                w.put_plan(&header)?;
                Ok(header)
            })?;
            self.engine.events.emit(&RunEvent::Applied { done: header.done, of: header.steps });
        }
        Ok(header)
    }

    /// Begins to read the next steps, so that they are there when those before them are stored. No view is held longer.
    fn read(&self, plan: u64, place: Option<(Lane, u32)>) -> Result<Aside<Vec<StepRow>>, EngineError> {
        let (store, batch) = (self.engine.store.clone(), self.engine.settings.apply_batch);
        Aside::begin("apply-read", move || {
            let view = store.snapshot()?;
            let rows = match place {
                Some(place) => view.steps_after(plan, place)?.take(batch).collect::<Result<_, _>>(),
                None => view.steps(plan)?.take(batch).collect::<Result<_, _>>(),
            };
            Ok(rows?)
        })
    }

    fn end(&self, w: &mut Writer<'_>, header: &mut PlanHeader) -> Result<(), EngineError> {
        header.done = 0;
        let waits = !self.held && header.outcome.held > 0;
        header.state = if waits { PlanState::Held } else { PlanState::Applied };
        if !waits {
            put_states(w, self.engine, self.job)?;
        }
        Ok(())
    }

    /// True if this pass is about the part.
    fn selected(&self, header: &PlanHeader, step: &Step, part: &Part) -> bool {
        // Holds that any person lifts by applying the plan are no reason to wait.
        let waits = step.buckets(part).any(|bucket| header.holds.iter().any(|h| h.approval && h.bucket == bucket));
        waits == self.held
    }

    fn step(&self, w: &mut Writer<'_>, header: &mut PlanHeader, step: &Step) -> Result<(), EngineError> {
        let mut entity = match &step.object {
            StepObject::Entity(id) => w.entity(step.class, *id)?,
            StepObject::New { .. } => self.created(w, step)?,
        };
        let mut blocked = false;
        for part in &step.parts {
            if !self.selected(header, step, part) {
                header.outcome.held += u64::from(!self.held);
                blocked |= part.target == Target::Hub;
                continue;
            }
            match &part.target {
                Target::Hub => match self.hub(w, header, step, part, entity.as_ref())? {
                    Some(after) => {
                        count(&mut header.outcome, step, part);
                        entity = Some(after);
                    }
                    None => {
                        header.outcome.moved += 1;
                        blocked = true;
                    }
                },
                Target::Destination(name) => {
                    let Some(entity) = entity.as_ref().filter(|_| !blocked) else {
                        header.outcome.moved += 1;
                        continue;
                    };
                    let number = w.intern_connection(name)?;
                    let (order, key) = (w.next_order()?, (step.class, entity.id));
                    let (operation, desired) = (part.operation, part.after);
                    w.queue_outbox(
                        number,
                        OutboxEntry::new(name.clone(), key, operation, desired, order, header.number),
                    )?;
                    count(&mut header.outcome, step, part);
                    header.outcome.queued += 1;
                }
            }
        }
        Ok(())
    }

    /// The entity of a record that an earlier pass created.
    fn created(&self, w: &Writer<'_>, step: &Step) -> Result<Option<Entity>, EngineError> {
        let Some(source) = &step.source else { return Ok(None) };
        let link = w.link(self.connection, step.class, source.ordinal)?.filter(|link| link.live);
        match link {
            Some(link) => Ok(w.entity(step.class, link.entity)?),
            None => Ok(None),
        }
    }

    /// The hub's part of a step; none if what it would change moved.
    fn hub(
        &self,
        w: &mut Writer<'_>,
        header: &PlanHeader,
        step: &Step,
        part: &Part,
        present: Option<&Entity>,
    ) -> Result<Option<Entity>, EngineError> {
        let (run, connector) = (header.run, header.connector.as_str());
        let nothing = Attributes::new();
        let before = present.map_or(rosterd_model::plan::NOTHING, |e| state_hash(&e.attributes, &e.lifecycle));
        if before != part.before {
            return Ok(None);
        }
        let attributes = with_changes(present.map_or(&nothing, |entity| &entity.attributes), &part.changes);
        let lifecycle = part
            .lifecycle
            .map_or_else(|| present.map_or(Lifecycle::Active, |entity| entity.lifecycle), |to| self.dated(to));
        let entity = Entity {
            id: present.map_or_else(|| EntityId(Uuid::now_v7()), |entity| entity.id),
            class: step.class,
            attributes,
            lifecycle,
            revision: present.map_or(1, |entity| entity.revision + 1),
            created: present.map_or(run, |entity| entity.created),
            changed: run,
        };
        w.put_entity(&entity)?;
        let living = |lifecycle: &Lifecycle| i64::from(lifecycle.is_living());
        let before = present.map_or(0, |entity| living(&entity.lifecycle));
        w.add_total(None, step.class, living(&entity.lifecycle) - before)?;
        self.keys(w, present, &entity)?;
        self.history(w, run, step, part, present, &entity)?;
        if let Some(source) = &step.source {
            self.claims(w, (run, connector), step, part, source, &entity)?;
            self.link(w, run, step, source, &entity)?;
            self.settle(w, run, step, source)?;
        }
        Ok(Some(entity))
    }

    const fn dated(&self, to: Lifecycle) -> Lifecycle {
        match to {
            Lifecycle::Disabled { reason, at: Timestamp(0) } => Lifecycle::Disabled { reason, at: self.now },
            Lifecycle::Deleted { at: Timestamp(0) } => Lifecycle::Deleted { at: self.now },
            other => other,
        }
    }

    fn keys(&self, w: &mut Writer<'_>, before: Option<&Entity>, after: &Entity) -> Result<(), EngineError> {
        let class = after.class;
        for job in self.engine.policy.jobs.values() {
            let Some(part) = job.class(class) else { continue };
            // Keys of other jobs are theirs unless they speak of this entity.
            if job.name != self.job.name {
                let number = w.connection_number(&job.source)?;
                let speaks = match number {
                    Some(number) => w.claims(after.id, number)?.is_some(),
                    None => false,
                };
                if !speaks {
                    continue;
                }
            }
            for attribute in &part.keys {
                let space = part.space(attribute);
                let old = before.and_then(|entity| entity.attributes.get(attribute)).and_then(match_key);
                let new = after.attributes.get(attribute).and_then(match_key);
                if let Some(old) = old.as_ref().filter(|old| new.as_ref() != Some(old)) {
                    w.remove_entity_key(class, attribute, space, old, after.id)?;
                }
                if let Some(new) = &new {
                    // Written even if unchanged on a link, because the space may be new to the entity.
                    w.put_entity_key(class, attribute, space, new, after.id)?;
                }
            }
        }
        Ok(())
    }

    fn history(
        &self,
        w: &mut Writer<'_>,
        run: rosterd_model::RunId,
        step: &Step,
        part: &Part,
        before: Option<&Entity>,
        after: &Entity,
    ) -> Result<(), EngineError> {
        // A new entity has no past: its claims say since when.
        let Some(before) = before else { return Ok(()) };
        let connection = step.source.as_ref().map(|source| source.connection.clone());
        for change in &part.changes {
            w.add_history(&HistoryRow {
                entity: after.id,
                attribute: change.attribute.clone(),
                before: change.before.clone(),
                after: change.after.clone(),
                connection: connection.clone(),
                run,
            })?;
        }
        if before.lifecycle.as_str() != after.lifecycle.as_str() {
            w.add_history(&HistoryRow {
                entity: after.id,
                attribute: "lifecycle".into(),
                before: Some(before.lifecycle.as_str().into()),
                after: Some(after.lifecycle.as_str().into()),
                connection,
                run,
            })?;
        }
        Ok(())
    }

    fn claims(
        &self,
        w: &mut Writer<'_>,
        (run, connector): (rosterd_model::RunId, &str),
        step: &Step,
        part: &Part,
        source: &StepSource,
        entity: &Entity,
    ) -> Result<(), EngineError> {
        let known = w.claims(entity.id, self.connection)?;
        let from_part: Vec<ClaimChange>;
        let changes = match &step.claims {
            Some(changes) => changes,
            None => {
                let changes = part.changes.iter();
                from_part =
                    changes.map(|c| ClaimChange { attribute: c.attribute.clone(), value: c.after.clone() }).collect();
                &from_part
            }
        };
        if known.is_some() && changes.is_empty() {
            return Ok(());
        }
        let mut set = known.unwrap_or_else(|| ClaimSet {
            class: step.class,
            ordinal: source.ordinal,
            external_id: source.id.clone(),
            connector: connector.into(),
            entries: Vec::new(),
        });
        set.connector = connector.into();
        set.ordinal = source.ordinal;
        set.external_id = source.id.clone();
        for change in changes {
            let at = set.entries.binary_search_by(|entry| entry.attribute.as_str().cmp(&change.attribute));
            match (&change.value, at) {
                (Some(value), Ok(index)) => {
                    let entry = &mut set.entries[index];
                    entry.value = value.clone();
                    (entry.since, entry.mapping) = (run, step.mapping);
                }
                (Some(value), Err(index)) => {
                    let attribute = change.attribute.clone();
                    let entry = ClaimEntry { attribute, value: value.clone(), since: run, mapping: step.mapping };
                    set.entries.insert(index, entry);
                }
                (None, Ok(index)) => {
                    set.entries.remove(index);
                }
                (None, Err(_)) => {}
            }
        }
        w.put_claims(entity.id, self.connection, &set)?;
        Ok(())
    }

    fn link(
        &self,
        w: &mut Writer<'_>,
        run: rosterd_model::RunId,
        step: &Step,
        source: &StepSource,
        entity: &Entity,
    ) -> Result<(), EngineError> {
        let maker = match &step.reason {
            Reason::New => LinkMaker::Created,
            Reason::Matched { tier } => LinkMaker::Rule { tier: *tier },
            _ => return Ok(()),
        };
        w.put_link(self.connection, step.class, source.ordinal, &Link { entity: entity.id, maker, run, live: true })?;
        Ok(())
    }

    /// The shadow is decided; one that is missing for good becomes a tombstone.
    fn settle(
        &self,
        w: &mut Writer<'_>,
        run: rosterd_model::RunId,
        step: &Step,
        source: &StepSource,
    ) -> Result<(), EngineError> {
        if matches!(step.reason, Reason::Missing { .. }) {
            if let Some(mut shadow) = w.shadow(self.connection, step.class, source.ordinal)?
                && shadow.seq == source.seq
            {
                shadow.seq = w.next_sequence()?;
                let (cause, at) = (DepartureCause::Unknown, self.now);
                shadow.state = ShadowState::Tombstone { cause, absent: true, at, run };
                let (ordinal, hash, seq) = (source.ordinal, shadow.hash, shadow.seq);
                let head = ShadowHead { ordinal, hash, seq, live: false };
                w.put_shadow_head(self.connection, step.class, &shadow.id, &head)?;
                w.put_shadow(self.connection, ordinal, &shadow)?;
                w.remove_missing(self.connection, step.class, ordinal)?;
            }
            return Ok(());
        }
        w.settle(self.connection, step.class, source.ordinal, source.seq)?;
        Ok(())
    }
}

fn count(outcome: &mut ApplyCounts, step: &Step, part: &Part) {
    let bucket =
        rosterd_model::plan::Bucket { target: part.target.clone(), class: step.class, operation: part.operation };
    *outcome.applied.entry(bucket.to_string()).or_default() += 1;
}
