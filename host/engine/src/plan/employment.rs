//! People with several employments: a source shows a record for each. One of them speaks for the person; if it ends, the
//! next one that stands does, and nobody leaves.

use super::Planner;
use crate::error::EngineError;
use crate::policy::JobClass;
use rosterd_model::plan::{NOTHING, Operation, Part, Reason, StepObject, StepSource, Target};
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::spec::Employments;
use rosterd_model::{ClaimSet, Entity, EntityId, Rule, Step, Value};
use rosterd_reconcile::diff::state_hash;
use rosterd_reconcile::mapping::Moment;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// A record of somebody whom another record of this connection speaks for already: one more employment.
    pub(super) fn employed_again(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        id: EntityId,
        tier: u8,
    ) -> Result<bool, EngineError> {
        let Some(entity) = self.view.entity(shadow.class, id)? else { return Ok(false) };
        let state = state_hash(&entity.attributes, &entity.lifecycle);
        let hub = Part {
            target: Target::Hub,
            operation: Operation::Link,
            before: state,
            after: state,
            changes: Vec::new(),
            lifecycle: None,
        };
        debug_assert_ne!(state, NOTHING);
        let name = crate::policy::name_attribute(shadow.class);
        let label = entity.attributes.get(name).map_or_else(|| shadow.id.0.clone(), Value::to_text);
        let source =
            StepSource { connection: self.job.source.clone(), ordinal, id: shadow.id.clone(), seq: shadow.seq };
        self.push(Step {
            class: shadow.class,
            object: StepObject::Entity(id),
            label,
            reason: Reason::Employment { tier },
            source: Some(source),
            claims: Some(Vec::new()),
            mapping: part.mapping.digest(),
            parts: vec![hub],
        })?;
        Ok(true)
    }

    /// True if another record speaks for the entity, and this one is a further employment: its values do not count.
    pub(super) fn is_further(part: &JobClass, mine: Option<&ClaimSet>, ordinal: u32) -> bool {
        part.spec.employments == Employments::Several
            && mine.is_some_and(|claims| claims.ordinal != ordinal && claims.further.contains(&ordinal))
    }

    /// The person stays, because another employment of the same source stands, which speaks for him from now on. None:
    /// there is no such employment.
    pub(super) fn other_employment(
        &mut self,
        part: &JobClass,
        ended: u32,
        entity: &Entity,
    ) -> Result<Option<bool>, EngineError> {
        if part.spec.employments != Employments::Several || !Rule::EmploymentsOfOneSource.on() {
            return Ok(None);
        }
        let Some(claims) = self.view.claims(entity.id, self.connection)? else { return Ok(None) };
        if claims.ordinal != ended {
            // It was not the one that speaks for him.
            return Ok(claims.further.contains(&ended).then_some(true));
        }
        for ordinal in claims.further {
            let Some(shadow) = self.view.shadow(self.connection, entity.class, ordinal)? else { continue };
            if shadow.state != ShadowState::Live || !self.stands(part, &shadow)? {
                continue;
            }
            let Some(said) = self.said(part, &shadow, Moment::Link, Some(entity.id))? else { continue };
            let done = self.known(part, ordinal, &shadow, (entity.id, true), &said, Reason::Promoted)?;
            if done {
                self.relinked.insert(entity.id);
            }
            return Ok(Some(done));
        }
        Ok(None)
    }

    /// True unless the record says of itself that it ended.
    fn stands(&mut self, part: &JobClass, shadow: &Shadow) -> Result<bool, EngineError> {
        let Some(said) = self.said(part, shadow, Moment::Change, None)? else { return Ok(false) };
        let wanted = self.wanted(None, shadow.class, &super::effective::fresh(&said))?;
        // A date that can not be read ends nothing.
        Ok(wanted.map_or(true, |wanted| wanted.is_living()))
    }
}
