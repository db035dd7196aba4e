//! A plan after a change of mapping, narrowed to what changed: a settled record was planned with every rule that is as it was.
//!
//! What the hub holds of a settled record is what the applied mapping said of it. So only rules that are otherwise can say
//! anything new, and only the claims about their attributes are read. Where anything else may have changed, or anybody
//! decided otherwise, records are asked for everything.

use super::Planner;
use super::effective::claim_changes;
use super::portion::{Known, Mapped, Source, There};
use crate::error::EngineError;
use crate::policy::JobClass;
use rosterd_model::claim::Link;
use rosterd_model::shadow::ShadowState;
use rosterd_model::spec::CaseReaction;
use rosterd_model::{Class, ExternalId, Rule};
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::{ChangedRules, Moment};
use rosterd_store::prelude::*;
use rosterd_store::{StoredShadow, Walks};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Planner<'_> {
    /// The rules that changed since the last applied plan; none: everything may be otherwise.
    pub(super) fn narrow(&self, class: Class, plain: bool) -> Result<Option<Arc<ChangedRules>>, EngineError> {
        let Some(part) = self.job.class(class).filter(|_| plain && Rule::JoinByImmutable.on()) else { return Ok(None) };
        let (Some(state), Some(stored)) =
            (self.view.mapping_state(self.connection)?, self.view.applied_mapping(self.connection, class)?)
        else {
            return Ok(None);
        };
        // With what a record was let be is not what its mapping said.
        if part.spec.reaction.disputed != CaseReaction::Quarantine {
            return Ok(None);
        }
        let before = stored.strip_prefix(&applied_head(part, &state));
        Ok(before.and_then(|text| part.mapping.changed_since(text)).map(Arc::new))
    }
}

/// What stands before the text of an applied mapping: the configuration that it was applied with, and what else must be as it
/// was so that a rule says the same again.
fn applied_head(part: &JobClass, state: &str) -> String {
    format!("{state}\n{} {}\n", part.rest_fingerprint(), env!("CARGO_PKG_VERSION"))
}

/// The text of a mapping that is applied.
pub(super) fn applied_text(part: &JobClass, state: &str) -> String {
    format!("{}{}", applied_head(part, state), part.mapping.text())
}

impl Source {
    /// Records from one ordinal to another that must be asked for everything, because no applied plan has decided them.
    pub(super) fn unsettled(&self, first: u32, last: u32) -> Result<BTreeSet<u32>, EngineError> {
        let rows = self.view.all_unsettled(self.connection, self.class, first)?;
        let within = rows.take_while(|row| !matches!(row, Ok((ordinal, _)) if *ordinal > last));
        within.map(|row| Ok(row?.0)).collect()
    }

    /// What the changed rules alone say of a settled record; none if it must be asked for everything.
    pub(super) fn narrowed(
        &self,
        (part, rules): (&JobClass, &ChangedRules),
        walks: &mut Walks<'_>,
        row: &StoredShadow<'_>,
        link: &Link,
    ) -> Result<Option<Known>, EngineError> {
        let shadow = row.some(&|name| rules.may_read(name))?;
        if shadow.partial || shadow.state != ShadowState::Live || self.is_decided_about(&shadow.id)? {
            return Ok(None);
        }
        let Some(entity) = walks.entity(self.class, link.entity)? else { return Ok(None) };
        if self.has_overrides && !self.view.overrides_of(entity.id)?.is_empty() {
            return Ok(None);
        }
        let about = |name: &[u8]| rules.attributes().iter().any(|attribute| attribute.as_bytes() == name);
        let claims = walks.some_claims_of(entity.id, &about)?;
        let mine = claims.iter().find(|(number, _)| *number == self.connection).map(|(_, mine)| mine);
        let Some(mine) = mine.filter(|mine| mine.ordinal == row.ordinal) else { return Ok(None) };
        // What fails is told in the words of the whole mapping.
        let Ok(said) = part.mapping.apply_changed(rules, &Scope::new(&shadow.attributes), Moment::Change) else {
            return Ok(None);
        };
        let changes = claim_changes(Some(mine), row.ordinal, &said);
        #[cfg(debug_assertions)]
        self.assert_whole(part, &row.whole()?, row.ordinal, entity.id, &changes)?;
        let mapped = Some(Mapped { moment: Moment::Change, said: Ok(Vec::new()) });
        let there = Some(There { entity, claims, changes: Some(changes) });
        Ok(Some(Known { shadow, link: Some(link.clone()), mapped, there }))
    }

    /// True if a record is set aside, or a person decided about it.
    fn is_decided_about(&self, id: &ExternalId) -> Result<bool, EngineError> {
        Ok(self.has_decisions
            && (self.view.case_of(self.connection, Some(self.class), id)?.is_some()
                || self.view.resolution(self.connection, self.class, id)?.is_some()))
    }

    /// In tests: the whole mapping says no more than the rules that changed.
    #[cfg(debug_assertions)]
    fn assert_whole(
        &self,
        part: &JobClass,
        shadow: &rosterd_model::shadow::Shadow,
        ordinal: u32,
        entity: rosterd_model::EntityId,
        changes: &[rosterd_model::plan::ClaimChange],
    ) -> Result<(), EngineError> {
        let claims = self.view.claims(entity, self.connection)?;
        let said = part.mapping.apply(&Scope::new(&shadow.attributes), Moment::Change);
        let all = said.map(|said| claim_changes(claims.as_ref(), ordinal, &said));
        assert_eq!(
            all.as_deref(),
            Ok(changes),
            "{} {} was settled otherwise than its rules say",
            shadow.class,
            shadow.id
        );
        Ok(())
    }
}
