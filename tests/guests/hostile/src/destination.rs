//! Its writing role: everything is applied, unless the behaviour says otherwise.

use crate::behaviour::Behaviour;
use crate::{Hostile, exhaust};
use rosterd_sdk::{Applied, Class, Destination, Fault, Object, ObjectRef, Operation, Receipt};

impl Destination for Hostile {
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt> {
        match self.settings.behaviour {
            Behaviour::Trap => exhaust::trap(),
            Behaviour::EndlessLoop => exhaust::compute(),
            _ => {}
        }
        let mut receipts: Vec<Receipt> = operations.iter().map(|operation| self.receipt(operation)).collect();
        match self.settings.behaviour {
            Behaviour::FewReceipts => drop(receipts.pop()),
            Behaviour::ManyReceipts => receipts.push(Receipt::Applied(Applied::id("made-up"))),
            _ => {}
        }
        receipts
    }

    fn find(&mut self, _class: Class, _attribute: &str, _value: &str) -> Result<Vec<Object>, Fault> {
        Ok(Vec::new())
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        objects.iter().map(|_| Ok(None)).collect()
    }
}

impl Hostile {
    fn receipt(&self, operation: &Operation) -> Receipt {
        let id = operation.id.clone().unwrap_or_else(|| format!("new-{}", operation.key));
        match self.settings.behaviour {
            Behaviour::PanicOnOneRecord => {
                assert!(
                    !operation.key.ends_with('7'),
                    "operation {} is more than this connector can bear",
                    operation.key
                );
            }
            Behaviour::HugeId => return Receipt::Applied(Applied::id("x".repeat(1 << 20))),
            Behaviour::EmptyId => return Receipt::Applied(Applied::id("")),
            Behaviour::BrokenJson => return Receipt::Applied(Applied::id(id).observed("{\"name\":")),
            _ => {}
        }
        Receipt::Applied(Applied::id(id))
    }
}
