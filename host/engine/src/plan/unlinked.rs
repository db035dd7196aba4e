//! A record without a link: whom it is about, by the word of an operator or by the rules of correlation.

use super::Planner;
use super::decisions::Decided;
use super::effective::fresh;
use super::portion::Mapped;
use crate::error::EngineError;
use crate::paths::Saying;
use crate::policy::{JobClass, name_attribute};
use rosterd_model::decision::Choice;
use rosterd_model::plan::{Reason, StepObject};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::shadow::Shadow;
use rosterd_model::spec::{CaseReaction, Employments, MatchReaction, Unmatched};
use rosterd_model::{Attributes, Class, Entity, EntityId, Rule, Value};
use rosterd_reconcile::correlate::{Candidate, Situation, correlate};
use rosterd_reconcile::licence::Verdict;
use rosterd_reconcile::mapping::Moment;
use rosterd_store::prelude::*;

/// What a mapping says of somebody new, and the beginnings of the names that are yet to be made for him.
pub(super) type Newcomer = (Attributes, Vec<(String, Value)>);

impl JobClass {
    /// Sets the beginnings of names apart.
    pub(super) fn newcomer(&self, mut said: Attributes) -> Newcomer {
        let bases = self.mapping.unique();
        let bases = bases.filter_map(|(attribute, _)| Some((attribute.to_owned(), said.remove(attribute)?))).collect();
        (said, bases)
    }
}

impl Planner<'_> {
    pub(super) fn unlinked(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        choice: Option<Decided>,
        mapped: Option<Mapped>,
    ) -> Result<bool, EngineError> {
        if let (None, Some(entity)) = (&choice, self.made_by_us(shadow)?) {
            let Some(said) = self.said(part, shadow, Moment::Link, Some(entity))? else { return Ok(false) };
            let said = self.without_echo(part, shadow, entity, said)?;
            return self.known(part, ordinal, shadow, (entity, true), &said, Reason::Made);
        }
        let said = self.said_already(part, shadow, mapped, Moment::Create, None)?;
        let Some(said) = said else { return Ok(false) };
        // The beginning of a name that is yet to be made finds nobody.
        let (candidate, bases) = part.newcomer(fresh(&said));
        match choice {
            Some((Choice::Link(entity), by)) => {
                return self.tie(part, ordinal, shadow, (entity, true), Reason::Resolved { by });
            }
            Some((Choice::Create, by)) => {
                return self.create(part, ordinal, shadow, (candidate, bases), Reason::Resolved { by });
            }
            Some((Choice::Ignore { .. }, _)) | None => {}
        }
        if Self::is_secondary(shadow.class, &candidate) {
            if !self.has_primary(shadow, &candidate)? {
                return Ok(false);
            }
            return self.create(part, ordinal, shadow, (candidate, bases), Reason::New);
        }
        let situation = self.situation(part, shadow.class, &candidate, None)?;
        self.react(part, ordinal, shadow, (candidate, bases), situation)
    }

    fn react(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        candidate: Newcomer,
        situation: Situation,
    ) -> Result<bool, EngineError> {
        let reaction = &part.spec.reaction;
        let (reason, message, candidates, reaction) = match situation {
            Situation::Matched { entity, tier, strong } => {
                let shielded = self.policy.protect.is_of_protected(shadow.class, &candidate.0);
                return self.matched(part, ordinal, shadow, (entity, shielded), tier, strong);
            }
            Situation::Unmatched if part.spec.unmatched == Unmatched::Create || !Rule::UnmatchedByAuthority.on() => {
                return self.create(part, ordinal, shadow, candidate, Reason::New);
            }
            Situation::Unmatched => {
                let message = format!(
                    "nobody in the hub matches {} \"{}\"; this job creates nobody: link it, or let it be ignored",
                    shadow.class, shadow.id
                );
                let reaction = if part.spec.unmatched == Unmatched::Ignore {
                    CaseReaction::Ignore
                } else {
                    CaseReaction::Quarantine
                };
                (QuarantineReason::Unmatched, message, Vec::new(), reaction)
            }
            Situation::Ambiguous { candidates, tier } => {
                let message = format!("{} entities match in tier {tier}; link the right one", candidates.len());
                (QuarantineReason::Ambiguous, message, candidates, reaction.ambiguous)
            }
            Situation::AlreadyLinked { entity, tier } if part.spec.employments == Employments::Several => {
                return self.employed_again(part, ordinal, shadow, entity, tier);
            }
            Situation::AlreadyLinked { entity, tier } => {
                let message = format!(
                    "the entity that matches in tier {tier} is linked to another {} of this connection already",
                    shadow.class
                );
                (QuarantineReason::AlreadyLinked, message, vec![entity], reaction.already_linked)
            }
            Situation::Review { entity, tier } => {
                let message = format!("one entity matches in tier {tier}, which a person must confirm");
                (QuarantineReason::Review, message, vec![entity], CaseReaction::Quarantine)
            }
        };
        self.aside(ordinal, shadow, reason, message, candidates, reaction)
    }

    /// Sets a record aside, or lets it be, as the job says.
    fn aside(
        &mut self,
        ordinal: u32,
        shadow: &Shadow,
        reason: QuarantineReason,
        message: String,
        candidates: Vec<EntityId>,
        reaction: CaseReaction,
    ) -> Result<bool, EngineError> {
        if reaction == CaseReaction::Ignore {
            self.settled.push((shadow.class, ordinal, shadow.seq));
            return Ok(true);
        }
        self.quarantine(shadow.class, &shadow.id, reason, message, candidates)?;
        Ok(false)
    }

    /// One entity matches by a rule that needs no person. `shielded`: the record is that of a protected account.
    fn matched(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        (entity, shielded): (EntityId, bool),
        tier: u8,
        strong: bool,
    ) -> Result<bool, EngineError> {
        let review = |planner: &mut Self, message: String, reaction| {
            planner.aside(ordinal, shadow, QuarantineReason::Review, message, vec![entity], reaction)
        };
        match part.spec.reaction.matched {
            MatchReaction::Link => {}
            MatchReaction::Quarantine => {
                let message = format!("one entity matches in tier {tier}, and this job links nobody by itself");
                return review(self, message, CaseReaction::Quarantine);
            }
            MatchReaction::Ignore => return review(self, String::new(), CaseReaction::Ignore),
        }
        let Some(known) = self.view.entity(shadow.class, entity)? else { return Ok(false) };
        if shielded || self.policy.protect.protects(&known) {
            let message = format!(
                "one entity matches in tier {tier}, and protected accounts ([protect] in rosterd.toml) are linked by nobody but a person"
            );
            return review(self, message, CaseReaction::Quarantine);
        }
        let other = self.view.claims(entity, self.connection)?.filter(|claims| claims.ordinal != ordinal);
        if !strong && (other.is_some() || !known.lifecycle.is_living()) {
            let message = format!("somebody who is gone matches in tier {tier} by a weak key; a person must confirm");
            return review(self, message, CaseReaction::Quarantine);
        }
        let recreated = other.is_some() && known.lifecycle.is_living();
        let reason = if recreated { Reason::Recreated { tier } } else { Reason::Matched { tier } };
        self.tie(part, ordinal, shadow, (entity, false), reason)
    }

    /// Ties a record to an entity. If another record was, and is gone, its departure counts no more.
    pub(super) fn tie(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        entity: (EntityId, bool),
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let Some(said) = self.said(part, shadow, Moment::Link, Some(entity.0))? else { return Ok(false) };
        let done = self.known(part, ordinal, shadow, entity, &said, reason)?;
        if done {
            self.relinked.insert(entity.0);
        }
        Ok(done)
    }

    /// Whom a record is about. `own` is its number if it is linked: that link counts for nothing then.
    pub(super) fn situation(
        &self,
        part: &JobClass,
        class: Class,
        candidate: &Attributes,
        own: Option<u32>,
    ) -> Result<Situation, EngineError> {
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
                            if *number == connection && set.class == class && Some(set.ordinal) != own {
                                let link = view.link(connection, class, set.ordinal)?;
                                let ours = link.is_some_and(|link| link.live && link.entity == entity);
                                linked |= ours && self.still_there(class, set.ordinal)?;
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

    /// True unless the source said that the object is gone, or a licensed scan of this run did not show it.
    fn still_there(&self, class: Class, ordinal: u32) -> Result<bool, rosterd_store::StoreError> {
        if !Rule::RecreatedRelinks.on() {
            return Ok(true);
        }
        let licensed = self.scan.verdicts.iter().any(|(of, verdict)| *of == class && *verdict == Verdict::Licensed);
        let missing = licensed && !self.scan.seen.contains(class, ordinal);
        Ok(!missing && self.view.is_live(self.connection, class, ordinal)?)
    }

    pub(super) fn create(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        (mut attributes, bases): Newcomer,
        reason: Reason,
    ) -> Result<bool, EngineError> {
        let name = name_attribute(shadow.class);
        if !self.make_names(part, shadow, &mut attributes, bases)? {
            return Ok(false);
        }
        if attributes.get(name).is_none_or(Value::is_empty) {
            let message = format!(
                "{} \"{}\" has no {name}; give it one at the source, or map {name} from an attribute that it has",
                shadow.class, shadow.id
            );
            self.quarantine(shadow.class, &shadow.id, QuarantineReason::Mapping, message, Vec::new())?;
            return Ok(false);
        }
        if shadow.class == Class::OrgUnit {
            let saying = Saying { connection: self.connection, claims: None };
            self.paths.plan(&*self.view, &shadow.id, None, &attributes, saying)?;
        }
        if !self.name_free(part, &attributes, None, shadow)? {
            return Ok(false);
        }
        let object = StepObject::New { connection: self.job.source.clone(), id: shadow.id.clone() };
        let lifecycle = match self.wanted(None, shadow.class, &attributes)? {
            Ok(lifecycle) => lifecycle,
            Err(problem) => {
                self.quarantine(shadow.class, &shadow.id, problem.reason, problem.message, Vec::new())?;
                return Ok(false);
            }
        };
        let after = Entity {
            id: EntityId::from_bytes([0; 16]),
            class: shadow.class,
            attributes,
            lifecycle,
            revision: 0,
            created: self.run,
            changed: self.run,
        };
        self.step(part, ordinal, shadow, object, None, &after, None, reason)
    }
}
