//! What the hub applied and a guard kept from a destination: planned anew by every run until the destination is told, or
//! need not be.

use super::Planner;
use crate::error::EngineError;
use rosterd_model::{Class, EntityId, Rule};
use rosterd_store::prelude::*;

/// Entities of one look at the table.
const PORTION: usize = 1_000;

impl Planner<'_> {
    /// True if a destination waits for anything that is held.
    pub(super) fn owes(&self) -> Result<bool, EngineError> {
        Ok(Rule::HeldIsOwed.on() && !self.view.owes_nothing()?)
    }

    /// Plans what is owed of entities that no other step is about.
    pub(super) fn pay(&mut self) -> Result<(), EngineError> {
        if !self.owes()? {
            return Ok(());
        }
        let policy = self.policy;
        for delivery in &policy.deliveries {
            let Some(number) = self.view.connection_number(&delivery.destination)? else { continue };
            for class in Class::ALL {
                let mut after: Option<EntityId> = None;
                loop {
                    let owed: Vec<EntityId> =
                        self.view.owed(number, class, after)?.take(PORTION).collect::<Result<_, _>>()?;
                    let Some(last) = owed.last() else { break };
                    after = Some(*last);
                    for entity in owed {
                        self.pay_one(class, entity)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn pay_one(&mut self, class: Class, id: EntityId) -> Result<(), EngineError> {
        let policy = self.policy;
        let mut owed = Vec::new();
        for delivery in &policy.deliveries {
            if let Some(number) = self.view.connection_number(&delivery.destination)?
                && self.view.is_owed(number, class, id)?
            {
                owed.push((number, delivery));
            }
        }
        let deliveries: Vec<_> = owed.iter().map(|(_, delivery)| *delivery).collect();
        let before = self.rows.count;
        if let Some(entity) = self.view.entity(class, id)? {
            self.catch_one_up(&deliveries, &entity)?;
        }
        let planned = self.rows.count > before || self.touched.as_ref().is_some_and(|touched| touched.contains(&id));
        if !planned {
            // It is there already as it should be, by some other way: nothing is owed any more.
            self.paid.extend(owed.into_iter().map(|(number, _)| (number, class, id)));
        }
        Ok(())
    }
}
