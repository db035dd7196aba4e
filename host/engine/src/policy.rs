//! The configuration, compiled once: mappings, tiers, authority, guard, deliveries.

mod compile;

use crate::error::EngineError;
use rosterd_model::spec::{ApprovalSpec, ClassSpec, GuardSpec, RetentionSpec, TierSpec};
use rosterd_model::{Class, ConnectionId, ExternalId, JobId, Rule};
use rosterd_reconcile::absence::{AbsencePolicy, parse_duration};
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::expression;
use rosterd_reconcile::fanout::Outbound;
use rosterd_reconcile::group_rule::GroupRule;
use rosterd_reconcile::leaver::TimeZone;
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
    /// Groups that follow a rule, by name.
    pub groups: Vec<GroupRule>,
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
    /// True: nothing is read; clients of the connection say what is.
    pub pushed: bool,
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
    /// True if a connection is read and written.
    #[must_use]
    pub fn is_both_ways(&self, connection: &ConnectionId) -> bool {
        self.deliveries.iter().any(|delivery| delivery.both_ways && delivery.destination == *connection)
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

    /// What must be planned anew when it changes, but the mapping.
    #[must_use]
    pub fn rest_fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        self.hash_rest(&mut hasher);
        hasher.finalize().to_hex()[..16].to_owned()
    }

    fn hash_rest(&self, hasher: &mut blake3::Hasher) {
        let spec = &self.spec;
        hasher.update(format!("{:?}{:?}{}", spec.correlate, spec.unmatched, self.key_space).as_bytes());
        hasher.update(format!("{:?}{:?}{:?}", spec.reaction, spec.returning, spec.employments).as_bytes());
    }
}

impl Job {
    /// The job of plans that no scan caused: it reads nothing, and the hub itself is its source.
    #[must_use]
    pub fn of_hub(name: JobId) -> Self {
        let absence = AbsencePolicy { confirmations: 1, min_interval_ms: 0, shrink_percent: 0.0 };
        let full_every_ms = rosterd_reconcile::cadence::FULL_EVERY_MS;
        Self { name, source: ConnectionId::hub(), pushed: false, classes: Vec::new(), absence, full_every_ms }
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
            part.hash_rest(&mut hasher);
        }
        format!("{}{}", &hasher.finalize().to_hex()[..16], authority.fingerprint())
    }
}

/// The end of a fingerprint: that of the authority.
pub(crate) fn authority_of(fingerprint: &str) -> &str {
    fingerprint.get(fingerprint.len().saturating_sub(16)..).unwrap_or_default()
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
