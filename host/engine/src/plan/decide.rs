//! One shadow, decided: which entity it is about, and what changes there.

use super::effective::{claim_changes, effective, fresh};
use super::{Planner, lifecycle};
use crate::error::EngineError;
use crate::policy::{JobClass, name_attribute};
use rosterd_model::claim::Link;
use rosterd_model::plan::{ClaimChange, NOTHING, Operation, Part, Reason, StepObject, StepSource, Target};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::spec::Unmatched;
use rosterd_model::{Attributes, ClaimSet, Class, ConnectionId, Entity, EntityId, Lifecycle, Step, Text, Value};
use rosterd_reconcile::correlate::{Candidate, Situation, correlate};
use rosterd_reconcile::diff::{diff, operation_of, state_hash};
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::Moment;
use rosterd_store::prelude::*;

/// What a mapping says: attribute and value, or that the connection no longer says anything about it.
type Said = Vec<(Text, Option<Value>)>;

/// Claims of the job's connection, and those of others.
type Claims = (Option<ClaimSet>, Vec<(ConnectionId, ClaimSet)>);

impl Planner<'_> {
    /// Decides one shadow.
    pub(super) fn shadow(
        &mut self,
        class: Class,
        ordinal: u32,
        (shadow, link): super::portion::Known,
    ) -> Result<(), EngineError> {
        let job = self.job;
        let Some(part) = job.class(class) else { return Ok(()) };
        if let Some(open) = self.open_case(class, &shadow.id)?
            && matches!(open.reason, QuarantineReason::Duplicate | QuarantineReason::Invalid)
        {
            return Ok(());
        }
        let cases = self.cases.len();
        let done = match (&shadow.state, link) {
            (ShadowState::Live, Some(link)) => self.linked(part, ordinal, &shadow, &link)?,
            (ShadowState::Live, None) => self.unlinked(part, ordinal, &shadow)?,
            // Absence was decided when it was confirmed.
            (ShadowState::Tombstone { absent: true, .. }, _) => true,
            (ShadowState::Tombstone { cause, .. }, Some(link)) => self.departed(ordinal, &shadow, &link, *cause)?,
            (ShadowState::Tombstone { .. }, None) => true,
        };
        if done
            && self.cases.len() == cases
            && let Some(open) = self.open_case(class, &shadow.id)?
        {
            self.healed.push(open.number);
        }
        Ok(())
    }

    /// What the mapping says of a shadow; none: it failed, and the record was set aside.
    fn said(&mut self, part: &JobClass, shadow: &Shadow, moment: Moment) -> Result<Option<Said>, EngineError> {
        match part.mapping.apply(&Scope::new(&shadow.attributes), moment) {
            Ok(said) => Ok(Some(said)),
            Err(problem) => {
                self.quarantine(shadow.class, &shadow.id, problem.reason, problem.message, Vec::new())?;
                Ok(None)
            }
        }
    }

    fn linked(&mut self, part: &JobClass, ordinal: u32, shadow: &Shadow, link: &Link) -> Result<bool, EngineError> {
        let Some(said) = self.said(part, shadow, Moment::Change)? else { return Ok(false) };
        self.known(part, ordinal, shadow, link.entity, &said, Reason::Changed)
    }

    /// The record is about an entity that exists.
    fn known(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        id: EntityId,
        said: &Said,
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let class = shadow.class;
        let Some(entity) = self.view.entity(class, id)? else { return Ok(false) };
        let (mine, others) = self.claims(id)?;
        let changes = claim_changes(mine.as_ref(), said);
        let source = &self.job.source;
        let after = effective(&entity.attributes, source, mine.as_ref(), &others, &changes, &self.policy.authority);
        let wanted = lifecycle::wanted(Some(&entity.lifecycle), &after);
        let matched = matches!(reason, Reason::Matched { .. });
        let same_state = state_hash(&entity.attributes, &entity.lifecycle) == state_hash(&after, &wanted);
        if class == Class::OrgUnit && !same_state {
            self.paths.plan(&shadow.id, &after, true);
        }
        if same_state && changes.is_empty() && !matched {
            self.settled.push((class, ordinal, shadow.seq));
            return Ok(true);
        }
        if !self.name_free(part, &after, Some((id, &entity.attributes)), shadow)? {
            return Ok(false);
        }
        let lifecycle = (entity.lifecycle, wanted);
        let reason = match (reason, lifecycle) {
            (Reason::Changed, (before, after)) if !before.is_active() && after.is_active() => Reason::Returned,
            (reason, _) => reason,
        };
        let after = Entity { attributes: after, lifecycle: wanted, ..entity.clone() };
        self.step(part, ordinal, shadow, StepObject::Entity(id), Some(&entity), &after, Some(changes), reason)
    }

    fn unlinked(&mut self, part: &JobClass, ordinal: u32, shadow: &Shadow) -> Result<bool, EngineError> {
        let Some(said) = self.said(part, shadow, Moment::Create)? else { return Ok(false) };
        let candidate = fresh(&said);
        match self.situation(part, shadow.class, &candidate)? {
            Situation::Matched { entity, tier } => {
                let Some(said) = self.said(part, shadow, Moment::Link)? else { return Ok(false) };
                self.known(part, ordinal, shadow, entity, &said, Reason::Matched { tier })
            }
            Situation::Unmatched if part.spec.unmatched == Unmatched::Create => {
                self.create(part, ordinal, shadow, candidate)
            }
            Situation::Unmatched => {
                let message =
                    format!("nobody in the hub matches {} \"{}\"; this job creates nobody", shadow.class, shadow.id);
                self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, Vec::new())?;
                Ok(false)
            }
            Situation::Ambiguous { candidates, tier } => {
                let message = format!("{} entities match in tier {tier}; link the right one", candidates.len());
                self.quarantine(shadow.class, &shadow.id, QuarantineReason::Ambiguous, message, candidates)?;
                Ok(false)
            }
            Situation::AlreadyLinked { entity, tier } => {
                let message = format!(
                    "the entity that matches in tier {tier} is linked to another {} of this connection already",
                    shadow.class
                );
                self.quarantine(shadow.class, &shadow.id, QuarantineReason::AlreadyLinked, message, vec![entity])?;
                Ok(false)
            }
            Situation::Review { entity, tier } => {
                let message = format!("one entity matches in tier {tier}, which a person must confirm");
                self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, vec![entity])?;
                Ok(false)
            }
        }
    }

    fn situation(&self, part: &JobClass, class: Class, candidate: &Attributes) -> Result<Situation, EngineError> {
        let mut failed = None;
        let (view, connection) = (&self.view, self.connection);
        let mut lookup = |attribute: &str, key: &str| {
            let space = part.space(attribute);
            let found = view.entities_with(class, attribute, space, key, 10).and_then(|entities| {
                entities
                    .into_iter()
                    .map(|entity| {
                        let claims = view.claims_of(entity)?;
                        let mut linked = false;
                        for (number, set) in &claims {
                            if *number == connection && set.class == class {
                                let link = view.link(connection, class, set.ordinal)?;
                                linked |= link.is_some_and(|link| link.live && link.entity == entity);
                            }
                        }
                        Ok(Candidate { entity, already_linked: linked, has_source: !claims.is_empty() })
                    })
                    .collect()
            });
            found.unwrap_or_else(|error: rosterd_store::StoreError| {
                failed = Some(error);
                Vec::new()
            })
        };
        let situation = correlate(&part.spec.correlate, candidate, &mut lookup);
        failed.map_or(Ok(situation), |error| Err(error.into()))
    }

    fn create(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        attributes: Attributes,
    ) -> Result<bool, EngineError> {
        let name = name_attribute(shadow.class);
        if attributes.get(name).is_none_or(Value::is_empty) {
            let message = format!(
                "{} \"{}\" has no {name}; give it one at the source, or map {name} from an attribute that it has",
                shadow.class, shadow.id
            );
            self.quarantine(shadow.class, &shadow.id, QuarantineReason::Mapping, message, Vec::new())?;
            return Ok(false);
        }
        if shadow.class == Class::OrgUnit {
            self.paths.plan(&shadow.id, &attributes, false);
        }
        if !self.name_free(part, &attributes, None, shadow)? {
            return Ok(false);
        }
        let object = StepObject::New { connection: self.job.source.clone(), id: shadow.id.clone() };
        let lifecycle = lifecycle::wanted(None, &attributes);
        let after = Entity {
            id: EntityId::from_bytes([0; 16]),
            class: shadow.class,
            attributes,
            lifecycle,
            revision: 0,
            created: self.run,
            changed: self.run,
        };
        self.step(part, ordinal, shadow, object, None, &after, None, Reason::New)
    }

    /// Builds the step, unless somebody else of this run wants the same name or key.
    #[expect(clippy::too_many_arguments, reason = "what a step is made of, each of another type")]
    pub(super) fn step(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        object: StepObject,
        before: Option<&Entity>,
        after: &Entity,
        claims: Option<Vec<ClaimChange>>,
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let nothing = Attributes::new();
        let changes = diff(before.map_or(&nothing, |entity| &entity.attributes), &after.attributes);
        let moved =
            before.map(|entity| (&entity.lifecycle, &after.lifecycle)).filter(|(before, after)| before != after);
        let operation = match (before, &reason) {
            (None, _) => Operation::Create,
            (Some(_), Reason::Matched { .. }) => Operation::Link,
            // Whoever leaves is counted as leaving, whatever else changes and whatever he was before.
            (Some(_), _) if moved.is_some() && matches!(after.lifecycle, Lifecycle::Disabled { .. }) => {
                Operation::Disable
            }
            (Some(_), _) => operation_of(shadow.class, &changes, moved),
        };
        if let Some(entity) = before.filter(|_| protected_from(operation))
            && self.policy.protect.protects(entity)
        {
            let message =
                format!("{operation} is refused, because this account is protected ([protect] in rosterd.toml)");
            self.quarantine(shadow.class, &shadow.id, QuarantineReason::Review, message, vec![entity.id])?;
            return Ok(false);
        }
        let hub = Part {
            target: Target::Hub,
            operation,
            before: before.map_or(NOTHING, |entity| state_hash(&entity.attributes, &entity.lifecycle)),
            after: state_hash(&after.attributes, &after.lifecycle),
            changes,
            lifecycle: (before.is_none() || moved.is_some()).then_some(after.lifecycle),
        };
        let mut parts = vec![hub];
        if let Err(problem) = self.fan_out(after, before.map(|entity| entity.id), Some(&shadow.id), &mut parts)? {
            self.quarantine(shadow.class, &shadow.id, problem.reason, problem.message, Vec::new())?;
            return Ok(false);
        }
        let label =
            after.attributes.get(name_attribute(shadow.class)).map_or_else(|| shadow.id.0.clone(), Value::to_text);
        let source =
            StepSource { connection: self.job.source.clone(), ordinal, id: shadow.id.clone(), seq: shadow.seq };
        let mapping = part.mapping.digest();
        let step = Step { class: shadow.class, object, label, reason, source: Some(source), claims, mapping, parts };
        if !self.undisputed(part, &step, &after.attributes, before)? {
            return Ok(false);
        }
        self.push(step)?;
        Ok(true)
    }

    /// Claims of the job's connection, and those of others.
    pub(super) fn claims(&self, id: EntityId) -> Result<Claims, EngineError> {
        let (mut mine, mut others) = (None, Vec::new());
        for (number, set) in self.view.claims_of(id)? {
            if number == self.connection {
                mine = Some(set);
            } else if let Some(name) = self.view.connection_name(number)? {
                others.push((name, set));
            }
        }
        Ok((mine, others))
    }
}

/// Operations from which protected accounts are exempt.
const fn protected_from(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Disable | Operation::Delete | Operation::Rename | Operation::Move | Operation::Unlink
    )
}
