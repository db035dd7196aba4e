//! The configuration, compiled once: mappings, tiers, authority, guard, deliveries.

use crate::error::EngineError;
use rosterd_model::spec::{ApprovalSpec, ClassSpec, GuardSpec, JobSpec, Multi, PolicySpec, RetentionSpec, TierSpec};
use rosterd_model::{Class, ConnectionId, ExternalId, JobId, Rule};
use rosterd_reconcile::absence::{AbsencePolicy, parse_duration};
use rosterd_reconcile::alias;
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::direction::conflicts;
use rosterd_reconcile::expression;
use rosterd_reconcile::fanout::Outbound;
use rosterd_reconcile::leaver::{self, TimeZone};
use rosterd_reconcile::mapping::Mapping;
use rosterd_reconcile::protect::Protect;
use rosterd_reconcile::returning::ReturnPolicy;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that decides what a run plans.
#[derive(Debug)]
pub struct Policy {
    /// Jobs by name.
    pub jobs: BTreeMap<String, Job>,
    /// Deliveries, in order of destinations.
    pub deliveries: Vec<Delivery>,
    /// Who may decide an attribute.
    pub authority: Authority,
    /// True: some destination holds former mail addresses as aliases.
    pub keeps_aliases: bool,
    /// True: some job tells which accounts are secondary.
    pub has_secondaries: bool,
    /// Thresholds.
    pub guard: GuardSpec,
    /// Who is never removed.
    pub protect: Protect,
    /// Who may release what is held.
    pub approval: Approval,
    /// How long what is over is kept.
    pub retention: Retention,
    /// Digests of the settings of connections.
    pub settings: BTreeMap<ConnectionId, String>,
    /// Joining and leaving.
    pub lifecycle: LifecyclePolicy,
    /// Digest of the configuration that this was made from, for plans.
    pub digest: String,
}

/// `[approval]`, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// Whoever made a plan may not approve it.
    pub four_eyes: bool,
    /// How long an approval is good for, in milliseconds.
    pub expires_ms: u64,
}

/// `[retention]`, read: milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Replaced values.
    pub history_ms: u64,
    /// Runs, and heads of plans.
    pub runs_ms: u64,
    /// Steps of plans.
    pub plans_ms: u64,
    /// What is known of the gone.
    pub tombstones_ms: u64,
}

impl Approval {
    /// Reads `[approval]`.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn parse(spec: &ApprovalSpec) -> Result<Self, String> {
        let expires_ms = parse_duration(&spec.expires).map_err(|because| format!("approval.expires: {because}"))?;
        if expires_ms == 0 {
            return Err("approval.expires must be longer than nothing, such as \"24h\"".to_owned());
        }
        Ok(Self { four_eyes: spec.four_eyes, expires_ms })
    }
}

impl Retention {
    /// The shortest time for which the gone are remembered: they must not come back as strangers.
    pub const LEAST_TOMBSTONES_MS: u64 = 30 * 24 * 3_600_000;

    /// Reads `[retention]`.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn parse(spec: &RetentionSpec) -> Result<Self, String> {
        let read =
            |key: &str, text: &str| parse_duration(text).map_err(|because| format!("retention.{key}: {because}"));
        let tombstones_ms = read("tombstones", &spec.tombstones)?;
        if tombstones_ms < Self::LEAST_TOMBSTONES_MS {
            return Err("retention.tombstones must be at least \"30d\": who is gone must not come back as a stranger"
                .to_owned());
        }
        Ok(Self {
            history_ms: read("history", &spec.history)?,
            runs_ms: read("runs", &spec.runs)?,
            plans_ms: read("plans", &spec.plans)?,
            tombstones_ms,
        })
    }
}

/// `[lifecycle]`, compiled.
#[derive(Debug)]
pub struct LifecyclePolicy {
    /// The zone of people who name none.
    pub home: TimeZone,
    /// Where people go whose org unit is deleted.
    pub holding_unit: Option<ExternalId>,
}

/// A compiled job.
#[derive(Debug)]
pub struct Job {
    /// Its name.
    pub name: JobId,
    /// The source.
    pub source: ConnectionId,
    /// By class, in the order of [`Class::ALL`].
    pub classes: Vec<JobClass>,
    /// When absence counts as gone.
    pub absence: AbsencePolicy,
    /// A full scan so often where the source knows deltas, in milliseconds. The schedule says so; a day if it does not.
    pub full_every_ms: u64,
}

/// What a job does with one class.
#[derive(Debug)]
pub struct JobClass {
    /// The class.
    pub class: Class,
    /// Its configuration.
    pub spec: ClassSpec,
    /// Its mapping.
    pub mapping: Mapping,
    /// Where its strong keys are compared.
    pub key_space: String,
    /// Who is let in again.
    pub returning: ReturnPolicy,
    /// Attributes whose values are indexed: the name, those of the tiers of all jobs that share the key space, and those
    /// that are made so that nobody else has them.
    pub keys: Vec<String>,
    /// Attributes whose values are made by a rule of some job, so that nobody in the hub has the same.
    pub unique: BTreeSet<String>,
}

/// A compiled delivery.
#[derive(Debug)]
pub struct Delivery {
    /// The destination.
    pub destination: ConnectionId,
    /// What it is told.
    pub outbound: Outbound,
    /// True: its mapping asks for paths in the tree of org units.
    pub wants_paths: bool,
    /// Rules by which accounts that are there already are found.
    pub correlate: Vec<TierSpec>,
    /// True: its first delivery needs nobody's consent.
    pub first_allowed: bool,
    /// True: what is no longer there is made again.
    pub recreates: bool,
    /// Attributes that identify an object there, by class in the order of [`Class::ALL`].
    pub matching: [Vec<String>; 3],
    /// True: a job reads the destination as well.
    pub both_ways: bool,
    /// True: what was changed there by hand is put right.
    pub repairs: bool,
}

/// The attribute by which people know an object of a class, and which is unique in the hub.
#[must_use]
pub fn name_attribute(class: Class) -> &'static str {
    match class {
        Class::Account => "userName",
        Class::OrgUnit | Class::Group => "displayName",
    }
}

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
        let protect = Protect::compile(&spec.protect).map_err(|errors| {
            problems.extend(errors.iter().map(|e| format!("[protect] {}: {}", e.attribute, e.message)));
        });
        let sources: Vec<ConnectionId> = jobs.values().map(|job: &Job| job.source.clone()).collect();
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
        let (Ok(protect), Ok(authority), Ok(approval), Ok(retention), Ok(home), true) =
            (protect, authority, approval, retention, home, problems.is_empty())
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
            guard: spec.guard.clone(),
            protect,
            approval,
            retention,
            settings: spec.settings.clone(),
            lifecycle,
            digest,
        })
    }

    /// The job of a name.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], with the jobs that there are.
    pub fn job(&self, name: &str) -> Result<&Job, EngineError> {
        self.jobs.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.jobs.keys().map(String::as_str).collect();
            EngineError::NotFound(match known.as_slice() {
                [] => format!("there is no job \"{name}\": rosterd.toml has no [job.NAME]"),
                _ => format!("there is no job \"{name}\" in rosterd.toml; it has {}", known.join(", ")),
            })
        })
    }
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

/// What caused a plan: a job of the configuration, or the hub itself.
#[derive(Debug)]
pub enum Origin<'p> {
    /// A job.
    Job(&'p Job),
    /// The hub.
    Hub(Job),
}

impl std::ops::Deref for Origin<'_> {
    type Target = Job;
    fn deref(&self) -> &Job {
        match self {
            Self::Job(job) => job,
            Self::Hub(job) => job,
        }
    }
}

impl Policy {
    /// What caused a plan of this job and connection.
    ///
    /// # Errors
    /// As [`Policy::job`].
    pub fn origin(&self, job: &JobId, connection: &ConnectionId) -> Result<Origin<'_>, EngineError> {
        if connection.is_hub() {
            return Ok(Origin::Hub(Job::of_hub(job.clone())));
        }
        self.job(job.as_str()).map(Origin::Job)
    }
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
            Ok(Job { name: id, source: spec.source.clone(), classes, absence, full_every_ms })
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

impl JobClass {
    /// The space in which values of `attribute` are compared: names, mail addresses and telephone numbers in the whole hub,
    /// strong keys in the space of the job.
    #[must_use]
    pub fn space(&self, attribute: &str) -> &str {
        let everywhere = attribute == name_attribute(self.class)
            || attribute == rosterd_reconcile::schema::PRIMARY
            || self.unique.contains(attribute)
            || rosterd_reconcile::schema::is_weak_key(attribute)
            || !Rule::KeySpaces.on();
        if everywhere { "" } else { &self.key_space }
    }
}

impl Job {
    /// The job of plans that no scan caused: it reads nothing, and the hub itself is its source.
    #[must_use]
    pub fn of_hub(name: JobId) -> Self {
        let absence = AbsencePolicy { confirmations: 1, min_interval_ms: 0, shrink_percent: 0.0 };
        let full_every_ms = rosterd_reconcile::cadence::FULL_EVERY_MS;
        Self { name, source: ConnectionId::hub(), classes: Vec::new(), absence, full_every_ms }
    }

    /// True if no scan causes its plans.
    #[must_use]
    pub fn is_hub(&self) -> bool {
        self.source.is_hub()
    }

    /// The part for a class.
    #[must_use]
    pub fn class(&self, class: Class) -> Option<&JobClass> {
        self.classes.iter().find(|part| part.class == class)
    }

    /// What must be planned anew when it changes: mappings, keys and tiers.
    #[must_use]
    pub fn fingerprint(&self, authority: &Authority) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in &self.classes {
            hasher.update(part.mapping.text().as_bytes());
            let spec = &part.spec;
            hasher.update(format!("{:?}{:?}{}", spec.correlate, spec.unmatched, part.key_space).as_bytes());
            hasher.update(format!("{:?}{:?}{:?}", spec.reaction, spec.returning, spec.employments).as_bytes());
        }
        format!("{}{}", &hasher.finalize().to_hex()[..16], authority_fingerprint(authority))
    }
}

/// The end of a fingerprint: what must be decided anew for every attribute when it changes.
#[must_use]
pub fn authority_fingerprint(authority: &Authority) -> String {
    blake3::hash(format!("{authority:?}").as_bytes()).to_hex()[..16].to_owned()
}

impl Delivery {
    /// The attributes that identify an object of a class there, best first.
    #[must_use]
    pub fn matching(&self, class: Class) -> &[String] {
        Class::ALL.iter().position(|one| *one == class).map_or(&[], |at| &self.matching[at])
    }

    /// What must be rendered anew when it changes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        blake3::hash(self.outbound.text().as_bytes()).to_hex()[..32].to_owned()
    }
}

/// True if an expression may be used as a scope; for `check`.
///
/// # Errors
/// The sentence of the compiler.
pub fn check_scope(text: &str) -> Result<(), String> {
    expression::compile(text, "account", None).map(|_| ()).map_err(|error| error.to_string())
}
