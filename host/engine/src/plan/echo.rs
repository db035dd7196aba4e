//! Records of a system that is written as well: what the hub made is known again, and what it said comes back as an echo.

use super::Planner;
use super::decide::Said;
use crate::error::EngineError;
use crate::policy::JobClass;
use rosterd_model::shadow::Shadow;
use rosterd_model::{EntityId, Rule};
use rosterd_reconcile::echo::{echoes, is_echo};
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// The entity for which the hub made the object that the record is about.
    pub(super) fn made_by_us(&self, shadow: &Shadow) -> Result<Option<EntityId>, EngineError> {
        if !self.both_ways || !Rule::CreatedIsLinked.on() {
            return Ok(None);
        }
        Ok(self.view.projected(self.connection, shadow.class, &shadow.id)?)
    }

    /// What is left of a mapping's statements once those are taken out that only repeat what the hub told the system. What
    /// a rule makes of nothing but echoes is no statement.
    pub(super) fn without_echo(
        &self,
        part: &JobClass,
        shadow: &Shadow,
        entity: EntityId,
        mut said: Said,
    ) -> Result<Said, EngineError> {
        if !self.both_ways {
            return Ok(said);
        }
        let Some(projection) = self.view.projection(self.connection, shadow.class, entity)? else { return Ok(said) };
        let whole = is_echo(&shadow.attributes, &projection);
        said.retain(|(attribute, _)| {
            let reads = part.mapping.reads_of(attribute);
            let known = || reads.iter().all(|name| echoes(&shadow.attributes, &projection, whole, name));
            reads.is_empty() || !known()
        });
        Ok(said)
    }
}
