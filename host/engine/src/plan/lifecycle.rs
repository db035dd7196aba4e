//! The state of an entity from what sources say, with what only the store knows: whether a person disabled it.

use super::Planner;
use crate::error::EngineError;
use rosterd_model::rule::Defect;
use rosterd_model::{Attributes, Class, Entity, Lifecycle};
use rosterd_reconcile::Problem;
use rosterd_reconcile::leaver::{Statement, asks_for_order, wanted};
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// The state that effective attributes ask for; a date that can not be read is a problem of the record.
    ///
    /// Absence and explicit deletes are not decided here.
    pub(super) fn wanted(
        &self,
        present: Option<&Entity>,
        class: Class,
        attributes: &Attributes,
    ) -> Result<Result<Lifecycle, Problem>, EngineError> {
        let said = match Statement::read(attributes, &self.policy.lifecycle.home) {
            Ok(said) => said,
            Err(problem) => return Ok(Err(problem)),
        };
        let ordered = match present {
            Some(entity) if asks_for_order(&entity.lifecycle) => self.view.order(class, entity.id)?.is_some(),
            _ => false,
        };
        let present = present.map(|entity| &entity.lifecycle);
        if let Some(left @ Lifecycle::Disabled { .. }) = present.filter(|_| Defect::ReturnIgnored.here()) {
            return Ok(Ok(*left));
        }
        Ok(Ok(wanted(present, &said, ordered, self.now)))
    }
}
