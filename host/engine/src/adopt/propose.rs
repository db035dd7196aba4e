//! Reading a destination, and proposing whose each account is.

use super::{Line, tiers};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::paths::Paths;
use crate::policy::name_attribute;
use crate::scan::blocking;
use rosterd_model::port::BoxFuture;
use rosterd_model::record::Record;
use rosterd_model::{Attributes, Class, ConnectionId, EntityId, ExternalId, Rule, Value};
use rosterd_reconcile::adopt::{Confidence, Matcher, Proposal, dispute};
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::Moment;
use rosterd_reconcile::normalise;
use rosterd_reconcile::schema::PRIMARY;
use rosterd_store::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// How many accounts there are of each confidence.
pub type Tally = BTreeMap<Confidence, u64>;

/// Whose the accounts of a destination are. Held in memory: about 200 bytes an account, on one day of a hub's life.
#[derive(Debug)]
pub struct Proposals {
    /// One line for each account that is not linked yet, in the order of the destination.
    pub lines: Vec<Line>,
    /// Their number by confidence.
    pub tally: Tally,
    /// Accounts that are linked already.
    pub linked: u64,
    /// Entities that would be delivered and have no account there: they would be made after adoption.
    pub without: u64,
}

/// What the hub knows before the destination is read.
struct Known {
    matcher: Matcher,
    /// Accounts that are linked already.
    linked: HashMap<ExternalId, EntityId>,
    names: HashMap<EntityId, String>,
    /// Entities in scope without an account.
    open: u64,
}

impl Engine {
    /// Reads every account of a destination and proposes whose it is. Changes nothing.
    ///
    /// # Errors
    /// Nothing is delivered there, no rules say how accounts are found, or it can not be read to its end.
    pub fn adopt_propose<'a>(&'a self, destination: &'a str) -> BoxFuture<'a, Result<Proposals, EngineError>> {
        Box::pin(async move {
            let delivery = self.delivery(destination)?;
            tiers(delivery)?;
            let (engine, name) = (self.clone(), destination.to_owned());
            let known = blocking(move || engine.known_there(&name)).await?;
            let mapping = delivery.outbound.mapping(Class::Account);
            let named = mapping.attributes().find(|attribute| mapping.rule(attribute) == Some("account.userName"));
            let (mut found, mut linked) = (Vec::<(ExternalId, String, Proposal)>::new(), 0);
            self.read_all(&delivery.destination, &mut |record| {
                if known.linked.contains_key(&record.id) {
                    linked += 1;
                    return Ok(());
                }
                let (attributes, label) = account(&record, named);
                let proposal = if self.is_secondary(&delivery.destination, &attributes) {
                    Proposal::nobody(Confidence::Secondary)
                } else {
                    known.matcher.propose(&attributes)
                };
                found.push((record.id, label, proposal));
                Ok(())
            })
            .await?;
            let (mut heads, mut proposals) = (Vec::new(), Vec::new());
            for (id, label, proposal) in found {
                heads.push((id, label));
                proposals.push(proposal);
            }
            dispute(&mut proposals);
            let mut tally = Tally::new();
            let mut lines = Vec::with_capacity(heads.len());
            for ((id, account), proposal) in heads.into_iter().zip(proposals) {
                *tally.entry(proposal.confidence).or_default() += 1;
                let entity = match proposal.candidates.as_slice() {
                    [one] => Some(*one),
                    _ => None,
                };
                lines.push(Line {
                    // What is sure is ready to be linked; everything else needs a person.
                    link: proposal.confidence == Confidence::Sure,
                    id,
                    account,
                    name: entity.and_then(|id| known.names.get(&id).cloned()).unwrap_or_default(),
                    entity,
                    confidence: proposal.confidence,
                    tier: proposal.tier,
                    candidates: if entity.is_some() { Vec::new() } else { proposal.candidates },
                });
            }
            let matched = [Confidence::Sure, Confidence::Likely].map(|one| tally.get(&one).copied().unwrap_or(0));
            let without = known.open.saturating_sub(matched.iter().sum());
            Ok(Proposals { lines, tally, linked, without })
        })
    }

    /// True for a second account of somebody: a job that reads this destination says whose. By their numbers such accounts
    /// would dispute the first ones, and be linked in their place.
    fn is_secondary(&self, destination: &ConnectionId, account: &Attributes) -> bool {
        if !self.policy.has_secondaries || !Rule::SecondaryAccounts.on() {
            return false;
        }
        let jobs = self.policy.jobs.values().filter(|job| job.source == *destination);
        let parts = jobs.flat_map(|job| &job.classes).filter(|part| part.class == Class::Account);
        let said = parts.filter_map(|part| part.mapping.apply(&Scope::new(account), Moment::Change).ok()).flatten();
        said.into_iter().any(|(name, value)| name == PRIMARY && value.is_some_and(|value| !value.is_empty()))
    }

    fn known_there(&self, destination: &str) -> Result<Known, EngineError> {
        let delivery = self.delivery(destination)?;
        let view = self.store.snapshot()?;
        let number = view.connection_number(&delivery.destination)?;
        let mut known =
            Known { matcher: Matcher::new(tiers(delivery)?), linked: HashMap::new(), names: HashMap::new(), open: 0 };
        let mut paths = Paths::default();
        for entity in view.entities(Class::Account, None)? {
            let entity = entity?;
            let projection = match number {
                Some(number) => view.projection(number, Class::Account, entity.id)?,
                None => None,
            };
            let there = projection.filter(|projection| projection.status.is_living());
            let id = there.as_ref().and_then(|projection| projection.external_id.clone());
            if let Some(id) = id {
                known.linked.insert(id, entity.id);
            }
            let extra = if delivery.wants_paths {
                paths.extra(&view, Class::Account, Some(entity.id), &entity.attributes, None)?
            } else {
                Attributes::new()
            };
            let Ok(desired) = delivery.outbound.desired(&entity, &extra) else { continue };
            let mut all = desired.attributes;
            for (name, value) in desired.on_create.iter() {
                all.set(name, value.clone());
            }
            known.matcher.add(entity.id, &all, there.is_some());
            if there.is_none() && desired.in_scope && entity.lifecycle.is_active() {
                known.open += 1;
            }
            if let Some(name) = entity.attributes.get(name_attribute(Class::Account)) {
                known.names.insert(entity.id, name.to_string());
            }
        }
        Ok(known)
    }
}

/// An account as it is compared, and a name for it: that which is written from the user name, or its id. One that can not
/// be read as values matches nobody.
fn account(record: &Record, named: Option<&str>) -> (Attributes, String) {
    let attributes = normalise(record).unwrap_or_default();
    let label = named.and_then(|name| attributes.get(name)).map_or_else(|| record.id.to_string(), Value::to_string);
    (attributes, label)
}
