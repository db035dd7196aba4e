//! One shadow, decided: which entity it is about, and what changes there.

use super::Planner;
use super::decisions::Decided;
use super::effective::{Effective, claim_changes, fresh};
use super::portion::{Known, Mapped, There};
use crate::announced::announced;
use crate::error::EngineError;
use crate::lineage::speaker;
use crate::paths::Saying;
use crate::policy::{JobClass, name_attribute};
use rosterd_model::claim::Link;
use rosterd_model::decision::Choice;
use rosterd_model::plan::{
    AttributeChange, ClaimChange, NOTHING, Operation, Part, Reason, StepObject, StepSource, Target,
};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::{Attributes, ClaimSet, Class, ConnectionId, Entity, EntityId, Lifecycle, Rule, Step, Text, Value};
use rosterd_reconcile::Problem;
use rosterd_reconcile::alias;
use rosterd_reconcile::diff::{Difference, operation_of, same_state, state_hash, state_hashes};
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::Moment;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// What a mapping says: attribute and value, or that the connection no longer says anything about it.
pub(super) type Said = Vec<(Text, Option<Value>)>;

/// Claims of the job's connection, and those of others.
pub(super) type Claims = (Option<ClaimSet>, Vec<(ConnectionId, ClaimSet)>);

impl Planner<'_> {
    /// Decides one shadow.
    pub(super) fn shadow(&mut self, class: Class, ordinal: u32, known: &mut Known) -> Result<(), EngineError> {
        let job = self.job;
        let Some(part) = job.class(class) else { return Ok(()) };
        self.there = known.there.take();
        let (link, mapped, shadow) = (known.link.take(), known.mapped.take(), &known.shadow);
        if let Some(open) = self.open_case(class, &shadow.id)?
            && matches!(open.reason, QuarantineReason::Duplicate | QuarantineReason::Invalid)
        {
            return Ok(());
        }
        let choice = self.choice(class, &shadow.id)?;
        if matches!(&choice, Some((Choice::Ignore { seq }, _)) if *seq == shadow.seq) {
            self.settled.push((class, ordinal, shadow.seq));
            return Ok(());
        }
        let link = if Rule::JoinByImmutable.on() { link } else { self.link_by_name(part, shadow, link)? };
        let cases = self.cases.len();
        let done = match (&shadow.state, link) {
            (ShadowState::Live, Some(link)) => self.linked(part, ordinal, shadow, &link, choice, mapped)?,
            (ShadowState::Live, None) => self.unlinked(part, ordinal, shadow, choice, mapped)?,
            // Absence was decided when it was confirmed.
            (ShadowState::Tombstone { absent: true, .. }, _) => true,
            (ShadowState::Tombstone { .. }, Some(_)) => {
                // Whoever is gone may be back under another id further down.
                self.departures.push((class, ordinal));
                return Ok(());
            }
            (ShadowState::Tombstone { .. }, None) => true,
        };
        if self.cases.len() > cases {
            // Also one that was settled before, with another mapping.
            self.renewed.push((class, ordinal, shadow.seq));
        }
        self.heal(class, shadow, done && self.cases.len() == cases)
    }

    /// Without the rule a record is that of its entity only while both have the same name.
    fn link_by_name(
        &mut self,
        part: &JobClass,
        shadow: &Shadow,
        link: Option<Link>,
    ) -> Result<Option<Link>, EngineError> {
        let Some(link) = link else { return Ok(None) };
        let name = name_attribute(shadow.class);
        let known = self.view.entity(shadow.class, link.entity)?;
        let said = part.mapping.apply(&Scope::new(&shadow.attributes), Moment::Change).unwrap_or_default();
        let said = said.into_iter().find(|(attribute, _)| attribute == name).and_then(|(_, value)| value);
        let same = known.is_none_or(|known| said.is_none() || known.attributes.get(name) == said.as_ref());
        Ok(Some(link).filter(|_| same))
    }

    /// Closes the case of a record that was decided without a new one.
    pub(super) fn heal(&mut self, class: Class, shadow: &Shadow, done: bool) -> Result<(), EngineError> {
        if done && let Some(open) = self.open_case(class, &shadow.id)? {
            self.healed.push(open.number);
        }
        Ok(())
    }

    /// What the mapping says of a shadow; none: it failed, and the record was set aside.
    pub(super) fn said(
        &mut self,
        part: &JobClass,
        shadow: &Shadow,
        moment: Moment,
        of: Option<EntityId>,
    ) -> Result<Option<Said>, EngineError> {
        let known = match of.filter(|_| part.mapping.has_weak()) {
            Some(id) => self.view.entity(shadow.class, id)?.map(|entity| entity.attributes).unwrap_or_default(),
            None => Attributes::new(),
        };
        self.heard(shadow, part.mapping.apply(&Scope::new(&shadow.attributes).with_known(&known), moment))
    }

    /// The same, if it was computed for this moment beforehand.
    pub(super) fn said_already(
        &mut self,
        part: &JobClass,
        shadow: &Shadow,
        mapped: Option<Mapped>,
        moment: Moment,
        of: Option<EntityId>,
    ) -> Result<Option<Said>, EngineError> {
        match mapped.filter(|mapped| mapped.moment == moment) {
            Some(mapped) => self.heard(shadow, mapped.said),
            None => self.said(part, shadow, moment, of),
        }
    }

    fn heard(&mut self, shadow: &Shadow, said: Result<Said, Problem>) -> Result<Option<Said>, EngineError> {
        match said {
            Ok(mut said) => {
                if shadow.partial && Rule::PartialOnlyAdds.on() {
                    said.retain(|(_, value)| value.is_some());
                }
                Ok(Some(said))
            }
            Err(problem) => {
                self.quarantine(shadow.class, &shadow.id, problem.reason, problem.message, Vec::new())?;
                Ok(None)
            }
        }
    }

    fn linked(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        link: &Link,
        choice: Option<Decided>,
        mapped: Option<Mapped>,
    ) -> Result<bool, EngineError> {
        if let Some((Choice::Create, by)) = choice {
            // Somebody else was given the id: the old link is severed when the new entity is made.
            let Some(said) = self.said(part, shadow, Moment::Create, None)? else { return Ok(false) };
            return self.create(part, ordinal, shadow, part.newcomer(fresh(&said)), Reason::Resolved { by });
        }
        if (self.recorrelates || !Rule::LinksAreSticky.on())
            && let Some(done) = self.elsewhere(part, ordinal, shadow, link)?
        {
            return Ok(done);
        }
        let said = self.said_already(part, shadow, mapped, Moment::Change, Some(link.entity))?;
        let Some(said) = said else { return Ok(false) };
        let said = self.without_echo(part, shadow, link.entity, said)?;
        let (sure, reason) = match choice {
            Some((Choice::Link(entity), by)) if entity == link.entity => (true, Reason::Resolved { by }),
            _ => (false, Reason::Changed),
        };
        self.known(part, ordinal, shadow, (link.entity, sure), &said, reason)
    }

    /// The record is about an entity that exists; `sure` if a person said so.
    pub(super) fn known(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        (id, sure): (EntityId, bool),
        said: &Said,
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let class = shadow.class;
        let there = self.there.take().filter(|there| there.entity.id == id);
        let (entity, (mine, others), changes) = match there {
            Some(There { entity, claims, changes }) => (entity, self.by_connection(claims)?, changes),
            None => {
                let Some(entity) = self.view.entity(class, id)? else { return Ok(false) };
                (entity, self.claims(id)?, None)
            }
        };
        if reason == Reason::Changed && Self::is_further(part, mine.as_ref(), ordinal) {
            self.settled.push((class, ordinal, shadow.seq));
            return Ok(true);
        }
        let changes = changes.unwrap_or_else(|| claim_changes(mine.as_ref(), ordinal, said));
        let overrides = self.overrides_of(id)?;
        let effective = Effective {
            authority: &self.policy.authority,
            source: &self.job.source,
            mine: mine.as_ref(),
            others: &others,
            overrides: &overrides,
            ages: &self.ages,
            now: self.now,
            everything: self.everything,
        };
        let mut after = match self.out_of_holding(&entity, said)? {
            Some(again) => effective.attributes(&entity.attributes, &[changes.as_slice(), &[again]].concat()),
            None => effective.attributes(&entity.attributes, &changes),
        };
        if class == Class::Account && self.policy.keeps_aliases {
            alias::keep(&entity.attributes, &mut after);
        }
        let stays_gone = !entity.lifecycle.is_living() && !Rule::ReactivatesSame.on();
        let wanted = if self.decides_lifecycle((class, ordinal), &others)?
            && !stays_gone
            && !self.outlives_primary(&entity, &after)?
        {
            match self.wanted(Some(&entity), class, &after)? {
                Ok(wanted) => wanted,
                Err(problem) => {
                    self.quarantine(class, &shadow.id, problem.reason, problem.message, Vec::new())?;
                    return Ok(false);
                }
            }
        } else {
            entity.lifecycle
        };
        if entity.lifecycle.is_living()
            && !wanted.is_living()
            && let Some(done) = self.other_employment(part, ordinal, &entity)?
        {
            return Ok(done);
        }
        if !sure && !self.may_return(part, &entity, &after, &wanted, shadow)? {
            return Ok(false);
        }
        // Under another id than before it is the same record, and its claims must say so.
        let moved = mine.as_ref().is_some_and(|claims| claims.external_id != shadow.id);
        let ties = reason.links() || moved;
        let difference = Difference::between(&entity.attributes, &after);
        let same_state =
            difference.changes.is_empty() && same_state((&entity.attributes, &entity.lifecycle), (&after, &wanted));
        if class == Class::OrgUnit && !entity.lifecycle.is_living() && wanted.is_living() {
            self.back.push(shadow.id.clone());
        }
        if class == Class::OrgUnit && !same_state {
            let saying = Saying { connection: self.connection, claims: Some(&changes) };
            self.paths.plan(&*self.view, &shadow.id, Some(id), &after, saying)?;
        }
        if same_state && changes.is_empty() && !ties {
            self.settled.push((class, ordinal, shadow.seq));
            self.overrides_done(id, &overrides);
            return Ok(true);
        }
        if !self.name_free(part, &after, Some((id, &entity.attributes, &difference)), shadow)? {
            return Ok(false);
        }
        let lifecycle = (entity.lifecycle, wanted);
        let reason = match (reason, lifecycle) {
            (Reason::Changed, (before, after)) if !before.is_active() && after.is_active() => Reason::Returned,
            // The source says so itself once the day is over, which it had announced.
            (Reason::Changed, (_, Lifecycle::Disabled { .. })) if announced(&self.view, &entity, self.now)? => {
                Reason::Announced
            }
            (reason, _) => reason,
        };
        let after = entity.with(after, wanted);
        let before = Some((&entity, difference));
        self.step(part, ordinal, shadow, StepObject::Entity(id), before, &after, Some(changes), reason)
    }

    /// Builds the step, unless somebody else of this run wants the same name or key. `before`: what there was, and what differs
    /// between it and `after`.
    #[expect(clippy::too_many_arguments, reason = "what a step is made of, each of another type")]
    pub(super) fn step(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        object: StepObject,
        before: Option<(&Entity, Difference)>,
        after: &Entity,
        claims: Option<Vec<ClaimChange>>,
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let (before, difference) = match before {
            Some((before, difference)) => (Some(before), difference),
            None => (None, Difference::between(&Attributes::new(), &after.attributes)),
        };
        let moved =
            before.map(|entity| (&entity.lifecycle, &after.lifecycle)).filter(|(before, after)| before != after);
        let operation = match (before, &reason) {
            (None, _) => Operation::Create,
            // Whoever leaves is counted as leaving, also when his record is tied at the same time.
            (Some(_), _) if moved.is_some() && matches!(after.lifecycle, Lifecycle::Disabled { .. }) => {
                Operation::Disable
            }
            (Some(_), Reason::LeftScope) => Operation::Unlink,
            (Some(_), reason) if reason.links() => Operation::Link,
            (Some(_), _) => changing(shadow.class, &difference.changes, moved),
        };
        if let Some(entity) = before.filter(|_| protected_from(operation))
            && self.policy.protect.protects(entity)
        {
            let message =
                format!("{operation} is refused, because this account is protected ([protect] in rosterd.toml)");
            self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, vec![entity.id])?;
            return Ok(false);
        }
        let state = (&after.attributes, &after.lifecycle);
        let (hash_before, hash_after) = match before {
            Some(entity) => state_hashes((&entity.attributes, &entity.lifecycle), state),
            None => (NOTHING, state_hash(state.0, state.1)),
        };
        let hub = Part {
            target: Target::Hub,
            operation,
            before: hash_before,
            after: hash_after,
            changes: difference.changes,
            lifecycle: (before.is_none() || moved.is_some()).then_some(after.lifecycle),
        };
        if self.both_ways {
            self.saying = match &claims {
                Some(claims) => claims.iter().map(|claim| claim.attribute.clone()).collect(),
                None => hub.changes.iter().map(|change| change.attribute.clone()).collect(),
            };
        }
        let mut parts = vec![hub];
        let saying = Saying { connection: self.connection, claims: claims.as_deref() };
        if let Err(problem) = self.fan_out(after, before.map(|entity| entity.id), Some(saying), &mut parts)? {
            self.quarantine(shadow.class, &shadow.id, problem.reason, problem.message, Vec::new())?;
            return Ok(false);
        }
        let label =
            after.attributes.get(name_attribute(shadow.class)).map_or_else(|| shadow.id.0.clone(), Value::to_text);
        let source =
            StepSource { connection: self.job.source.clone(), ordinal, id: shadow.id.clone(), seq: shadow.seq };
        let mapping = part.mapping.digest();
        let step = Step { class: shadow.class, object, label, reason, source: Some(source), claims, mapping, parts };
        if !self.undisputed(part, &step, &after.attributes, before, difference.loose)? {
            return Ok(false);
        }
        if let Some(entity) = before.filter(|_| operation == Operation::Disable) {
            self.secondaries_first(entity, &step.reason)?;
        }
        if let Some(entity) = before {
            self.turns(entity, after);
        }
        self.follow(&step, after)?;
        self.push(step)?;
        Ok(true)
    }

    /// Claims of the job's connection, and those of others.
    pub(super) fn claims(&self, id: EntityId) -> Result<Claims, EngineError> {
        self.by_connection(self.view.claims_of(id)?)
    }

    fn by_connection(&self, all: Vec<(ConnectionNumber, ClaimSet)>) -> Result<Claims, EngineError> {
        let (mut mine, mut others) = (None, Vec::new());
        for (number, set) in all {
            if number == self.connection {
                mine = Some(set);
            } else if let Some(name) = speaker(&*self.view, number)? {
                others.push((name, set));
            }
        }
        Ok((mine, others))
    }
}

/// What a change of an entity counts as. Whoever leaves is counted as leaving, whatever else changes and whatever he was
/// before.
pub(super) fn changing(
    class: Class,
    changes: &[AttributeChange],
    moved: Option<(&Lifecycle, &Lifecycle)>,
) -> Operation {
    match moved {
        Some((_, Lifecycle::Disabled { .. })) => Operation::Disable,
        _ => operation_of(class, changes, moved),
    }
}

/// Operations from which protected accounts are exempt.
pub(super) const fn protected_from(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Disable | Operation::Delete | Operation::Rename | Operation::Move | Operation::Unlink
    )
}
