//! Tying a record to an entity, and untying it: links, and what becomes of the record that was tied before.

use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::claim::{Link, LinkMaker};
use rosterd_model::outbox::{Echo, Projection, ProjectionStatus};
use rosterd_model::plan::{NOTHING, Operation, Part, Reason, StepSource};
use rosterd_model::record::DepartureCause;
use rosterd_model::shadow::{ShadowHead, ShadowState};
use rosterd_model::{EntityId, Rule, RunId, Step, Text, Timestamp, Value};
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// One record and its connection, in the transaction that decides about it.
pub(crate) struct Tie<'a> {
    pub(crate) connection: ConnectionNumber,
    pub(crate) run: RunId,
    pub(crate) now: Timestamp,
    pub(crate) step: &'a Step,
    pub(crate) source: &'a StepSource,
    /// The delivery to the connection of the record, if it is a destination, too: then the object is there already.
    pub(crate) delivery: Option<&'a Delivery>,
}

impl Tie<'_> {
    /// Makes room for the link that the step makes; before claims are written, which name the present record of the
    /// entity. `made` if the entity is new.
    pub(crate) fn prepare(&self, w: &mut impl Write, entity: EntityId, made: bool) -> Result<(), EngineError> {
        let class = self.step.class;
        if matches!(self.step.reason, Reason::New) || !(made || self.step.reason.links()) {
            return Ok(());
        }
        // The record may have been somebody else's.
        if let Some(before) = w.link(self.connection, class, self.source.ordinal)?.filter(|link| link.entity != entity)
        {
            let claims = w.claims(before.entity, self.connection)?;
            if claims.is_some_and(|claims| claims.ordinal == self.source.ordinal) {
                w.remove_claims(before.entity, self.connection)?;
            }
        }
        // The entity may have had another record.
        let claims = if made { None } else { w.claims(entity, self.connection)? };
        if let Some(claims) = claims.filter(|claims| claims.ordinal != self.source.ordinal) {
            self.sever(w, claims.ordinal)?;
            self.leave_behind(w, claims.ordinal)?;
        }
        w.remove_resolution(self.connection, class, &self.source.id)?;
        Ok(())
    }

    /// Writes the link that the step makes, or severs the one that it undoes.
    pub(crate) fn conclude(&self, w: &mut impl Write, entity: EntityId, part: &Part) -> Result<(), EngineError> {
        let maker = match &self.step.reason {
            Reason::New => LinkMaker::Created,
            Reason::Matched { tier } | Reason::Recreated { tier } => LinkMaker::Rule { tier: *tier },
            Reason::Promoted => LinkMaker::Rule { tier: 0 },
            Reason::Made => LinkMaker::Delivery,
            Reason::Employment { tier } => {
                if let Some(mut claims) = w.claims(entity, self.connection)? {
                    if !claims.further.contains(&self.source.ordinal) {
                        claims.further.push(self.source.ordinal);
                    }
                    w.put_claims(entity, self.connection, &claims)?;
                }
                LinkMaker::Rule { tier: *tier }
            }
            Reason::Resolved { by } => LinkMaker::Operator(by.clone()),
            _ if part.operation == Operation::Unlink => {
                w.remove_claims(entity, self.connection)?;
                return self.sever(w, self.source.ordinal);
            }
            _ => return Ok(()),
        };
        let link = Link { entity, maker, run: self.run, live: true };
        w.put_link(self.connection, self.step.class, self.source.ordinal, &link)?;
        match self.delivery {
            Some(delivery) => self.is_there(w, delivery, entity),
            None => Ok(()),
        }
    }

    /// The object was read where the entity is delivered to: it is changed from now on, and never made a second time.
    fn is_there(&self, w: &mut impl Write, delivery: &Delivery, entity: EntityId) -> Result<(), EngineError> {
        let class = self.step.class;
        if !Rule::CreatedIsLinked.on() || !delivery.outbound.delivers(class) {
            return Ok(());
        }
        let known = w.projection(self.connection, class, entity)?;
        if known.as_ref().is_some_and(|known| known.status.is_living()) {
            return Ok(());
        }
        let Some(shadow) = w.shadow(self.connection, class, self.source.ordinal)? else { return Ok(()) };
        let managed = delivery.outbound.mapping(class).attributes();
        let held = managed.filter_map(|name| Some((Text::from(name), shadow.attributes.get(name)?.clone())));
        let active = shadow.attributes.get("active") != Some(&Value::Bool(false));
        let projection = Projection {
            external_id: Some(shadow.id.clone()),
            version: shadow.version.clone(),
            applied: NOTHING,
            attributes: held.collect(),
            status: if active { ProjectionStatus::Present } else { ProjectionStatus::Disabled },
            revision: known.map_or(1, |known| known.revision + 1),
            pending: Vec::new(),
            echo: Echo::default(),
        };
        w.put_projection(self.connection, class, entity, &projection)?;
        w.add_total(Some(self.connection), class, 1)?;
        Ok(())
    }

    fn sever(&self, w: &mut impl Write, ordinal: u32) -> Result<(), EngineError> {
        if let Some(mut link) = w.link(self.connection, self.step.class, ordinal)?.filter(|link| link.live) {
            link.live = false;
            w.put_link(self.connection, self.step.class, ordinal, &link)?;
        }
        Ok(())
    }

    /// A record that lost its entity: one that is gone is settled, one that is there is judged anew.
    fn leave_behind(&self, w: &mut impl Write, ordinal: u32) -> Result<(), EngineError> {
        let (connection, class) = (self.connection, self.step.class);
        let Some(mut shadow) = w.shadow(connection, class, ordinal)? else { return Ok(()) };
        if shadow.state != ShadowState::Live {
            w.settle(connection, class, ordinal, shadow.seq)?;
            return Ok(());
        }
        if matches!(self.step.reason, Reason::Resolved { .. }) {
            w.put_unsettled(connection, class, ordinal, shadow.seq)?;
            return Ok(());
        }
        // The scan did not show it, and the one that took its place was there.
        shadow.seq = w.next_sequence()?;
        let (cause, at) = (DepartureCause::Unknown, self.now);
        shadow.state = ShadowState::Tombstone { cause, absent: true, at, run: self.run };
        let head = ShadowHead { ordinal, hash: shadow.hash, seq: shadow.seq, live: false };
        w.put_shadow_head(connection, class, &shadow.id, &head)?;
        w.put_shadow(connection, ordinal, &shadow)?;
        w.remove_missing(connection, class, ordinal)?;
        w.settle(connection, class, ordinal, shadow.seq)?;
        Ok(())
    }
}
