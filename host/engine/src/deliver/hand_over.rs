//! Values that no two objects of a destination may share: who gives one up is sent before who takes it.

use super::request::Preparer;
use super::ring::exchange;
use crate::error::EngineError;
use rosterd_model::outbox::Projection;
use rosterd_model::{Class, Entity, EntityId, Fault, FaultKind};
use rosterd_reconcile::fanout::Desired;
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;

/// Longer chains of values that are handed on are taken for a ring.
const LONGEST: usize = 64;

/// What must happen first, and why; nothing in the list: a person must act.
pub(super) type Waits = (Vec<(Class, EntityId)>, Fault);

impl Preparer<'_> {
    /// Whom an entity must wait for, because he holds a value that it is to get. If he in turn waits for a value of
    /// this one, somebody must decide who goes first.
    pub(super) fn hand_over(
        &mut self,
        entity: &Entity,
        desired: &Desired,
        known: Option<&Projection>,
    ) -> Result<Option<Waits>, EngineError> {
        let class = entity.class;
        let Some((attribute, first)) = self.holder_of_wanted(entity, desired, known)? else { return Ok(None) };
        let mut holder = first;
        for _ in 0..LONGEST {
            let Some(next) = self.next_holder(class, holder)? else {
                // Whoever is not about to give the value up is the destination's business: it refuses.
                let gives = self.view.outbox_entry(self.number, class, first)?.is_some();
                let text = format!("another {class} gives its {attribute} up first");
                return Ok(gives.then(|| (vec![(class, first)], Fault::new(FaultKind::AlreadyExists, text))));
            };
            if next == entity.id {
                break;
            }
            holder = next;
        }
        Ok(Some((Vec::new(), exchange(class, &attribute))))
    }

    /// Who holds a value that an entity wants which has an entry of its own.
    fn next_holder(&mut self, class: Class, id: EntityId) -> Result<Option<EntityId>, EngineError> {
        if self.view.outbox_entry(self.number, class, id)?.is_none() {
            return Ok(None);
        }
        let Some(entity) = self.view.entity(class, id)? else { return Ok(None) };
        let Some(desired) = self.desired(&entity)? else { return Ok(None) };
        let known = self.view.projection(self.number, class, id)?;
        Ok(self.holder_of_wanted(&entity, &desired, known.as_ref())?.map(|(_, holder)| holder))
    }

    fn holder_of_wanted(
        &self,
        entity: &Entity,
        desired: &Desired,
        known: Option<&Projection>,
    ) -> Result<Option<(String, EntityId)>, EngineError> {
        let known = known.filter(|known| known.status.is_living());
        for attribute in self.delivery.matching(entity.class) {
            let value = desired.attributes.get(attribute).or_else(|| desired.on_create.get(attribute));
            let Some(wanted) = value.and_then(match_key) else { continue };
            let has = known.and_then(|known| known.attributes.get(attribute)).and_then(match_key);
            if has.as_ref() == Some(&wanted) {
                continue;
            }
            let holder = self.view.holder(self.number, entity.class, attribute, &wanted)?;
            if let Some(holder) = holder.filter(|holder| *holder != entity.id) {
                return Ok(Some((attribute.clone(), holder)));
            }
        }
        Ok(None)
    }
}
