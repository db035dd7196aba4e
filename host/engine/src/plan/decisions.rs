//! What operators decided, as far as a plan must look: nothing is looked up while nobody decided anything.

use super::Planner;
use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::decision::{Choice, Override};
use rosterd_model::{Class, EntityId, ExternalId};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// A choice, and who made it.
pub(super) type Decided = (Choice, String);

/// Whether there is anything to look up, and what may be forgotten.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// True: a person decided about records of the connection.
    pub(super) resolutions: bool,
    /// True: an operator set values.
    pub(super) overrides: bool,
    /// True: names and addresses are reserved.
    pub(super) reservations: bool,
    /// Overrides that ended and whose values are gone.
    pub(super) ended: Vec<(EntityId, String)>,
}

impl Decisions {
    pub(super) fn of(view: &Snapshot, connection: ConnectionNumber) -> Result<Self, EngineError> {
        Ok(Self {
            resolutions: view.has_resolutions(connection)?,
            overrides: view.has_overrides()?,
            reservations: view.has_reservations()?,
            ended: Vec::new(),
        })
    }
}

/// Lets the plan look at every record of this connection whose entity has an override that ended.
pub(super) fn renew(engine: &Engine, connection: ConnectionNumber) -> Result<(), EngineError> {
    let view = engine.store.snapshot()?;
    if !view.has_overrides()? {
        return Ok(());
    }
    let now = view.policy_now(engine.clock.now())?;
    let mut due = Vec::new();
    for row in view.overrides()? {
        let (entity, _, set) = row?;
        if set.counts(now) {
            continue;
        }
        let Some(claims) = view.claims(entity, connection)? else { continue };
        let settled = view.unsettled(connection, claims.class, claims.ordinal)?.is_none();
        if let Some(shadow) = view.shadow(connection, claims.class, claims.ordinal)?.filter(|_| settled) {
            due.push((claims.class, claims.ordinal, shadow.seq));
        }
    }
    drop(view);
    if due.is_empty() {
        return Ok(());
    }
    engine.store.commit::<_, EngineError>("override-ended", |w| {
        for (class, ordinal, seq) in due {
            w.put_unsettled(connection, class, ordinal, seq)?;
        }
        Ok(())
    })
}

impl Planner<'_> {
    /// What an operator decided about a record.
    pub(super) fn choice(&self, class: Class, id: &ExternalId) -> Result<Option<Decided>, EngineError> {
        if !self.decisions.resolutions {
            return Ok(None);
        }
        let found = self.view.resolution(self.connection, class, id)?;
        Ok(found.map(|resolution| (resolution.choice, resolution.by)))
    }

    /// What operators set for an entity.
    pub(super) fn overrides_of(&self, id: EntityId) -> Result<Vec<(String, Override)>, EngineError> {
        if self.decisions.overrides { Ok(self.view.overrides_of(id)?) } else { Ok(Vec::new()) }
    }

    /// The entity is as it should be: overrides that ended have nothing left to undo.
    pub(super) fn overrides_done(&mut self, id: EntityId, overrides: &[(String, Override)]) {
        let ended = overrides.iter().filter(|(_, set)| !set.counts(self.now));
        self.decisions.ended.extend(ended.map(|(attribute, _)| (id, attribute.clone())));
    }
}
