//! Reading destinations back: what they hold is compared with what they acknowledged. Whoever changes something there by
//! hand is found, though no source says anything new.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::hub::HubOptions;
use crate::plan::HubPlan;
use crate::policy::name_attribute;
use crate::run::RunReport;
use crate::scan::blocking;
use rosterd_model::outbox::{Found, Projection, ProjectionStatus};
use rosterd_model::plan::{AttributeChange, Reason};
use rosterd_model::port::BoxFuture;
use rosterd_model::port::Destination;
use rosterd_model::{Class, ConnectionId, EntityId, ExternalId, Fault, FaultKind, JobId, Rule, Text, Value};
use rosterd_reconcile::drift::{Drift, compare, managed, status};
use rosterd_reconcile::echo::managed_hash;
use rosterd_reconcile::json_attributes;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// Differences that a report lists; the others are counted.
const LISTED: usize = 100;

/// An object that is not as the destination acknowledged it.
#[derive(Debug, Clone)]
pub struct Drifted {
    /// The kind of object.
    pub class: Class,
    /// The entity.
    pub entity: EntityId,
    /// A name that people know it by.
    pub label: Text,
    /// Its id there.
    pub external_id: ExternalId,
    /// True: it is no longer there.
    pub gone: bool,
    /// Attributes: as acknowledged, and as they are.
    pub changes: Vec<AttributeChange>,
    /// Whether it is usable, if that differs.
    pub status: Option<ProjectionStatus>,
}

/// What reading a destination back found.
#[derive(Debug, Clone, Default)]
pub struct DriftReport {
    /// Objects that were read.
    pub checked: u64,
    /// Objects that are not as acknowledged.
    pub differing: u64,
    /// Of these, objects that are no longer there.
    pub gone: u64,
    /// Objects that could not be read.
    pub unreadable: u64,
    /// The first objects that differ.
    pub objects: Vec<Drifted>,
    /// Why objects could not be read, the first sentences.
    pub faults: Vec<String>,
    /// What the plan came to that puts it right, where the delivery asks for that and something differs.
    pub repair: Option<Box<RunReport>>,
}

/// What is done with what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learn {
    /// It is reported, and remembered as observed.
    Report,
    /// It counts as what the destination holds: the next plan leads from there to what it should hold.
    Adopt,
    /// As [`Learn::Adopt`], and what the destination should hold is owed to it. What is gone is only reported unless the
    /// delivery makes again what is missing.
    Repair {
        /// It does.
        recreates: bool,
    },
}

/// One object that was read back.
struct Reading {
    class: Class,
    entity: EntityId,
    known: Projection,
    answer: Result<Option<Found>, Fault>,
}

impl Engine {
    /// Reads back what a destination acknowledged, and reports what differs. Nothing is written there, unless its delivery
    /// says that drift is repaired: then a plan of the hub's own, under the guard, leads back to what it should hold.
    ///
    /// # Errors
    /// No delivery writes to the destination, it can not be opened, or the store fails.
    pub fn check_drift<'a>(&'a self, destination: &'a ConnectionId) -> BoxFuture<'a, Result<DriftReport, EngineError>> {
        Box::pin(async move {
            if !Rule::DriftReported.on() {
                return Ok(DriftReport::default());
            }
            let delivery = self.policy.deliveries.iter().find(|delivery| delivery.destination == *destination);
            let repairs = delivery.filter(|delivery| delivery.repairs);
            let learn = repairs.map_or(Learn::Report, |delivery| Learn::Repair { recreates: delivery.recreates });
            let mut report = self.read_back(destination, learn).await?;
            if report.differing > 0 {
                let (differing, checked) = (report.differing, report.checked);
                let text = format!("{differing} of {checked} objects at {destination} were changed there");
                self.events.emit(&RunEvent::Note(text));
                if repairs.is_some() {
                    report.repair = Some(Box::new(self.repair(destination).await?));
                }
            }
            Ok(report)
        })
    }

    /// Plans what is owed to a destination, and unless the guard holds it delivers.
    async fn repair(&self, destination: &ConnectionId) -> Result<RunReport, EngineError> {
        let number = self.number(destination)?;
        let name = destination.clone();
        let steps = move |plan: &mut HubPlan<'_>| add_owed(plan, &name, number);
        self.hub_plan(JobId::of_hub("repair", Some(destination)), HubOptions::default(), steps).await
    }

    /// Lets go of the attributes that were left alone at a destination because they went back and forth. Returns how many.
    ///
    /// # Errors
    /// The store fails.
    pub fn release_frozen(&self, destination: &ConnectionId) -> Result<u64, EngineError> {
        let number = self.number(destination)?;
        let view = self.store.snapshot()?;
        let mut released = 0;
        for class in Class::ALL {
            for row in view.projections(number, class)? {
                let (entity, mut known) = row?;
                let frozen = known.echo.swings.iter().filter(|swing| swing.frozen).count();
                if frozen > 0 {
                    released += frozen as u64;
                    known.echo.swings.clear();
                    self.store.commit::<_, EngineError>("release", |w| {
                        w.put_projection(number, class, entity, &known)?;
                        // The whole destination is compared with the hub by the next plan.
                        Ok(w.put_delivery_state(number, "released")?)
                    })?;
                }
            }
        }
        Ok(released)
    }

    /// Reads every living object of a destination back, in pages.
    pub(crate) async fn read_back(&self, destination: &ConnectionId, learn: Learn) -> Result<DriftReport, EngineError> {
        if !self.policy.deliveries.iter().any(|delivery| delivery.destination == *destination) {
            let text = format!("rosterd.toml has no [deliver.{destination}]: nothing is written there");
            return Err(EngineError::NotFound(text));
        }
        let number = self.number(destination)?;
        let mut open = self.connections.destination(destination).await.map_err(EngineError::of(destination))?;
        let mut report = DriftReport::default();
        for class in Class::ALL {
            let mut after = None;
            loop {
                let portion = self.portion(number, class, after)?;
                let Some((last, _)) = portion.last() else { break };
                after = Some(*last);
                let readings = ask(open.as_mut(), destination, class, portion).await?;
                let engine = self.clone();
                report = blocking(move || {
                    let mut report = report;
                    engine.learn(number, readings, learn, &mut report)?;
                    Ok(report)
                })
                .await?;
            }
        }
        Ok(report)
    }

    /// The next living objects of a class behind an entity.
    fn portion(
        &self,
        number: ConnectionNumber,
        class: Class,
        after: Option<EntityId>,
    ) -> Result<Vec<(EntityId, Projection)>, EngineError> {
        let view = self.store.snapshot()?;
        let rows = view.projections_after(number, class, after)?;
        let living = rows.filter(|row| row.as_ref().map_or(true, |(_, known)| known.status.is_living()));
        Ok(living.take(self.settings.page_size.max(1) as usize).collect::<Result<_, _>>()?)
    }

    fn learn(
        &self,
        number: ConnectionNumber,
        readings: Vec<Reading>,
        learn: Learn,
        report: &mut DriftReport,
    ) -> Result<(), EngineError> {
        let view = self.store.snapshot()?;
        let mut changed = Vec::new();
        for reading in readings {
            let Reading { class, entity, known, answer } = reading;
            report.checked += 1;
            let shown = match answer {
                Ok(found) => found,
                Err(fault) if fault.kind == FaultKind::NotFound => None,
                Err(fault) => {
                    report.unreadable += 1;
                    if report.faults.len() < LISTED {
                        report.faults.push(format!("{class} {entity}: {fault}"));
                    }
                    continue;
                }
            };
            let attributes = match shown.map(|found| json_attributes(&found.attributes)).transpose() {
                Ok(attributes) => attributes,
                Err(problem) => {
                    report.unreadable += 1;
                    report.faults.push(format!("{class} {entity}: {}", problem.message));
                    continue;
                }
            };
            let (gone, drift) = match &attributes {
                None => (true, Drift::default()),
                Some(shown) => (false, compare(&known, shown)),
            };
            let differs = gone || !drift.is_none();
            if differs {
                report.differing += 1;
                report.gone += u64::from(gone);
                if report.objects.len() < LISTED {
                    let label = match view.entity(class, entity)? {
                        Some(entity) => entity.attributes.get(name_attribute(class)).map(Value::to_text),
                        None => None,
                    };
                    report.objects.push(Drifted {
                        class,
                        entity,
                        label: label.unwrap_or_else(|| entity.to_string().into()),
                        external_id: known.external_id.clone().unwrap_or_else(|| "".into()),
                        gone,
                        changes: drift.changes.clone(),
                        status: drift.status,
                    });
                }
            }
            let now = learnt(&known, attributes.as_ref(), &drift, learn);
            if now != known {
                changed.push((class, entity, known, now));
            }
        }
        drop(view);
        if changed.is_empty() {
            return Ok(());
        }
        self.store.commit::<_, EngineError>("read-back", |w| {
            for (class, entity, known, now) in &changed {
                // What was acknowledged meanwhile is newer than what was read.
                if w.projection(number, *class, *entity)?.as_ref() != Some(known) {
                    continue;
                }
                if matches!(learn, Learn::Repair { .. }) && now.applied != known.applied {
                    w.put_owed(number, *class, *entity)?;
                }
                let living = |projection: &Projection| i64::from(projection.status.is_living());
                w.add_total(Some(number), *class, living(now) - living(known))?;
                w.put_projection(number, *class, *entity, now)?;
            }
            Ok(())
        })
    }
}

/// Adds a step for everything that is owed to a destination.
fn add_owed(plan: &mut HubPlan<'_>, name: &ConnectionId, number: ConnectionNumber) -> Result<(), EngineError> {
    let policy = plan.policy();
    let Some(delivery) = policy.deliveries.iter().find(|delivery| delivery.destination == *name) else {
        return Ok(());
    };
    for class in Class::ALL {
        let owed: Vec<EntityId> = plan.view().owed(number, class, None)?.collect::<Result<_, _>>()?;
        for id in owed {
            if let Some(entity) = plan.view().entity(class, id)? {
                plan.deliver(delivery, &entity, Reason::Drifted)?;
            }
        }
    }
    Ok(())
}

/// What is remembered of an object that was read back.
fn learnt(known: &Projection, shown: Option<&rosterd_model::Attributes>, drift: &Drift, learn: Learn) -> Projection {
    let mut now = known.clone();
    let Some(shown) = shown else {
        match learn {
            Learn::Report | Learn::Repair { recreates: false } => {
                now.echo.observed = Some(rosterd_model::plan::NOTHING);
            }
            Learn::Adopt | Learn::Repair { recreates: true } => {
                now.status = ProjectionStatus::Absent;
                now.applied = rosterd_model::plan::NOTHING;
            }
        }
        return now;
    };
    let hash = managed_hash(shown, &known.attributes);
    now.echo.observed = (!drift.is_none()).then_some(hash);
    if learn != Learn::Report && !drift.is_none() {
        now.attributes = managed(&known.attributes, shown);
        now.status = status(shown).unwrap_or(known.status);
        now.applied = hash;
        now.echo.returned = Some(hash);
        now.echo.observed = None;
    }
    now
}

/// Asks a destination for objects; one answer each, or none counts.
async fn ask(
    open: &mut dyn Destination,
    destination: &ConnectionId,
    class: Class,
    portion: Vec<(EntityId, Projection)>,
) -> Result<Vec<Reading>, EngineError> {
    let (mut objects, mut asked) = (Vec::new(), Vec::new());
    for (entity, known) in portion {
        if let Some(id) = known.external_id.clone() {
            objects.push((class, id));
            asked.push((entity, known));
        }
    }
    let count = objects.len();
    let answers = open.read(objects).await;
    if answers.len() != count {
        let text = format!("{} answers for {count} objects; each object needs one", answers.len());
        return Err(EngineError::of(destination)(Fault::new(FaultKind::Internal, text)));
    }
    let readings = asked.into_iter().zip(answers);
    Ok(readings.map(|((entity, known), answer)| Reading { class, entity, known, answer }).collect())
}
