//! What a destination acknowledged, into the store; and whoever waited for it.

use super::reference::living;
use super::request::Prepared;
use super::worker::Route;
use crate::error::EngineError;
use crate::event::RunEvent;
use rosterd_model::outbox::{Applied, DeliveryState, Doubt, Lane, OutboxEntry, Projection, ProjectionStatus, Receipt};
use rosterd_model::plan::Operation;
use rosterd_model::rule::Defect;
use rosterd_model::{Attributes, Class, EntityId, Fault, Rule, Text, Timestamp, Value};
use rosterd_reconcile::echo;
use rosterd_reconcile::fanout::partial_hash;
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, MissingReference, Writer};

/// One transaction's work on one destination.
pub(super) struct Settling<'a> {
    pub(super) route: &'a Route,
    pub(super) now: Timestamp,
    /// Sentences about entries that were not done.
    pub(super) told: Vec<String>,
    /// What others must hear.
    pub(super) events: Vec<RunEvent>,
    /// Something that waited may be sent now.
    pub(super) freed: bool,
    /// Some entry waits for another object.
    pub(super) wakes: bool,
    /// Some reference waits for its object.
    pub(super) pending: bool,
}

impl Settling<'_> {
    /// Changes an entry, unless a newer wish took its place while it was under way.
    pub(super) fn put_if_own(
        &mut self,
        w: &mut Writer<'_>,
        entry: &OutboxEntry,
        change: impl FnOnce(&mut OutboxEntry),
    ) -> Result<bool, EngineError> {
        let stored = w.outbox_entry(self.route.number, entry.class, entry.entity)?;
        if stored.is_none_or(|stored| stored.order != entry.order || stored.lane != entry.lane) {
            return Ok(false);
        }
        let mut changed = entry.clone();
        change(&mut changed);
        w.put_outbox(self.route.number, &changed)?;
        Ok(true)
    }

    /// The same entry, at the end of a lane.
    pub(super) fn requeue(
        &mut self,
        w: &mut Writer<'_>,
        entry: &OutboxEntry,
        change: impl FnOnce(&mut OutboxEntry),
    ) -> Result<(), EngineError> {
        let order = w.next_order()?;
        self.freed |= self.put_if_own(w, entry, |entry| {
            entry.order = order;
            entry.state = DeliveryState::Waiting;
            change(entry);
        })?;
        Ok(())
    }

    /// Every request of an entry was done.
    pub(super) fn done(
        &mut self,
        w: &mut Writer<'_>,
        prepared: &Prepared,
        receipts: &[Receipt],
    ) -> Result<(), EngineError> {
        let applied = receipts.iter().rev().find_map(|receipt| match receipt {
            Receipt::Applied(applied) | Receipt::Unchanged(applied) => Some(applied),
            _ => None,
        });
        self.acknowledged(w, prepared, applied)
    }

    /// The destination shows what was asked for at this stage.
    pub(super) fn acknowledged(
        &mut self,
        w: &mut Writer<'_>,
        prepared: &Prepared,
        applied: Option<&Applied>,
    ) -> Result<(), EngineError> {
        let (entry, known) = (&prepared.entry, prepared.known.as_ref());
        let number = self.route.number;
        let problems: &[Fault] = applied.map_or(&[], |applied| &applied.problems);
        let stale = known.filter(|_| Defect::AnswerForgotten.here());
        let attributes = stale.map_or_else(|| without_refused(prepared, problems), |known| known.attributes.clone());
        let observed = applied.and_then(|applied| applied.observed.as_deref());
        let echo = echo::after(known, &attributes, observed, self.now);
        let projection = Projection {
            external_id: match applied {
                Some(applied) => Some(applied.id.clone()),
                None => known.and_then(|known| known.external_id.clone()),
            },
            version: match applied {
                Some(applied) => applied.version.clone(),
                None => known.and_then(|known| known.version.clone()),
            },
            applied: if prepared.next.is_none() { entry.desired } else { partial_hash(&attributes) },
            attributes,
            status: prepared.status,
            revision: known.map_or(1, |known| known.revision + 1),
            pending: prepared.pending.clone(),
            echo,
        };
        self.project(w, prepared, &projection)?;
        if projection.status == ProjectionStatus::Deleted {
            // Who is made again gets another one.
            w.remove_password(number, entry.entity)?;
        }
        for attribute in newly_frozen(prepared, &projection) {
            let OutboxEntry { class, entity, destination, .. } = entry.clone();
            self.told.push(format!(
                "{attribute} of {class} {entity} goes back and forth at {destination} and is left alone; find who else writes \
                 it, then run `rosterd drift {destination} --release`"
            ));
            self.events.push(RunEvent::Frozen { destination, class, entity, attribute });
        }
        for missing in &prepared.missing {
            w.put_pending_ref(number, missing, (entry.class, entry.entity))?;
            self.pending = true;
        }
        let came = known.and_then(living).is_none() && living(&projection).is_some();
        if came && self.pending {
            self.complete(w, entry, &projection)?;
        }
        match prepared.next {
            Some(lane) => self.requeue(w, entry, |entry| {
                (entry.lane, entry.attempts, entry.again) = (lane, 0, false);
                // What an older wish did to references is told with the references.
                entry.doubt = if entry.doubt.older() && lane == Lane::Reference { Doubt::Older } else { Doubt::None };
                (entry.failing_since, entry.last_fault) = (None, None);
            })?,
            None => self.remove(w, entry)?,
        }
        if prepared.next.is_none() || came {
            self.wake(w, entry.class, entry.entity)?;
        }
        let id = projection.external_id.as_ref().map_or("", |id| id.as_str());
        self.told.extend(problems.iter().map(|problem| format!("{} {id}: {problem}", entry.class)));
        Ok(())
    }

    /// Puts a projection, with the totals and the unique values that belong to it.
    pub(super) fn project(
        &mut self,
        w: &mut Writer<'_>,
        prepared: &Prepared,
        projection: &Projection,
    ) -> Result<(), EngineError> {
        let (entry, known, number) = (&prepared.entry, prepared.known.as_ref(), self.route.number);
        let living = |status: ProjectionStatus| i64::from(status.is_living());
        let before = known.map_or(0, |known| living(known.status));
        w.add_total(Some(number), entry.class, living(projection.status) - before)?;
        for attribute in self.route.delivery().matching(entry.class) {
            let value = |of: Option<&Projection>| {
                of.filter(|of| of.status.is_living()).and_then(|of| of.attributes.get(attribute)).and_then(match_key)
            };
            let (old, new) = (value(known), value(Some(projection)));
            if old == new {
                continue;
            }
            if let Some(old) = &old {
                w.put_holder(number, entry.class, (attribute, old), entry.entity, false)?;
            }
            if let Some(new) = &new {
                w.put_holder(number, entry.class, (attribute, new), entry.entity, true)?;
            }
        }
        w.put_projection(number, entry.class, entry.entity, projection)?;
        Ok(())
    }

    /// Nothing is left to do about an entry.
    pub(super) fn finished(&mut self, w: &mut Writer<'_>, entry: &OutboxEntry) -> Result<(), EngineError> {
        self.remove(w, entry)?;
        self.wake(w, entry.class, entry.entity)
    }

    fn remove(&mut self, w: &mut Writer<'_>, entry: &OutboxEntry) -> Result<(), EngineError> {
        let number = self.route.number;
        // A newer wish may have taken the entry's place while it was under way: only our own is removed.
        let stored = w.outbox_entry(number, entry.class, entry.entity)?;
        if stored.is_some_and(|stored| stored.order == entry.order && stored.lane == entry.lane) {
            w.remove_outbox(number, entry.class, entry.entity)?;
        }
        Ok(())
    }

    /// Entries that waited for an object look again.
    fn wake(&mut self, w: &mut Writer<'_>, class: Class, entity: EntityId) -> Result<(), EngineError> {
        if !self.wakes || !Rule::DependantsBlocked.on() {
            return Ok(());
        }
        self.freed |= w.wake_outbox(self.route.number, class, entity)?;
        Ok(())
    }

    /// References that waited for an object which is there now are sent, after everything else.
    pub(super) fn complete(
        &mut self,
        w: &mut Writer<'_>,
        entry: &OutboxEntry,
        now: &Projection,
    ) -> Result<(), EngineError> {
        if !Rule::ReferencesRepaired.on() || living(now).is_none() {
            return Ok(());
        }
        let number = self.route.number;
        let own = (ConnectionNumber::HUB, entry.class, entry.entity.to_string().into());
        let claims = w.claims_of(entry.entity)?.into_iter();
        let called = claims.map(|(connection, claims)| (connection, claims.class, claims.external_id)).chain([own]);
        for (connection, class, id) in called {
            let missing = MissingReference { connection, class, id };
            let waiting = w.pending_on(number, &missing)?;
            if waiting.is_empty() {
                continue;
            }
            w.remove_pending_refs(number, &missing)?;
            for (class, entity) in waiting {
                let Some(known) = w.projection(number, class, entity)?.filter(|known| known.status.is_living()) else {
                    continue;
                };
                // Whoever is on the way completes it by himself.
                if w.outbox_entry(number, class, entity)?.is_some() {
                    continue;
                }
                let order = w.next_order()?;
                let (name, key) = (self.route.name.clone(), (class, entity));
                let mut wish = OutboxEntry::new(name, key, Operation::Update, known.applied, order, entry.plan);
                wish.lane = Lane::Reference;
                w.put_outbox(number, &wish)?;
                self.freed = true;
            }
        }
        Ok(())
    }
}

/// What was acknowledged: without attributes and members that the destination refused.
fn without_refused(prepared: &Prepared, problems: &[Fault]) -> Attributes {
    let mut attributes = prepared.attributes.clone();
    for subject in problems.iter().filter_map(|problem| problem.subject.as_deref()) {
        if attributes.get(subject).is_some() {
            match prepared.known.as_ref().and_then(|known| known.attributes.get(subject)) {
                Some(before) => attributes.set(subject, before.clone()),
                None => attributes.remove(subject),
            };
            continue;
        }
        refuse_member(prepared, &mut attributes, subject);
    }
    attributes
}

/// Takes a member out that the destination refused; it is named by the destination's id.
fn refuse_member(prepared: &Prepared, attributes: &mut Attributes, refused: &str) {
    let names: Vec<Text> = prepared.shown.iter().map(|(name, _)| name.into()).collect();
    for name in names {
        let (Some(Value::List(shown)), Some(Value::List(ours))) = (prepared.shown.get(&name), attributes.get(&name))
        else {
            continue;
        };
        let is_it = |value: &Value| matches!(value, Value::Reference { id, .. } if id.as_str() == refused);
        // Both lists have the same members in the same order unless some could not be told.
        if let Some(at) = shown.iter().position(is_it).filter(|_| shown.len() == ours.len()) {
            let kept = ours.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, value)| value.clone());
            let kept = kept.collect();
            attributes.set(name, Value::List(kept));
        }
    }
}

/// The attributes that are left alone from now on.
fn newly_frozen(prepared: &Prepared, now: &Projection) -> Vec<Text> {
    let before = prepared.known.as_ref();
    let frozen = now.echo.swings.iter().filter(|swing| swing.frozen);
    let new = frozen.filter(|swing| !before.is_some_and(|known| known.is_frozen(&swing.attribute)));
    new.map(|swing| swing.attribute.clone()).collect()
}
