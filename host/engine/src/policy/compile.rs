//! Putting the configuration together: what is wrong with it is said in one go.

use super::{Approval, Delivery, Job, JobClass, LifecyclePolicy, Policy, Retention, name_attribute};
use crate::error::EngineError;
use rosterd_model::spec::{JobSpec, Multi, PolicySpec};
use rosterd_model::{Class, ConnectionId, ExternalId, JobId, Rule};
use rosterd_reconcile::absence::AbsencePolicy;
use rosterd_reconcile::alias;
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::direction::conflicts;
use rosterd_reconcile::fanout::Outbound;
use rosterd_reconcile::group_rule::GroupRule;
use rosterd_reconcile::leaver;
use rosterd_reconcile::mapping::Mapping;
use rosterd_reconcile::protect::Protect;
use rosterd_reconcile::returning::ReturnPolicy;
use std::collections::{BTreeMap, BTreeSet};

impl Policy {
    /// Compiles a configuration. Errors name the job, the class and the attribute.
    ///
    /// # Errors
    /// [`EngineError::Configuration`] with one sentence a line.
    pub fn compile(spec: &PolicySpec, digest: String) -> Result<Self, EngineError> {
        let mut problems = Vec::new();
        let mut jobs = BTreeMap::new();
        for (name, job) in &spec.jobs {
            match compile_job(name, job) {
                Ok(job) => {
                    jobs.insert(name.clone(), job);
                }
                Err(found) => problems.extend(found),
            }
        }
        let mut deliveries = Vec::new();
        for (destination, delivery) in &spec.deliver {
            match Outbound::compile(delivery) {
                Ok(outbound) => {
                    let wants_paths = outbound.text().contains("orgPath");
                    let matching = Class::ALL.map(|class| delivery.class(class).matching.clone());
                    problems.extend(unmapped(destination, &outbound, &matching));
                    let both_ways = spec.jobs.values().any(|job| job.source == *destination);
                    deliveries.push(Delivery {
                        destination: destination.clone(),
                        outbound,
                        wants_paths,
                        correlate: delivery.account.correlate.clone(),
                        both_ways,
                        repairs: delivery.drift == rosterd_model::spec::OnDrift::Repair,
                        first_allowed: delivery.first_delivery == rosterd_model::spec::FirstDelivery::Allow,
                        recreates: delivery.on_missing == rosterd_model::spec::OnMissing::Create,
                        matching,
                    });
                }
                Err(errors) => problems
                    .extend(errors.iter().map(|e| format!("[deliver.{destination}] {}: {}", e.attribute, e.message))),
            }
        }
        let groups = compile_groups(spec).map_err(|found| problems.extend(found));
        let protect = Protect::compile(&spec.protect).map_err(|errors| {
            problems.extend(errors.iter().map(|e| format!("[protect] {}: {}", e.attribute, e.message)));
        });
        let sources: Vec<ConnectionId> = jobs.values().map(|job: &Job| job.source.clone()).collect();
        problems.extend(shared(&jobs));
        let authority = Authority::new(&spec.authority, &sources, merged(spec)).map_err(|found| problems.extend(found));
        if let Ok(authority) = &authority {
            problems.extend(both_directions(&jobs, &deliveries, authority));
        }
        let approval = Approval::parse(&spec.approval).map_err(|text| problems.push(format!("[approval] {text}")));
        let retention = Retention::parse(&spec.retention).map_err(|text| problems.push(format!("[retention] {text}")));
        if let Err(text) = rosterd_reconcile::guard::check(&spec.guard) {
            problems.push(format!("[guard] {text}"));
        }
        let home =
            leaver::zone(&spec.lifecycle.zone).map_err(|text| problems.push(format!("[lifecycle] zone: {text}")));
        let (Ok(groups), Ok(protect), Ok(authority), Ok(approval), Ok(retention), Ok(home), true) =
            (groups, protect, authority, approval, retention, home, problems.is_empty())
        else {
            return Err(EngineError::Configuration(problems.join("\n")));
        };
        share_keys(&mut jobs);
        let keys = jobs.values().filter_map(|job| job.class(Class::Account)).flat_map(|part| &part.keys);
        let has_secondaries = keys.into_iter().any(|key| key == rosterd_reconcile::schema::PRIMARY);
        let keeps_aliases = deliveries.iter().any(|delivery| delivery.outbound.text().contains(alias::ALIASES));
        let holding_unit = spec.lifecycle.holding_unit.as_deref().map(ExternalId::from);
        let lifecycle = LifecyclePolicy { home, holding_unit };
        Ok(Self {
            jobs,
            deliveries,
            authority,
            keeps_aliases,
            has_secondaries,
            groups,
            guard: spec.guard.clone(),
            protect,
            approval,
            retention,
            settings: spec.settings.clone(),
            lifecycle,
            digest,
        })
    }
}

/// Groups that follow a rule. Two of one name could not be told apart at a destination.
fn compile_groups(spec: &PolicySpec) -> Result<Vec<GroupRule>, Vec<String>> {
    let (mut groups, mut problems) = (Vec::<GroupRule>::new(), Vec::new());
    for (name, group) in &spec.group {
        match GroupRule::compile(name, group) {
            Err(error) => problems.push(format!("[group.{name}] {}: {}", error.attribute, error.message)),
            Ok(rule) => {
                if let Some(other) = groups.iter().find(|other| other.display_name == rule.display_name) {
                    let name = &rule.display_name;
                    problems.push(format!(
                        "[group.{}] display-name: [group.{}] is called \"{name}\", too; give one of them another name",
                        rule.name, other.name
                    ));
                }
                groups.push(rule);
            }
        }
    }
    if problems.is_empty() { Ok(groups) } else { Err(problems) }
}

/// A sentence for each pushed source that another job has, too: nobody could say which of them decides what a client says.
fn shared(jobs: &BTreeMap<String, Job>) -> Vec<String> {
    let pushed = jobs.iter().filter(|(_, job)| job.pushed);
    let other = |(name, job): (&String, &Job)| {
        let (other, _) = jobs.iter().find(|(other, of)| *other != name && of.source == job.source)?;
        Some(format!(
            "[job.{name}] pushed = true: job {other} has the source {}, too; a source that clients push to has one job",
            job.source
        ))
    };
    pushed.filter_map(other).collect()
}

/// Identifying attributes that the mapping does not give: they could never be looked up.
fn unmapped(destination: &ConnectionId, outbound: &Outbound, matching: &[Vec<String>; 3]) -> Vec<String> {
    let classes = Class::ALL.into_iter().zip(matching);
    let names = classes.flat_map(|(class, names)| names.iter().map(move |name| (class, name)));
    let unknown = names.filter(|(class, name)| outbound.mapping(*class).attributes().all(|mapped| mapped != *name));
    unknown
        .map(|(class, name)| {
            format!("[deliver.{destination}.{class}] match: \"{name}\" is not mapped; add a rule for it to map")
        })
        .collect()
}

/// A sentence for each attribute that a connection is the authority for and is written with.
fn both_directions(jobs: &BTreeMap<String, Job>, deliveries: &[Delivery], authority: &Authority) -> Vec<String> {
    let mut problems = Vec::new();
    if !Rule::OneDirection.on() {
        return problems;
    }
    let first = |attribute: &str, source: &ConnectionId| {
        let rank = |job: &Job| authority.rank(attribute, &job.source);
        jobs.values().map(rank).min() == Some(authority.rank(attribute, source))
    };
    for (name, job) in jobs {
        let written = deliveries.iter().filter(|delivery| delivery.destination == job.source);
        for (delivery, part) in written.flat_map(|delivery| job.classes.iter().map(move |part| (delivery, part))) {
            let class = part.class;
            if !delivery.outbound.delivers(class) {
                continue;
            }
            let decides = |attribute: &str| first(attribute, &job.source);
            for found in conflicts(&part.mapping, delivery.outbound.mapping(class), &decides) {
                problems.push(format!(
                    "[job.{name}.{class}.map] reads \"{}\" of {} as the authority for \"{}\", and [deliver.{}] writes it; \
                     remove one of the two, or let another connection stand first for \"{}\" in [authority]",
                    found.remote, job.source, found.hub, delivery.destination, found.hub
                ));
            }
        }
    }
    problems
}

fn compile_job(name: &str, spec: &JobSpec) -> Result<Job, Vec<String>> {
    let mut problems = Vec::new();
    let id = name.parse::<JobId>().map_err(|error| vec![error.to_string()])?;
    let mut classes = Vec::new();
    for class in Class::ALL {
        let part = spec.class(class);
        let mapping = match Mapping::compile(class, &part.map, "source", None) {
            Ok(mapping) => mapping,
            Err(errors) => {
                let place = |e: &rosterd_reconcile::mapping::MappingError| {
                    format!("[job.{name}.{class}.map] {}: {}", e.attribute, e.message)
                };
                problems.extend(errors.iter().map(place));
                continue;
            }
        };
        let tiers = rosterd_reconcile::correlate::check_tiers(class, &part.correlate);
        problems.extend(tiers.iter().map(|text| format!("[job.{name}.{class}] {text}")));
        let mut keys: Vec<String> = part.correlate.iter().flat_map(|tier| tier.attributes.clone()).collect();
        if class == Class::Account {
            keys.push(name_attribute(class).to_owned());
        }
        let unique: BTreeSet<String> = mapping.unique().map(|(attribute, _)| attribute.to_owned()).collect();
        keys.extend(unique.iter().cloned());
        if mapping.attributes().any(|attribute| attribute == rosterd_reconcile::schema::PRIMARY) {
            keys.push(rosterd_reconcile::schema::PRIMARY.to_owned());
        }
        keys.sort();
        keys.dedup();
        let key_space = part.key_space.clone().unwrap_or_else(|| spec.source.to_string());
        let returning = match ReturnPolicy::parse(&part.returning) {
            Ok(returning) => returning,
            Err(text) => {
                problems.push(format!("[job.{name}.{class}.returning] {text}"));
                continue;
            }
        };
        classes.push(JobClass { class, spec: part.clone(), mapping, key_space, returning, keys, unique });
    }
    let absence =
        AbsencePolicy::parse(&spec.absence).map_err(|text| problems.push(format!("[job.{name}.absence] {text}")));
    match (absence, problems.is_empty()) {
        (Ok(absence), true) => {
            let full_every_ms = rosterd_reconcile::cadence::FULL_EVERY_MS;
            Ok(Job { name: id, source: spec.source.clone(), pushed: spec.pushed, classes, absence, full_every_ms })
        }
        _ => Err(problems),
    }
}

/// Attributes of which some rule says that the values of all connections count together.
fn merged(spec: &PolicySpec) -> BTreeSet<String> {
    let parts = spec.jobs.values().flat_map(|job| Class::ALL.map(|class| job.class(class)));
    let rules = parts.flat_map(|part| &part.map).filter(|(_, rule)| rule.table().multi == Multi::Provenance);
    rules.map(|(attribute, _)| attribute.clone()).collect()
}

/// An entity that one job makes must be found by the keys of all others that compare them in the same space.
fn share_keys(jobs: &mut BTreeMap<String, Job>) {
    for class in Class::ALL {
        let parts = || jobs.values().filter_map(|job| job.class(class));
        let unique: BTreeSet<String> = parts().flat_map(|part| part.unique.clone()).collect();
        let mut spaces: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for part in jobs.values_mut().flat_map(|job| job.classes.iter_mut()).filter(|part| part.class == class) {
            part.unique.clone_from(&unique);
            for key in &part.keys {
                spaces.entry(part.space(key).to_owned()).or_default().insert(key.clone());
            }
        }
        for part in jobs.values_mut().flat_map(|job| job.classes.iter_mut()).filter(|part| part.class == class) {
            let shared = [part.key_space.as_str(), ""].into_iter().filter_map(|space| spaces.get(space));
            part.keys = shared.flatten().cloned().collect::<BTreeSet<String>>().into_iter().collect();
        }
    }
}
