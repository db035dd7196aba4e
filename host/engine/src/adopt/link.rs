//! Taking the proposals back: a plan of links, and nothing else.

use super::Line;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::hub::HubOptions;
use crate::policy::name_attribute;
use crate::run::RunReport;
use rosterd_model::outbox::{Projection, ProjectionStatus};
use rosterd_model::plan::{AttributeChange, NOTHING, Operation, Part, Reason, StepObject, StepSource, Target};
use rosterd_model::port::BoxFuture;
use rosterd_model::{Attributes, Class, ConnectionId, EntityId, ExternalId, JobId, Rule, Step, Text, Value};
use rosterd_reconcile::adopt::link_hash;
use rosterd_reconcile::normalise;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::collections::{HashMap, HashSet};

/// What became of the lines that a person gave back.
#[derive(Debug)]
pub struct Adoption {
    /// The plan of links.
    pub report: RunReport,
    /// Lines that are no part of it, with the reason: the account is gone, or the entity has one.
    pub refused: Vec<(ExternalId, String)>,
}

/// One link to be made.
struct Wanted {
    id: ExternalId,
    entity: EntityId,
    /// What the destination holds, as far as it is managed.
    changes: Vec<AttributeChange>,
    active: bool,
}

impl Engine {
    /// Makes a plan of the links that lines ask for. The destination is read again: what is no longer there is refused,
    /// and what it holds is remembered, so that later only differences are sent.
    ///
    /// # Errors
    /// Nothing is delivered there, two lines want the same account or entity, or the destination can not be read.
    pub fn adopt_link<'a>(
        &'a self,
        destination: &'a str,
        lines: Vec<Line>,
    ) -> BoxFuture<'a, Result<Adoption, EngineError>> {
        Box::pin(async move {
            let delivery = self.delivery(destination)?;
            let (mut asked, mut entities) = (HashMap::new(), HashSet::new());
            for line in lines {
                let Some(entity) = line.entity else { continue };
                if !entities.insert(entity) {
                    return Err(EngineError::Refused(format!(
                        "two lines want to link entity {entity}; keep one of them"
                    )));
                }
                if asked.insert(line.id.clone(), entity).is_some() {
                    return Err(EngineError::Refused(format!("two lines are about account \"{}\"; keep one", line.id)));
                }
            }
            let managed: Vec<&str> = delivery.outbound.mapping(Class::Account).attributes().collect();
            let mut wanted = Vec::with_capacity(asked.len());
            self.read_all(&delivery.destination, &mut |record| {
                if let Some(entity) = asked.remove(&record.id) {
                    let attributes = normalise(&record).unwrap_or_default();
                    let active = attributes.get("active") != Some(&Value::Bool(false));
                    wanted.push(Wanted { id: record.id, entity, changes: holds(&attributes, &managed), active });
                }
                Ok(())
            })
            .await?;
            let gone = asked.into_keys().map(|id| (id, "it is not at the destination any more".to_owned()));
            let mut refused: Vec<(ExternalId, String)> = gone.collect();
            refused.sort();
            let (sender, receiver) = std::sync::mpsc::channel();
            let name = delivery.destination.clone();
            let options = HubOptions { dry: true, ..HubOptions::default() };
            let report = self
                .hub_plan(JobId::of_hub("adopt", Some(&name)), options, move |plan| {
                    let number = plan.view().connection_number(&name)?;
                    for one in wanted {
                        match why_not(plan.view(), number, &one)? {
                            Ok(label) => plan.push(step(&name, label, one))?,
                            // Who does not listen does not mind.
                            Err(because) => drop(sender.send((one.id, because))),
                        }
                    }
                    Ok(())
                })
                .await?;
            refused.extend(receiver.try_iter());
            Ok(Adoption { report, refused })
        })
    }
}

/// A name for the entity, or why it can not be linked.
fn why_not(
    view: &rosterd_store::Snapshot,
    number: Option<ConnectionNumber>,
    one: &Wanted,
) -> Result<Result<Text, String>, EngineError> {
    let Some(entity) = view.entity(Class::Account, one.entity)? else {
        return Ok(Err(format!("there is no account {} in the hub", one.entity)));
    };
    let projection = match number {
        Some(number) => view.projection(number, Class::Account, one.entity)?,
        None => None,
    };
    if projection.is_some_and(|projection| projection.status.is_living()) {
        return Ok(Err(format!("entity {} has an account there already", one.entity)));
    }
    let name = entity.attributes.get(name_attribute(Class::Account));
    Ok(Ok(name.map_or_else(|| entity.id.to_string().into(), Value::to_text)))
}

fn holds(attributes: &Attributes, managed: &[&str]) -> Vec<AttributeChange> {
    let held = managed.iter().filter_map(|name| Some((*name, attributes.get(name)?)));
    held.map(|(name, value)| AttributeChange { attribute: name.into(), before: None, after: Some(value.clone()) })
        .collect()
}

fn step(destination: &ConnectionId, label: Text, one: Wanted) -> Step {
    let part = Part {
        target: Target::Destination(destination.clone()),
        operation: Operation::Link,
        before: NOTHING,
        after: link_hash(&one.id, one.active),
        changes: one.changes,
        lifecycle: None,
    };
    Step {
        class: Class::Account,
        object: StepObject::Entity(one.entity),
        label,
        reason: Reason::Adopted { active: one.active },
        source: Some(StepSource { connection: destination.clone(), ordinal: 0, id: one.id, seq: 0 }),
        claims: Some(Vec::new()),
        mapping: [0; 8],
        parts: vec![part],
    }
}

/// Remembers that an account of a destination is an entity's. False: the entity got one in the meantime.
pub(crate) fn adopt(
    w: &mut impl Write,
    number: ConnectionNumber,
    step: &Step,
    part: &Part,
    entity: EntityId,
) -> Result<bool, EngineError> {
    let (Some(source), Reason::Adopted { active }) = (&step.source, &step.reason) else { return Ok(false) };
    if !Rule::AdoptNeverCreates.on() {
        return Ok(true);
    }
    let known = w.projection(number, step.class, entity)?;
    if known.as_ref().is_some_and(|projection| projection.status.is_living()) {
        return Ok(false);
    }
    let held = part.changes.iter().filter_map(|change| Some((change.attribute.clone(), change.after.clone()?)));
    let projection = Projection {
        external_id: Some(source.id.clone()),
        version: None,
        applied: NOTHING,
        attributes: held.collect(),
        status: if *active { ProjectionStatus::Present } else { ProjectionStatus::Disabled },
        revision: known.map_or(1, |known| known.revision + 1),
        pending: Vec::new(),
        echo: rosterd_model::outbox::Echo::default(),
    };
    w.put_projection(number, step.class, entity, &projection)?;
    w.add_total(Some(number), step.class, 1)?;
    Ok(true)
}
