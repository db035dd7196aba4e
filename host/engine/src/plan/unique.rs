//! Values that only one object may have: in the hub, and among the records of one run.

use super::{Disputes, Planner};
use crate::error::EngineError;
use crate::policy::{JobClass, name_attribute};
use crate::reserve::RESERVED;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::spec::{Employments, TierMode};
use rosterd_model::{Attributes, Class, Entity, EntityId, Rule, Step, Value};
use rosterd_reconcile::diff::Difference;
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// Registers the unique values and the entity that this step wants. `loose`: also what it does not change may be another
    /// than before ([`Difference::loose`]).
    pub(super) fn undisputed(
        &mut self,
        part: &JobClass,
        step: &Step,
        after: &Attributes,
        before: Option<&Entity>,
        loose: bool,
    ) -> Result<bool, EngineError> {
        if self.is_employed_twice(part, step, after, before) {
            return Ok(false);
        }
        let place = self.place_of(step);
        let mut free = true;
        let mut sentence = String::new();
        if let Some(entity) = before.filter(|_| step.reason.links() && Rule::DisputedBoth.on()) {
            sentence = format!("several records of this run match entity {}; link the right one", entity.id);
            let wish = Disputes::wish(&[b"entity", entity.id.as_bytes()]);
            free &= self.disputes.want(wish, place, || sentence.clone());
        }
        let changes = step.hub().filter(|_| !loose).map(|hub| hub.changes.as_slice());
        let may_differ = |key: &str| changes.is_none_or(|all| all.iter().any(|change| change.attribute == key));
        let attributes = part.keys.iter().filter(|key| may_differ(key) && is_unique(part, key));
        for attribute in attributes {
            let (value, held) = (after.get(attribute), before.and_then(|entity| entity.attributes.get(attribute)));
            if value == held {
                continue;
            }
            let (Some(key), had) = (value.and_then(match_key), held.and_then(match_key)) else { continue };
            if had.as_ref() == Some(&key) {
                continue;
            }
            let space = part.space(attribute);
            let wish = Disputes::wish(&[&[step.class.code()], attribute.as_bytes(), space.as_bytes(), key.as_bytes()]);
            let text = || {
                format!("several records of this run have the {attribute} \"{key}\"; give each its own at the source")
            };
            if !self.disputes.want(wish, place, text) {
                free = false;
                sentence = text();
            }
        }
        if !free {
            let Some(source) = &step.source else { return Ok(false) };
            if self.is_let_be(step.class, source)? {
                return Ok(false);
            }
            let id = source.id.clone();
            self.quarantine(step.class, &id, QuarantineReason::Disputed, sentence, Vec::new())?;
        }
        Ok(free)
    }

    /// True for a second record of somebody who is new in this run: it waits for the next plan, which knows him.
    fn is_employed_twice(&self, part: &JobClass, step: &Step, after: &Attributes, before: Option<&Entity>) -> bool {
        if part.spec.employments != Employments::Several || before.is_some() {
            return false;
        }
        let keys = part.keys.iter().filter(|key| is_unique(part, key) && *key != name_attribute(part.class));
        let mut wishes = keys.filter_map(|attribute| {
            let (key, space) = (after.get(attribute).and_then(match_key)?, part.space(attribute));
            Some(Disputes::wish(&[&[step.class.code()], attribute.as_bytes(), space.as_bytes(), key.as_bytes()]))
        });
        wishes.any(|wish| self.disputes.is_wanted(wish))
    }

    /// Makes the names that a rule only begins; false if that can not be done, and the record was set aside.
    pub(super) fn make_names(
        &mut self,
        part: &JobClass,
        shadow: &Shadow,
        attributes: &mut Attributes,
        bases: Vec<(String, Value)>,
    ) -> Result<bool, EngineError> {
        for (attribute, base) in bases {
            let Some((_, template)) = part.mapping.unique().find(|(name, _)| *name == attribute) else { continue };
            let base = base.to_text();
            let name = template.pick(&base, |name| self.is_taken(part, &attribute, name))?;
            let made = match name {
                Some(name) => part.mapping.finish(&attribute, name),
                None => Err(rosterd_reconcile::Problem {
                    reason: QuarantineReason::Collision,
                    message: format!("too many have the same {attribute}; let the rule begin with more than that"),
                }),
            };
            match made {
                Ok(value) => {
                    if let Some(key) = match_key(&value) {
                        self.given.insert((attribute.clone(), key));
                    }
                    attributes.set(attribute, value);
                }
                Err(problem) => {
                    self.quarantine(shadow.class, &shadow.id, problem.reason, problem.message, Vec::new())?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// True if a name belongs to somebody: living, gone, or new in this run.
    fn is_taken(&self, part: &JobClass, attribute: &str, name: &str) -> Result<bool, EngineError> {
        let Some(key) = match_key(&Value::from(name)) else { return Ok(true) };
        if !Rule::UniqueNames.on() {
            return Ok(false);
        }
        if self.given.contains(&(attribute.to_owned(), key.clone())) {
            return Ok(true);
        }
        let space = part.space(attribute);
        let holders = self.view.entities_with(part.class, attribute, space, &key, 1)?;
        Ok(!holders.is_empty() || self.reserved(part.class, attribute, &key, None)?.is_some())
    }

    /// Who keeps a value from `other`.
    fn reserved(
        &self,
        class: Class,
        attribute: &str,
        key: &str,
        other: Option<EntityId>,
    ) -> Result<Option<EntityId>, EngineError> {
        if !self.decisions.reservations || !Rule::ReservedForTheGone.on() {
            return Ok(None);
        }
        let kept = self.view.reservation(class, attribute, key)?;
        Ok(kept.filter(|kept| kept.keeps_from(other, self.now)).map(|kept| kept.entity))
    }

    /// True if nobody else in the hub has the name; otherwise the record is set aside. `present`: who has this record, as he
    /// is, and what differs afterwards.
    pub(super) fn name_free(
        &mut self,
        part: &JobClass,
        after: &Attributes,
        present: Option<(EntityId, &Attributes, &Difference)>,
        shadow: &Shadow,
    ) -> Result<bool, EngineError> {
        if part.class != Class::Account {
            return Ok(true);
        }
        let id = present.map(|(id, ..)| id);
        for name in RESERVED {
            if present.is_some_and(|(_, _, difference)| difference.keeps(name)) {
                continue;
            }
            let (value, held) = (after.get(name), present.and_then(|(_, attributes, _)| attributes.get(name)));
            if value == held {
                continue;
            }
            let Some(key) = value.and_then(match_key) else { continue };
            if held.and_then(match_key).as_ref() == Some(&key) {
                continue;
            }
            let mut holders = Vec::new();
            if name == name_attribute(part.class) {
                holders = self.view.entities_with(part.class, name, "", &key, 3)?;
                holders.retain(|holder| Some(*holder) != id);
                self.forget_gone(part.class, &mut holders)?;
            }
            let (holders, whose) = match self.reserved(part.class, name, &key, id)? {
                Some(keeper) if holders.is_empty() => (vec![keeper], "stays with somebody who had it before"),
                _ => (holders, "belongs to another account"),
            };
            if !holders.is_empty() {
                let message = format!("the {name} \"{key}\" {whose}; give this one another at its source");
                self.quarantine(shadow.class, &shadow.id, QuarantineReason::Collision, message, holders)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where names of the gone are given away, only the living hold theirs.
    fn forget_gone(&self, class: Class, holders: &mut Vec<EntityId>) -> Result<(), EngineError> {
        if Rule::ReservedForTheGone.on() {
            return Ok(());
        }
        let mut living = Vec::new();
        for holder in holders.iter() {
            if self.view.entity(class, *holder)?.is_some_and(|entity| entity.lifecycle.is_living()) {
                living.push(*holder);
            }
        }
        *holders = living;
        Ok(())
    }
}

/// Names are unique, and so are keys that link without a person, within one run.
fn is_unique(part: &JobClass, attribute: &str) -> bool {
    attribute == name_attribute(part.class)
        || part
            .spec
            .correlate
            .iter()
            .any(|tier| tier.mode == TierMode::Auto && tier.attributes == [attribute.to_owned()])
}
