//! What a run would do: steps with reasons, before-images and effects, bound by a digest.

mod bucket;
mod digest;
mod reason;

use crate::claim::MappingDigest;
use crate::entity::Lifecycle;
use crate::id::{Class, ConnectionId, EntityId, ExternalId, JobId, RunId};
use crate::time::Timestamp;
use crate::value::{Text, Value};
pub use bucket::{Bucket, Hold};
pub use digest::PlanDigest;
pub use reason::{Due, Followed, Reason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Hash of the state of one object at one target, before or after a step.
pub type StateHash = [u8; 16];

/// The state hash of what does not exist.
pub const NOTHING: StateHash = [0; 16];

/// Where a part of a step takes effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Target {
    /// The hub's own directory.
    Hub,
    /// A destination.
    Destination(ConnectionId),
}
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.pad("hub"),
            Self::Destination(connection) => fmt::Display::fmt(connection, f),
        }
    }
}

/// What a part of a step does. The guard counts by these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Makes a new object.
    Create,
    /// Ties a record to an existing entity.
    Link,
    /// Changes attributes.
    Update,
    /// Changes the name by which people know the object.
    Rename,
    /// Changes the parent or the org unit.
    Move,
    /// Empties an attribute that had a value.
    Clear,
    /// Makes usable again.
    Enable,
    /// Makes unusable.
    Disable,
    /// Unties a record from its entity.
    Unlink,
    /// Removes the object.
    Delete,
    /// Takes somebody out of a group. Counted by members; the step itself is a change of the group.
    RemoveMember,
}

impl Operation {
    /// All operations, in the order of reports.
    pub const ALL: [Self; 11] = [
        Self::Create,
        Self::Link,
        Self::Update,
        Self::Rename,
        Self::Move,
        Self::Clear,
        Self::Enable,
        Self::Disable,
        Self::Unlink,
        Self::Delete,
        Self::RemoveMember,
    ];

    /// The word of reports and of the guard's settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Link => "link",
            Self::Update => "update",
            Self::Rename => "rename",
            Self::Move => "move",
            Self::Clear => "clear",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Unlink => "unlink",
            Self::Delete => "delete",
            Self::RemoveMember => "remove-member",
        }
    }

    /// True for what takes something away from a person.
    #[must_use]
    pub const fn removes(self) -> bool {
        matches!(self, Self::Disable | Self::Unlink | Self::Delete | Self::Clear | Self::RemoveMember)
    }
}
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The object of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StepObject {
    /// An entity that exists.
    Entity(EntityId),
    /// One that this step makes, named by the record that asks for it; its id is made when the step is applied.
    New {
        /// The connection of the record.
        connection: ConnectionId,
        /// The record's external id.
        id: ExternalId,
    },
}

/// One attribute, before and after. An absent side means that nothing is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// Name of the attribute.
    pub attribute: Text,
    /// Value before.
    pub before: Option<Value>,
    /// Value after.
    pub after: Option<Value>,
}

/// What a step does at one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Where.
    pub target: Target,
    /// What.
    pub operation: Operation,
    /// State there before; a part whose before-state moved is skipped and reported.
    pub before: StateHash,
    /// State there after.
    pub after: StateHash,
    /// The effective attributes that change.
    pub changes: Vec<AttributeChange>,
    /// The lifecycle afterwards, if it changes; its `at` is filled in when it is applied.
    pub lifecycle: Option<Lifecycle>,
}

/// The shadow that a step settles, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSource {
    /// The connection.
    pub connection: ConnectionId,
    /// Ordinal of the shadow within its connection and class.
    pub ordinal: u32,
    /// Its external id.
    pub id: ExternalId,
    /// Its sequence when the plan was made.
    pub seq: u64,
}

/// A claim that a step writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimChange {
    /// Name of the attribute.
    pub attribute: Text,
    /// What the connection says now; none: it no longer says anything.
    pub value: Option<Value>,
}

/// Everything that a plan does about one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The kind of object.
    pub class: Class,
    /// The object.
    pub object: StepObject,
    /// A name that people know it by.
    pub label: Text,
    /// Why.
    pub reason: Reason,
    /// The shadow that it settles.
    pub source: Option<StepSource>,
    /// Claims to write. None: they are the `after` values of the hub's part.
    pub claims: Option<Vec<ClaimChange>>,
    /// The mapping that made the claims.
    pub mapping: MappingDigest,
    /// What is done, the hub first.
    pub parts: Vec<Part>,
}

impl Step {
    /// The part for the hub, if there is one.
    #[must_use]
    pub fn hub(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.target == Target::Hub)
    }
}

/// Where a plan stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanState {
    /// May be applied.
    Ready,
    /// Steps are being applied; `done` rows in order of keys are finished.
    Applying {
        /// True: the approved rest of a held plan.
        held: bool,
    },
    /// Everything that is not held was applied; the rest waits.
    Held,
    /// A person released what is held.
    Approved {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Done.
    Applied,
    /// A later plan of the same job took its place.
    Superseded,
}

/// The verdict on a scan, kept with the plan that used it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceNote {
    /// The class judged.
    pub class: Class,
    /// True: absence may become removal.
    pub licensed: bool,
    /// The checks, as sentences; those that refused first.
    pub reasons: Vec<String>,
}

/// The head of a plan; its steps are rows of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHeader {
    /// Number of the plan, from 1.
    pub number: u64,
    /// Digest over the steps.
    pub digest: PlanDigest,
    /// The job; for plans of the hub's own a reserved name.
    pub job: JobId,
    /// The source; the hub itself for plans that no scan caused.
    pub connection: ConnectionId,
    /// The run that made it.
    pub run: RunId,
    /// Who made it: with four eyes somebody else approves.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Where it stands.
    pub state: PlanState,
    /// Digest of the configuration that it was made with.
    pub configuration: String,
    /// Digest of the source's connector.
    pub connector: String,
    /// How many parts of steps there are in each bucket.
    pub counts: Vec<(Bucket, u64)>,
    /// What waits for a person.
    pub holds: Vec<Hold>,
    /// Buckets that no threshold judges, such as the first filling of the hub: they spend nothing of the day's budget.
    pub free: Vec<Bucket>,
    /// Verdicts on the scan.
    pub licences: Vec<LicenceNote>,
    /// Objects missing from a licensed scan that must be missing from a further one first.
    pub waiting: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Number of step rows.
    pub steps: u64,
    /// Up to which row of the present pass steps are done.
    pub done: u64,
    /// Totals of what applying did so far.
    pub outcome: ApplyCounts,
}

impl PlanHeader {
    /// True if a part of this bucket waits for a person.
    #[must_use]
    pub fn holds(&self, bucket: &Bucket) -> bool {
        self.holds.iter().any(|hold| hold.bucket == *bucket)
    }
}

/// What applying did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApplyCounts {
    /// Parts applied, by bucket.
    pub applied: BTreeMap<String, u64>,
    /// Parts skipped, because what they would change had moved since the plan was made.
    pub moved: u64,
    /// Parts that wait for a person.
    pub held: u64,
    /// Operations put into the outbox.
    pub queued: u64,
}
