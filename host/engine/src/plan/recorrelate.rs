//! Links are sticky; `recorrelate` decides anew whom records are about, and makes a plan of what would move.

use super::effective::{Effective, claim_changes, fresh};
use super::{PlanOptions, Planned, Planner};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::paths::Saying;
use crate::policy::{Job, JobClass};
use crate::run::RunReport;
use crate::scan::{ScanResult, blocking};
use rosterd_model::claim::{Link, LinkMaker};
use rosterd_model::plan::{Part, Reason, StepObject, Target};
use rosterd_model::port::BoxFuture;
use rosterd_model::run::RunState;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Class, Entity, EntityId, RunId, Step, Value};
use rosterd_reconcile::correlate::Situation;
use rosterd_reconcile::diff::{diff, operation_of, state_hash};
use rosterd_reconcile::mapping::Moment;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::collections::HashSet;

/// Makes the plan: every record is decided anew as it was last seen, its link with it.
pub(crate) fn plan(
    engine: &Engine,
    job: &Job,
    connection: ConnectionNumber,
    run: RunId,
    connector: String,
) -> Result<Planned, EngineError> {
    let nothing = ScanResult::nothing(connector);
    let mut planner =
        Planner::begin(engine, job, connection, run, &nothing, PlanOptions { accept_configuration: true })?;
    planner.recorrelates = true;
    planner.everything = true;
    let behind = planner.behind()?;
    if !behind.is_empty() {
        planner.touched = Some(HashSet::new());
    }
    for class in Class::ALL {
        planner.class(class, true)?;
    }
    planner.departed_all()?;
    planner.follow_rules()?;
    planner.catch_up(&behind)?;
    planner.finish()
}

impl Engine {
    /// Makes a plan that decides anew whom the records of a job are about. Reads nothing, and changes nothing: the plan is
    /// applied by its digest.
    ///
    /// # Errors
    /// The job is unknown, its connection can not be opened, or the store fails.
    pub fn recorrelate<'a>(&'a self, job: &'a str) -> BoxFuture<'a, Result<RunReport, EngineError>> {
        Box::pin(async move {
            let policy = self.policy.clone();
            let job = policy.job(job)?;
            let _turn = self.gate.run(&job.source).await;
            let source = self.connections.source(&job.source).await.map_err(EngineError::of(&job.source))?;
            let connector = source.digest();
            drop(source);
            let connection = self.number(&job.source)?;
            let mut run = self.begin(job, connection)?;
            run.connector.clone_from(&connector);
            let (engine, id, name) = (self.clone(), run.id, job.name.clone());
            let planned = blocking(move || {
                let policy = engine.policy.clone();
                plan(&engine, policy.job(name.as_str())?, connection, id, connector)
            })
            .await;
            let planned = match planned {
                Ok(planned) => planned,
                Err(error) => {
                    run.state = RunState::Failed { because: error.to_string() };
                    self.end(&mut run)?;
                    return Err(error);
                }
            };
            run.plan = planned.header.as_ref().map(|header| header.digest);
            let held = planned.header.as_ref().is_some_and(|header| !header.holds.is_empty());
            run.state = if held { RunState::Held } else { RunState::Planned };
            self.end(&mut run)?;
            Ok(RunReport {
                run,
                plan: planned.header,
                waiting: 0,
                quarantined: planned.quarantined,
                faults: Vec::new(),
                rows_read_observing: 0,
            })
        })
    }
}

impl Planner<'_> {
    /// Ties a linked record to whom the rules find now, if that is another entity. None: the link stays. What a person
    /// linked stays, and so does what no rule can decide.
    pub(super) fn elsewhere(
        &mut self,
        part: &JobClass,
        ordinal: u32,
        shadow: &Shadow,
        link: &Link,
    ) -> Result<Option<bool>, EngineError> {
        if matches!(link.maker, LinkMaker::Operator(_)) {
            return Ok(None);
        }
        let Some(said) = self.said(part, shadow, Moment::Create, None)? else { return Ok(None) };
        let (candidate, _) = part.newcomer(fresh(&said));
        let Situation::Matched { entity, tier, .. } = self.situation(part, shadow.class, &candidate, Some(ordinal))?
        else {
            return Ok(None);
        };
        if entity == link.entity {
            return Ok(None);
        }
        for id in [entity, link.entity] {
            if self.view.entity(shadow.class, id)?.is_some_and(|known| self.policy.protect.protects(&known)) {
                return Ok(None);
            }
        }
        let done = self.tie(part, ordinal, shadow, (entity, false), Reason::Matched { tier })?;
        if done {
            self.let_go(part, ordinal, shadow, link.entity)?;
        }
        Ok(Some(done))
    }

    /// The entity that loses a record: others decide what it said. What nobody else says was about somebody else, and goes;
    /// only the name stays, because nobody can be without one.
    fn let_go(&mut self, part: &JobClass, ordinal: u32, shadow: &Shadow, id: EntityId) -> Result<(), EngineError> {
        let Some(entity) = self.view.entity(shadow.class, id)? else { return Ok(()) };
        let (mine, others) = self.claims(id)?;
        let mine = mine.filter(|claims| claims.ordinal == ordinal);
        // No record has this number: all claims are another's.
        let claims = claim_changes(mine.as_ref(), u32::MAX, &[]);
        let overrides = self.overrides_of(id)?;
        let mut attributes = Effective {
            authority: &self.policy.authority,
            source: &self.job.source,
            mine: mine.as_ref(),
            others: &others,
            overrides: &overrides,
            ages: &self.ages,
            now: self.now,
            everything: false,
        }
        .attributes(&entity.attributes, &claims);
        for claim in mine.iter().flat_map(|claims| &claims.entries) {
            let told = |claims: &rosterd_model::ClaimSet| claims.entries.iter().any(|c| c.attribute == claim.attribute);
            let kept = others.iter().any(|(_, claims)| told(claims))
                || overrides.iter().any(|(name, _)| *name == claim.attribute)
                || claim.attribute == crate::policy::name_attribute(entity.class);
            if !kept {
                attributes.remove(&claim.attribute);
            }
        }
        let after = Entity { attributes, ..entity.clone() };
        let changes = diff(&entity.attributes, &after.attributes);
        if changes.is_empty() {
            return Ok(());
        }
        let hub = Part {
            target: Target::Hub,
            operation: operation_of(entity.class, &changes, None),
            before: state_hash(&entity.attributes, &entity.lifecycle),
            after: state_hash(&after.attributes, &after.lifecycle),
            changes,
            lifecycle: None,
        };
        let mut parts = vec![hub];
        let saying = Saying { connection: self.connection, claims: Some(&claims) };
        if let Err(problem) = self.fan_out(&after, Some(id), Some(saying), &mut parts)? {
            tracing::warn!(entity = %id, "{}", problem.message);
        }
        let name = crate::policy::name_attribute(entity.class);
        let label = entity.attributes.get(name).map_or_else(|| id.to_string().into(), Value::to_text);
        let step = Step {
            class: entity.class,
            object: StepObject::Entity(id),
            label,
            reason: Reason::Configuration,
            // The step that ties the record takes the claims away.
            source: None,
            claims: Some(Vec::new()),
            mapping: part.mapping.digest(),
            parts,
        };
        self.follow(&step, &after)?;
        self.push(step)
    }
}
