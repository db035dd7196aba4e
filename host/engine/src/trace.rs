//! `mapping test`: what becomes of one record, step by step, without storing anything.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::lineage::find;
use crate::policy::{Job, JobClass};
use rosterd_model::record::Record;
use rosterd_model::shadow::Shadow;
use rosterd_model::{Attributes, Class, ConnectionId, EntityId, ExternalId, Value};
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::Moment;
use rosterd_reconcile::mapping::trace::{Outcome, Traced};
use rosterd_reconcile::normalise;
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;

/// What is looked at.
#[derive(Debug, Clone)]
pub enum Specimen {
    /// A JSON object as the source would say it.
    Record {
        /// The kind of object.
        class: Class,
        /// The object.
        attributes: String,
    },
    /// What a connection last said about an account.
    Account(String),
}

/// One rule of correlation, and whom it finds.
#[derive(Debug, Clone)]
pub struct TracedTier {
    /// Number of the tier.
    pub tier: u8,
    /// Its attributes, with the values by which they are compared; none: an empty side, which matches nobody.
    pub keys: Vec<(String, Option<String>)>,
    /// The entities that agree in all of them.
    pub entities: Vec<EntityId>,
}

/// What becomes of a record.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The job whose rules were used.
    pub job: String,
    /// The kind of object.
    pub class: Class,
    /// The attributes after normalisation.
    pub attributes: Attributes,
    /// What each rule says.
    pub rules: Vec<Traced>,
    /// The entity that it is linked to.
    pub linked: Option<EntityId>,
    /// Whom the rules of correlation find. Not asked for a record that is linked.
    pub tiers: Vec<TracedTier>,
}

impl Engine {
    /// What the rules of a connection make of a record, step by step.
    ///
    /// # Errors
    /// No job reads the connection, it never said anything about the account, or the record is no JSON object.
    pub fn trace(&self, connection: &str, specimen: &Specimen) -> Result<Trace, EngineError> {
        let job = self.job_of(connection)?;
        let view = self.store.snapshot()?;
        let (class, attributes, linked) = match specimen {
            Specimen::Record { class, attributes } => {
                let record = Record {
                    class: *class,
                    id: ExternalId::from("test"),
                    previous_id: None,
                    version: None,
                    attributes: attributes.clone(),
                    partial: false,
                };
                let attributes = normalise(&record).map_err(|problem| EngineError::Refused(problem.message))?;
                (*class, attributes, None)
            }
            Specimen::Account(name) => {
                let (shadow, entity) = said_about(&view, &job.source, name)?;
                (shadow.class, shadow.attributes, Some(entity))
            }
        };
        let nothing = || EngineError::NotFound(format!("job {} says nothing about objects of this kind", job.name));
        let part = job.class(class).ok_or_else(nothing)?;
        let moment = if linked.is_some() { Moment::Change } else { Moment::Create };
        let rules = part.mapping.trace(&Scope::new(&attributes), moment);
        let tiers = if linked.is_some() { Vec::new() } else { tiers(&view, part, class, &rules)? };
        Ok(Trace { job: job.name.to_string(), class, attributes, rules, linked, tiers })
    }

    /// The first job that reads a connection.
    fn job_of(&self, connection: &str) -> Result<&Job, EngineError> {
        self.policy.jobs.values().find(|job| job.source.as_str() == connection).ok_or_else(|| {
            EngineError::NotFound(format!(
                "no job reads connection \"{connection}\"; write [job.NAME] into rosterd.toml"
            ))
        })
    }
}

fn said_about(view: &Snapshot, source: &ConnectionId, name: &str) -> Result<(Shadow, EntityId), EngineError> {
    let unknown = |text: String| EngineError::NotFound(text);
    let entity = find(view, name)?.ok_or_else(|| unknown(format!("there is no account \"{name}\"")))?;
    let claims = match view.connection_number(source)? {
        Some(number) => view.claims(entity.id, number)?.map(|claims| (number, claims)),
        None => None,
    };
    let silent = || unknown(format!("connection {source} says nothing about \"{name}\""));
    let (number, claims) = claims.ok_or_else(silent)?;
    let shadow = view.shadow(number, claims.class, claims.ordinal)?.ok_or_else(silent)?;
    Ok((shadow, entity.id))
}

fn tiers(view: &Snapshot, part: &JobClass, class: Class, rules: &[Traced]) -> Result<Vec<TracedTier>, EngineError> {
    let value = |attribute: &str| -> Option<&Value> {
        rules.iter().find(|rule| rule.attribute == attribute).and_then(|rule| match &rule.outcome {
            Outcome::Value(value) => Some(value),
            _ => None,
        })
    };
    let mut traced = Vec::new();
    for tier in &part.spec.correlate {
        let keys: Vec<(String, Option<String>)> =
            tier.attributes.iter().map(|name| (name.clone(), value(name).and_then(match_key))).collect();
        let mut entities: Option<Vec<EntityId>> = None;
        for (attribute, key) in &keys {
            let Some(key) = key else {
                entities = None;
                break;
            };
            let found = view.entities_with(class, attribute, part.space(attribute), key, 10)?;
            entities = Some(match entities {
                None => found,
                Some(before) => before.into_iter().filter(|entity| found.contains(entity)).collect(),
            });
        }
        traced.push(TracedTier { tier: tier.tier, keys, entities: entities.unwrap_or_default() });
    }
    traced.sort_by_key(|tier| tier.tier);
    Ok(traced)
}
