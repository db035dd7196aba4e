//! Secondary accounts: `adm-li.wei` beside `li.wei`. A record whose mapping gives `primary`, the user name of the account
//! that it belongs to, is an account of its own: it is never compared with people, never made at a destination, and
//! disabled before its primary when the person leaves.

use super::Planner;
use crate::error::EngineError;
use crate::policy::name_attribute;
use rosterd_model::plan::{Operation, Part, Reason, StepObject, Target};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, Class, Entity, EntityId, Rule, Step, Value};
use rosterd_reconcile::diff::state_hash;
use rosterd_reconcile::leaver::left;
use rosterd_reconcile::normalise::value::match_key;
use rosterd_reconcile::schema::PRIMARY;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// True if a record is that of a secondary account.
    pub(super) fn is_secondary(class: Class, attributes: &Attributes) -> bool {
        class == Class::Account
            && Rule::SecondaryAccounts.on()
            && attributes.get(PRIMARY).is_some_and(|v| !v.is_empty())
    }

    /// The account that a secondary one belongs to.
    fn primary_of(&self, attributes: &Attributes) -> Result<Option<Entity>, EngineError> {
        let Some(key) = attributes.get(PRIMARY).and_then(match_key) else { return Ok(None) };
        let found = self.view.entities_with(Class::Account, name_attribute(Class::Account), "", &key, 1)?;
        match found.first() {
            Some(id) => Ok(self.view.entity(Class::Account, *id)?),
            None => Ok(None),
        }
    }

    /// True if the primary is in the hub; otherwise the record was set aside.
    pub(super) fn has_primary(&mut self, shadow: &Shadow, attributes: &Attributes) -> Result<bool, EngineError> {
        if self.primary_of(attributes)?.is_some() {
            return Ok(true);
        }
        let message = "this is a secondary account, and its primary is not in the hub yet".to_owned();
        self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, Vec::new())?;
        Ok(false)
    }

    /// True for a secondary account whose person left: nothing that its own source says lets it in again.
    pub(super) fn outlives_primary(&self, entity: &Entity, after: &Attributes) -> Result<bool, EngineError> {
        if entity.lifecycle.is_living() || !Self::is_secondary(entity.class, after) {
            return Ok(false);
        }
        Ok(self.primary_of(after)?.is_some_and(|primary| !primary.lifecycle.is_living()))
    }

    /// Plans that the secondary accounts of somebody who leaves are disabled, before he is.
    pub(super) fn secondaries_first(&mut self, entity: &Entity, reason: &Reason) -> Result<(), EngineError> {
        if entity.class != Class::Account || !self.policy.has_secondaries || !Rule::SecondaryAccounts.on() {
            return Ok(());
        }
        let Some(key) = entity.attributes.get(name_attribute(Class::Account)).and_then(match_key) else {
            return Ok(());
        };
        for id in self.view.entities_with(Class::Account, PRIMARY, "", &key, 100)? {
            let Some(other) = self.view.entity(Class::Account, id)? else { continue };
            if other.lifecycle.is_living() && !self.policy.protect.protects(&other) {
                self.disable_secondary(id, &other, reason)?;
            }
        }
        Ok(())
    }

    fn disable_secondary(&mut self, id: EntityId, before: &Entity, reason: &Reason) -> Result<(), EngineError> {
        let after = Entity { lifecycle: left(), ..before.clone() };
        let hub = Part {
            target: Target::Hub,
            operation: Operation::Disable,
            before: state_hash(&before.attributes, &before.lifecycle),
            after: state_hash(&after.attributes, &after.lifecycle),
            changes: Vec::new(),
            lifecycle: Some(after.lifecycle),
        };
        let mut parts = vec![hub];
        if let Err(problem) = self.fan_out(&after, Some(id), None, &mut parts)? {
            tracing::warn!(entity = %id, "{}", problem.message);
        }
        self.turns(before, &after);
        let label =
            before.attributes.get(name_attribute(Class::Account)).map_or_else(|| id.to_string().into(), Value::to_text);
        let step = Step {
            class: Class::Account,
            object: StepObject::Entity(id),
            label,
            reason: reason.clone(),
            source: None,
            claims: Some(Vec::new()),
            mapping: [0; 8],
            parts,
        };
        self.follow(&step, &after)?;
        self.push(step)
    }
}
