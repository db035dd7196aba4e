//! Values that only one object may have: in the hub, and among the records of one run.

use super::{Disputes, Planner};
use crate::error::EngineError;
use crate::policy::{JobClass, name_attribute};
use rosterd_model::plan::Reason;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::spec::TierMode;
use rosterd_model::{Attributes, Class, Entity, EntityId, Step};
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;

impl Planner<'_> {
    /// Registers the unique values and the entity that this step wants.
    pub(super) fn undisputed(
        &mut self,
        part: &JobClass,
        step: &Step,
        after: &Attributes,
        before: Option<&Entity>,
    ) -> Result<bool, EngineError> {
        let place = self.place_of(step);
        let mut free = true;
        let mut sentence = String::new();
        if let (Some(entity), Reason::Matched { .. }) = (before, &step.reason) {
            sentence = format!("several records of this run match entity {}; link the right one", entity.id);
            let wish = Disputes::wish(&[b"entity", entity.id.as_bytes()]);
            free &= self.disputes.want(wish, place, || sentence.clone());
        }
        let attributes = part.keys.iter().filter(|key| is_unique(part, key));
        for attribute in attributes {
            let Some(key) = after.get(attribute).and_then(match_key) else { continue };
            let had = before.and_then(|entity| entity.attributes.get(attribute)).and_then(match_key);
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
            let id = source.id.clone();
            self.quarantine(step.class, &id, QuarantineReason::Disputed, sentence, Vec::new())?;
        }
        Ok(free)
    }

    /// True if nobody else in the hub has the name; otherwise the record is set aside.
    pub(super) fn name_free(
        &mut self,
        part: &JobClass,
        after: &Attributes,
        present: Option<(EntityId, &Attributes)>,
        shadow: &Shadow,
    ) -> Result<bool, EngineError> {
        let name = name_attribute(part.class);
        if part.class != Class::Account {
            return Ok(true);
        }
        let Some(key) = after.get(name).and_then(match_key) else { return Ok(true) };
        if present.is_some_and(|(_, attributes)| attributes.get(name).and_then(match_key).as_ref() == Some(&key)) {
            return Ok(true);
        }
        let mut holders = self.view.entities_with(part.class, name, "", &key, 3)?;
        holders.retain(|holder| Some(*holder) != present.map(|(id, _)| id));
        if holders.is_empty() {
            return Ok(true);
        }
        let message =
            format!("the {name} \"{key}\" belongs to another account; give this one another name at its source");
        self.quarantine(shadow.class, &shadow.id, QuarantineReason::Collision, message, holders)?;
        Ok(false)
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
