//! Applying a plan: its rows in order, in transactions that carry entities, claims, links, outbox and progress together.
//!
//! A part whose before-state moved since the plan was made is skipped and counted. Nothing here decides: what a step
//! does was fixed when the plan was made.

use crate::adopt::adopt;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
use crate::reserve::reserve;
use crate::spent::Done;
use crate::tie::Tie;
use rosterd_model::claim::{ClaimEntry, HistoryRow};
use rosterd_model::outbox::{Doubt, OutboxEntry};
use rosterd_model::plan::{ClaimChange, Operation, Part, PlanHeader, Reason, StepObject, StepSource, Target};
use rosterd_model::record::DepartureCause;
use rosterd_model::rule::Defect;
use rosterd_model::shadow::{ShadowHead, ShadowState};
use rosterd_model::{Attributes, ClaimSet, ConnectionId, Entity, Lifecycle, Rule, Step, Timestamp};
use rosterd_reconcile::correlate::key;
use rosterd_reconcile::diff::{apply as with_changes, state_hash};
use rosterd_reconcile::order::lane;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Order};

/// One pass over the rows of a plan.
pub(crate) struct Applying<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) job: &'a Job,
    pub(crate) connection: ConnectionNumber,
    pub(crate) now: Timestamp,
    /// True: the approved rest of a held plan; false: everything that is not held.
    pub(crate) held: bool,
    /// True: what is to be made may be there already, because the store is older than the destination.
    pub(crate) look_first: bool,
    /// True: nothing of the plan was applied before this pass, so that no step of it created anything yet.
    pub(crate) first: bool,
}

impl Applying<'_> {
    /// True if this pass is about the part.
    fn selected(&self, header: &PlanHeader, step: &Step, part: &Part) -> bool {
        // Holds that any person lifts by applying the plan are no reason to wait.
        let mut holds = header.holds.iter().filter(|hold| hold.approval).peekable();
        let waits =
            holds.peek().is_some() && step.buckets(part).any(|bucket| holds.clone().any(|hold| hold.bucket == bucket));
        waits == self.held
    }

    pub(crate) fn step(
        &self,
        w: &mut impl Write,
        header: &mut PlanHeader,
        done: &mut Done,
        step: &Step,
    ) -> Result<(), EngineError> {
        let mut entity = match &step.object {
            StepObject::Entity(id) => w.entity(step.class, *id)?,
            StepObject::New { .. } if matches!(step.reason, Reason::Rule(_)) => self.group_of(w, step)?,
            StepObject::New { .. } if self.first => None,
            StepObject::New { .. } => self.created(w, header.run, step)?,
        };
        let mut blocked = false;
        for part in &step.parts {
            if !self.selected(header, step, part) {
                header.outcome.held += u64::from(!self.held);
                match &part.target {
                    // What was not held was applied by the pass before, and may have moved since.
                    Target::Hub if self.held => {
                        let after = entity.as_ref().map(|entity| state_hash(&entity.attributes, &entity.lifecycle));
                        blocked |= after != Some(part.after) && Rule::DriftDropsTheStep.on();
                    }
                    Target::Hub => {
                        blocked = true;
                        self.not_followed(w, step)?;
                    }
                    Target::Destination(name) if !self.held && !blocked => {
                        if let Some(entity) = &entity {
                            let number = w.intern_connection(name)?;
                            w.put_owed(number, step.class, entity.id)?;
                        }
                    }
                    Target::Destination(_) => {}
                }
                continue;
            }
            match &part.target {
                Target::Hub => match self.hub(w, header, step, part, entity.as_ref())? {
                    Some(after) => {
                        done.count(header, step, part);
                        entity = Some(after);
                    }
                    None => {
                        header.outcome.moved += 1;
                        blocked = true;
                        self.again(w, step)?;
                        self.not_followed(w, step)?;
                    }
                },
                Target::Destination(name) => {
                    if Defect::DisableForgotten.here() && part.operation == Operation::Disable {
                        continue;
                    }
                    let stands = |entity: &&Entity| self.engine.policy.still_due(step, name, entity, self.now);
                    let Some(entity) = entity.as_ref().filter(|_| !blocked).filter(stands) else {
                        header.outcome.moved += 1;
                        continue;
                    };
                    let number = w.intern_connection(name)?;
                    if part.operation == Operation::Link {
                        match adopt(w, number, step, part, entity.id)? {
                            true => done.count(header, step, part),
                            false => header.outcome.moved += 1,
                        }
                        continue;
                    }
                    if self.held && self.moved_there(w, number, step, part, entity.id)? {
                        header.outcome.moved += 1;
                        continue;
                    }
                    let (order, key) = (w.next_order()?, (step.class, entity.id));
                    let (operation, desired) = (part.operation, part.after);
                    w.queue_outbox(
                        number,
                        OutboxEntry {
                            lane: lane(step.class, operation, step.reason.is_urgent()),
                            doubt: if self.look_first { Doubt::Attempt } else { Doubt::None },
                            ..OutboxEntry::new(name.clone(), key, operation, desired, order, header.number)
                        },
                    )?;
                    if done.owing {
                        w.clear_owed(number, step.class, entity.id)?;
                    }
                    if self.waits_for_members(header, step, name) {
                        w.put_owed(number, step.class, entity.id)?;
                    }
                    done.count(header, step, part);
                    header.outcome.queued += 1;
                }
            }
        }
        Ok(())
    }

    /// The connection of a step's record: that of the job, but for plans of the hub's own, which may have any.
    pub(crate) fn of(&self, w: &impl Read, source: &StepSource) -> Result<ConnectionNumber, EngineError> {
        if source.connection == self.job.source {
            return Ok(self.connection);
        }
        let missing = || EngineError::Internal(format!("connection {} of a step was never used", source.connection));
        w.connection_number(&source.connection)?.ok_or_else(missing)
    }

    /// The hub's part of a step; none if what it would change moved.
    fn hub(
        &self,
        w: &mut impl Write,
        header: &PlanHeader,
        step: &Step,
        part: &Part,
        present: Option<&Entity>,
    ) -> Result<Option<Entity>, EngineError> {
        let (run, connector) = (header.run, header.connector.as_str());
        let nothing = Attributes::new();
        let before = present.map_or(rosterd_model::plan::NOTHING, |e| state_hash(&e.attributes, &e.lifecycle));
        let moved = before != part.before || (self.held && self.source_moved(w, step)?);
        if moved && Rule::DriftDropsTheStep.on() {
            return Ok(None);
        }
        let attributes = with_changes(present.map_or(&nothing, |entity| &entity.attributes), &part.changes);
        let lifecycle = part
            .lifecycle
            .map_or_else(|| present.map_or(Lifecycle::Active, |entity| entity.lifecycle), |to| self.dated(to));
        let entity = Entity {
            id: match present {
                Some(entity) => entity.id,
                None => self.new_id(w, step)?,
            },
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
        if !Defect::TotalForgotten.here() {
            w.add_total(None, step.class, living(&entity.lifecycle) - before)?;
        }
        // No source finds a group that follows a rule.
        match &step.reason {
            Reason::Rule(_) => self.ruled(w, run, step, &entity)?,
            _ => self.keys(w, present, &entity)?,
        }
        self.history(w, run, step, part, present, &entity)?;
        if let Some(before) = present {
            reserve(w, before, &entity, self.now)?;
        }
        if part.lifecycle.is_some() && entity.lifecycle != Lifecycle::Active {
            self.engine.policy.timers(&entity).iter().try_for_each(|timer| w.put_timer(timer))?;
        }
        match &step.reason {
            Reason::Ordered { by, text, .. } => {
                let order = Order { by: by.to_string(), text: text.to_string(), at: self.now, run };
                w.put_order(entity.class, entity.id, &order)?;
            }
            Reason::Allowed { .. } => {
                w.remove_order(entity.class, entity.id)?;
            }
            _ => {}
        }
        if let Some(source) = &step.source {
            let delivery = self.engine.policy.deliveries.iter().find(|d| d.destination == source.connection);
            let tie = Tie { connection: self.of(w, source)?, run, now: self.now, step, source, delivery };
            tie.prepare(w, entity.id, present.is_none())?;
            self.claims(w, (run, connector), step, part, source, &entity)?;
            tie.conclude(w, entity.id, part)?;
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

    fn keys(&self, w: &mut impl Write, before: Option<&Entity>, after: &Entity) -> Result<(), EngineError> {
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
                let old = before.and_then(|entity| key(entity.attributes.get(attribute)));
                let new = key(after.attributes.get(attribute));
                if let Some(old) = old.as_ref().filter(|old| new.as_ref() != Some(old)) {
                    w.remove_entity_key(class, attribute, space, old, after.id)?;
                }
                if let Some(new) = new.as_ref().filter(|_| !Defect::KeyForgotten.here()) {
                    // Written even if unchanged on a link, because the space may be new to the entity.
                    w.put_entity_key(class, attribute, space, new, after.id)?;
                }
            }
        }
        Ok(())
    }

    fn history(
        &self,
        w: &mut impl Write,
        run: rosterd_model::RunId,
        step: &Step,
        part: &Part,
        before: Option<&Entity>,
        after: &Entity,
    ) -> Result<(), EngineError> {
        // A new entity has no past: its claims say since when.
        let Some(before) = before else { return Ok(()) };
        let by_rule = matches!(step.reason, Reason::Rule(_)).then(ConnectionId::hub);
        let connection = step.source.as_ref().map(|source| source.connection.clone()).or(by_rule);
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
        w: &mut impl Write,
        (run, connector): (rosterd_model::RunId, &str),
        step: &Step,
        part: &Part,
        source: &StepSource,
        entity: &Entity,
    ) -> Result<(), EngineError> {
        let connection = self.of(w, source)?;
        // Nobody has said anything of an entity that is being made.
        let known = if entity.revision == 1 { None } else { w.claims(entity.id, connection)? };
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
        let same = |known: &ClaimSet| known.ordinal == source.ordinal && known.external_id == source.id;
        let further = matches!(step.reason, Reason::Employment { .. });
        if further || (known.as_ref().is_some_and(same) && changes.is_empty()) {
            return Ok(());
        }
        let mut set = known.unwrap_or_else(|| ClaimSet {
            class: step.class,
            ordinal: source.ordinal,
            external_id: source.id.clone(),
            further: Vec::new(),
            connector: connector.into(),
            entries: Vec::new(),
        });
        set.connector = connector.into();
        set.ordinal = source.ordinal;
        set.further.retain(|other| *other != source.ordinal);
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
        w.put_claims(entity.id, connection, &set)?;
        Ok(())
    }

    /// The shadow is decided; one that is missing for good becomes a tombstone.
    fn settle(
        &self,
        w: &mut impl Write,
        run: rosterd_model::RunId,
        step: &Step,
        source: &StepSource,
    ) -> Result<(), EngineError> {
        let connection = self.of(w, source)?;
        if matches!(step.reason, Reason::Missing { .. }) {
            if let Some(mut shadow) = w.shadow(connection, step.class, source.ordinal)?
                && shadow.seq == source.seq
            {
                shadow.seq = w.next_sequence()?;
                let (cause, at) = (DepartureCause::Unknown, self.now);
                shadow.state = ShadowState::Tombstone { cause, absent: true, at, run };
                let (ordinal, hash, seq) = (source.ordinal, shadow.hash, shadow.seq);
                let head = ShadowHead { ordinal, hash, seq, live: false };
                w.put_shadow_head(connection, step.class, &shadow.id, &head)?;
                w.put_shadow(connection, ordinal, &shadow)?;
                w.remove_missing(connection, step.class, ordinal)?;
            }
            return Ok(());
        }
        w.settle(connection, step.class, source.ordinal, source.seq)?;
        Ok(())
    }
}
