//! The configuration, compiled once: mappings, tiers, authority, guard, deliveries.

use crate::error::EngineError;
use rosterd_model::spec::{ClassSpec, GuardSpec, JobSpec, PolicySpec};
use rosterd_model::{Class, ConnectionId, JobId};
use rosterd_reconcile::absence::AbsencePolicy;
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::expression;
use rosterd_reconcile::fanout::Outbound;
use rosterd_reconcile::mapping::Mapping;
use rosterd_reconcile::protect::Protect;
use std::collections::BTreeMap;

/// Everything that decides what a run plans.
#[derive(Debug)]
pub struct Policy {
    /// Jobs by name.
    pub jobs: BTreeMap<String, Job>,
    /// Deliveries, in order of destinations.
    pub deliveries: Vec<Delivery>,
    /// Who may decide an attribute.
    pub authority: Authority,
    /// Thresholds.
    pub guard: GuardSpec,
    /// Who is never removed.
    pub protect: Protect,
    /// Digest of the configuration that this was made from, for plans.
    pub digest: String,
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
    /// Attributes whose values are indexed: those of the tiers, and the name.
    pub keys: Vec<String>,
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
    /// True: its first delivery needs nobody's consent.
    pub first_allowed: bool,
    /// True: what is no longer there is made again.
    pub recreates: bool,
    /// Attributes that identify an object there, by class in the order of [`Class::ALL`].
    pub matching: [Vec<String>; 3],
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
                    deliveries.push(Delivery {
                        destination: destination.clone(),
                        outbound,
                        wants_paths,
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
        let (Ok(protect), true) = (protect, problems.is_empty()) else {
            return Err(EngineError::Configuration(problems.join("\n")));
        };
        let sources: Vec<ConnectionId> = jobs.values().map(|job: &Job| job.source.clone()).collect();
        let authority = Authority::new(&spec.authority, &sources);
        Ok(Self { jobs, deliveries, authority, guard: spec.guard.clone(), protect, digest })
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
        keys.sort();
        keys.dedup();
        let key_space = part.key_space.clone().unwrap_or_else(|| spec.source.to_string());
        classes.push(JobClass { class, spec: part.clone(), mapping, key_space, keys });
    }
    let absence =
        AbsencePolicy::parse(&spec.absence).map_err(|text| problems.push(format!("[job.{name}.absence] {text}")));
    match (absence, problems.is_empty()) {
        (Ok(absence), true) => Ok(Job { name: id, source: spec.source.clone(), classes, absence }),
        _ => Err(problems),
    }
}

impl JobClass {
    /// The space in which values of `attribute` are compared: unique names in the whole hub, other keys in the space of
    /// the job.
    #[must_use]
    pub fn space(&self, attribute: &str) -> &str {
        if attribute == name_attribute(self.class) { "" } else { &self.key_space }
    }
}

impl Job {
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
            hasher.update(format!("{:?}{:?}{}", part.spec.correlate, part.spec.unmatched, part.key_space).as_bytes());
        }
        hasher.update(format!("{authority:?}").as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }
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
