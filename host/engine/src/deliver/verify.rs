//! Verification: some of what was sent is read back and compared, and everything that was deleted.

use super::Delivered;
use super::look::Answered;
use super::worker::Route;
use crate::event::RunEvent;
use rosterd_model::outbox::{ProjectionStatus, Receipt};
use rosterd_model::port::Destination;
use rosterd_model::run::DeliveryCounts;
use rosterd_model::{Attributes, Class, ExternalId, FaultKind, Record, Rule, Value};
use rosterd_reconcile::canonical::equal;
use rosterd_reconcile::normalise::json_attributes;
use std::collections::BTreeMap;

/// So many are read back at least, if there are so many.
const LEAST: usize = 20;
/// One of so many is read back beyond.
const ONE_OF: u64 = 100;
/// Objects in one call.
const PER_CALL: usize = 100;

/// What is read back: attributes that were sent, or that the object is gone. What was sent last counts.
#[derive(Debug, Default)]
pub(super) struct Samples {
    wanted: BTreeMap<(Class, ExternalId), Option<Attributes>>,
    passed: u64,
}

impl Samples {
    /// Chooses among what was answered.
    pub(super) fn take(&mut self, answers: &[Answered]) {
        if !Rule::ReadsBack.on() {
            return;
        }
        for answered in answers.iter().filter(|answered| answered.failed.is_none()) {
            let applied = answered.receipts.iter().rev().find_map(|receipt| match receipt {
                Receipt::Applied(applied) | Receipt::Unchanged(applied) => Some(applied),
                _ => None,
            });
            let Some(applied) = applied else { continue };
            let key = (answered.prepared.entry.class, applied.id.clone());
            let deleted = answered.prepared.status == ProjectionStatus::Deleted;
            self.passed += 1;
            let chosen = self.wanted.len() < LEAST || self.passed % ONE_OF == 0 || self.wanted.contains_key(&key);
            // What the destination says of itself was compared by whoever sent it.
            if deleted || (chosen && applied.problems.is_empty()) {
                self.wanted.insert(key, (!deleted).then(|| answered.prepared.shown.clone()));
            }
        }
    }

    /// Reads back what was chosen, and says what differs. A destination that can not be read is not verified.
    pub(super) async fn check(
        &self,
        route: &Route,
        destination: &mut dyn Destination,
        counts: &mut DeliveryCounts,
        delivered: &mut Delivered,
    ) {
        let all: Vec<_> = self.wanted.iter().collect();
        for part in all.chunks(PER_CALL) {
            let answers = destination.read(part.iter().map(|(key, _)| (*key).clone()).collect()).await;
            for (((class, id), sent), answer) in part.iter().zip(answers) {
                let found = match answer {
                    Ok(found) => found,
                    Err(fault) if fault.kind == FaultKind::Unsupported => return,
                    Err(fault) => {
                        delivered.note(format!("connection {}: {class} {id} was not read back: {fault}", route.name));
                        continue;
                    }
                };
                counts.verified += 1;
                if let Some(text) = difference(sent.as_ref(), found.as_ref()) {
                    counts.differing += 1;
                    let text = format!("connection {}: {class} {id} {text}", route.name);
                    route.engine.events.emit(&RunEvent::Note(text.clone()));
                    delivered.note(text);
                }
            }
        }
    }
}

/// What differs, as the end of a sentence that shows no value.
fn difference(sent: Option<&Attributes>, found: Option<&Record>) -> Option<String> {
    match (sent, found) {
        (None, None) => None,
        (None, Some(_)) => Some("was deleted and is still there".to_owned()),
        (Some(_), None) => Some("was written and is not there".to_owned()),
        (Some(sent), Some(found)) => {
            let there = json_attributes(&found.attributes).unwrap_or_default();
            let other = |(name, value): &(&str, &Value)| there.get(name).is_some_and(|there| !same(there, value));
            let names: Vec<&str> = sent.iter().filter(other).map(|(name, _)| name).collect();
            (!names.is_empty()).then(|| format!("shows another value than was sent in {}", names.join(", ")))
        }
    }
}

/// Many systems know texts only, and no difference between empty and absent.
fn same(there: &Value, sent: &Value) -> bool {
    equal(there, sent) || (there.is_empty() && sent.is_empty()) || there.to_text() == sent.to_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record {
        Record {
            class: Class::Account,
            id: "1".into(),
            previous_id: None,
            version: None,
            attributes: json.to_owned(),
            partial: false,
        }
    }

    #[test]
    fn what_is_not_said_differs_in_nothing() {
        let sent: Attributes = [("name", Value::from("Ann")), ("title", Value::Null)].into_iter().collect();
        assert_eq!(difference(Some(&sent), Some(&record(r#"{"name":"Ann"}"#))), None);
        let other = difference(Some(&sent), Some(&record(r#"{"name":"ann","title":""}"#)));
        assert_eq!(other.as_deref(), Some("shows another value than was sent in name"));
        assert!(difference(Some(&sent), None).is_some());
        assert!(difference(None, Some(&record("{}"))).is_some());
        assert_eq!(difference(None, None), None);
    }
}
