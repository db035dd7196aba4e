//! Links are sticky; `recorrelate` decides anew whom records are about, and makes a plan of what would move.

use super::Planner;
use super::effective::{Effective, claim_changes, fresh};
use crate::error::EngineError;
use crate::policy::JobClass;
use rosterd_model::claim::{Link, LinkMaker};
use rosterd_model::plan::{Part, Reason, StepObject, Target};
use rosterd_model::shadow::Shadow;
use rosterd_model::{Entity, EntityId, Step, Value};
use rosterd_reconcile::correlate::Situation;
use rosterd_reconcile::diff::{diff, operation_of, state_hash};
use rosterd_reconcile::mapping::Moment;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// Ties a linked record to whom the rules find now, if that is another entity. None: the link stays. What a person
    /// linked stays, and so does what no rule can decide.
    pub(super) fn elsewhere(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        link: &Link,
    ) -> Result<Option<bool>, EngineError> {
        if matches!(link.maker, LinkMaker::Operator(_)) {
            return Ok(None);
        }
        let Some(said) = self.said(part, shadow, Moment::Create, None)? else { return Ok(None) };
        let (candidate, _) = part.newcomer(fresh(&said));
        let Situation::Matched { entity, tier, .. } = self.situation(part, shadow.class, &candidate, Some(ordinal))?
        else {
            return Ok(None);
        };
        if entity == link.entity {
            return Ok(None);
        }
        for id in [entity, link.entity] {
            if self.view.entity(shadow.class, id)?.is_some_and(|known| self.policy.protect.protects(&known)) {
                return Ok(None);
            }
        }
        let done = self.tie(part, ordinal, shadow, (entity, false), Reason::Matched { tier })?;
        if done {
            self.let_go(part, ordinal, shadow, link.entity)?;
        }
        Ok(Some(done))
    }

    /// The entity that loses a record: others decide what it said, or its last words stay.
    fn let_go(&mut self, part: &JobClass, ordinal: u32, shadow: &Shadow, id: EntityId) -> Result<(), EngineError> {
        let Some(entity) = self.view.entity(shadow.class, id)? else { return Ok(()) };
        let (mine, others) = self.claims(id)?;
        let mine = mine.filter(|claims| claims.ordinal == ordinal);
        // No record has this number: all claims are another's.
        let changes = claim_changes(mine.as_ref(), u32::MAX, &[]);
        let overrides = self.overrides_of(id)?;
        let attributes = Effective {
            authority: &self.policy.authority,
            source: &self.job.source,
            mine: mine.as_ref(),
            others: &others,
            overrides: &overrides,
            ages: &self.ages,
            now: self.now,
            everything: false,
        }
        .attributes(&entity.attributes, &changes);
        let after = Entity { attributes, ..entity.clone() };
        let changes = diff(&entity.attributes, &after.attributes);
        if changes.is_empty() {
            return Ok(());
        }
        let hub = Part {
            target: Target::Hub,
            operation: operation_of(entity.class, &changes, None),
            before: state_hash(&entity.attributes, &entity.lifecycle),
            after: state_hash(&after.attributes, &after.lifecycle),
            changes,
            lifecycle: None,
        };
        let mut parts = vec![hub];
        if let Err(problem) = self.fan_out(&after, Some(id), None, &mut parts)? {
            tracing::warn!(entity = %id, "{}", problem.message);
        }
        let name = crate::policy::name_attribute(entity.class);
        let label = entity.attributes.get(name).map_or_else(|| id.to_string().into(), Value::to_text);
        self.push(Step {
            class: entity.class,
            object: StepObject::Entity(id),
            label,
            reason: Reason::Configuration,
            // The step that ties the record takes the claims away.
            source: None,
            claims: Some(Vec::new()),
            mapping: part.mapping.digest(),
            parts,
        })
    }
}
