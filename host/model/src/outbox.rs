//! Durable intent to tell one destination about one entity, and what it answered.

use crate::fault::Fault;
use crate::id::{Class, ConnectionId, EntityId, ExternalId};
use crate::plan::{Operation, StateHash};
use crate::record::{Edit, Record};
use crate::time::Timestamp;
use crate::value::{Attributes, Text};
use serde::{Deserialize, Serialize};

/// The order of sending inside a run; lower lanes are drained first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// Security first.
    Urgent = 0,
    /// Org units, parents first.
    OrgUnit = 1,
    /// Groups, empty.
    Group = 2,
    /// Accounts without references.
    Account = 3,
    /// Managers, heads, members.
    Reference = 4,
    /// Members that are no longer.
    MembershipRemoval = 5,
    /// Ordinary disables.
    Disable = 6,
    /// Deletes of accounts.
    AccountDelete = 7,
    /// Deletes of groups.
    GroupDelete = 8,
    /// Deletes of org units, children first.
    OrgUnitDelete = 9,
}

impl Lane {
    /// All lanes, in the order of sending.
    pub const ALL: [Self; 10] = [
        Self::Urgent,
        Self::OrgUnit,
        Self::Group,
        Self::Account,
        Self::Reference,
        Self::MembershipRemoval,
        Self::Disable,
        Self::AccountDelete,
        Self::GroupDelete,
        Self::OrgUnitDelete,
    ];

    /// The lane with this number.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Urgent,
            1 => Self::OrgUnit,
            2 => Self::Group,
            3 => Self::Account,
            4 => Self::Reference,
            5 => Self::MembershipRemoval,
            6 => Self::Disable,
            7 => Self::AccountDelete,
            8 => Self::GroupDelete,
            9 => Self::OrgUnitDelete,
            _ => return None,
        })
    }

    /// The lane of an operation on an object of a class.
    #[must_use]
    pub const fn of(class: Class, operation: Operation) -> Self {
        match (operation, class) {
            (Operation::Delete, Class::Account) => Self::AccountDelete,
            (Operation::Delete, Class::Group) => Self::GroupDelete,
            (Operation::Delete, Class::OrgUnit) => Self::OrgUnitDelete,
            (Operation::Disable | Operation::Unlink, _) => Self::Disable,
            (_, Class::OrgUnit) => Self::OrgUnit,
            (_, Class::Group) => Self::Group,
            (_, Class::Account) => Self::Account,
        }
    }
}

/// Where an outbox entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// To be sent.
    Waiting,
    /// To be sent, not before the time.
    Retry {
        /// Not before.
        at: Timestamp,
    },
    /// To be sent once these objects are at the destination, or have changed there.
    Blocked {
        /// What it waits for.
        on: Vec<(Class, EntityId)>,
    },
    /// Not retried until a person acts, the wish changes, or another version of the connector is installed.
    Parked {
        /// Since when.
        at: Timestamp,
        /// Digest of the connector that could not do it.
        connector: String,
    },
}

/// Whether something was done at a destination that nobody answered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Doubt {
    /// Every attempt was answered.
    #[default]
    None,
    /// An earlier attempt may have been done (no answer, crash): it is looked up before it is made again.
    Attempt,
    /// A wish that this one took the place of may have been done: what it changed is not known, so everything is stated.
    Older,
    /// The same, and the older wish was about use: enabling or disabling is stated, too.
    OlderUse,
}

impl Doubt {
    /// True if anything may have been done.
    #[must_use]
    pub const fn any(self) -> bool {
        !matches!(self, Self::None)
    }

    /// True if an older wish may have been done.
    #[must_use]
    pub const fn older(self) -> bool {
        matches!(self, Self::Older | Self::OlderUse)
    }
}

/// Durable intent to bring one entity at one destination to a state that an applied plan fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// The destination.
    pub destination: ConnectionId,
    /// The kind of object.
    pub class: Class,
    /// The entity.
    pub entity: EntityId,
    /// What the plan called it.
    pub operation: Operation,
    /// Hash of the state that the destination should show: sent only if the present desired state has this hash.
    pub desired: StateHash,
    /// Lane.
    pub lane: Lane,
    /// Order within the lane.
    pub order: u64,
    /// Number of the plan that fixed it.
    pub plan: u64,
    /// How often it was sent.
    pub attempts: u32,
    /// Whether an earlier attempt or an older wish may have been done.
    pub doubt: Doubt,
    /// True: it had its one retry at once (a version conflict, an object found in its place).
    pub again: bool,
    /// When the first of the attempts failed.
    pub failing_since: Option<Timestamp>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why the last attempt failed.
    pub last_fault: Option<Fault>,
}

impl OutboxEntry {
    /// The doubt of whoever takes its place, if it may have been done.
    #[must_use]
    pub const fn doubt_of_successor(&self) -> Doubt {
        match (self.operation, self.doubt) {
            (Operation::Enable | Operation::Disable, _) | (_, Doubt::OlderUse) => Doubt::OlderUse,
            _ => Doubt::Older,
        }
    }

    /// A wish that nobody tried yet. `order` is a number of its own; the lane follows from class and operation.
    #[must_use]
    pub const fn new(
        destination: ConnectionId,
        (class, entity): (Class, EntityId),
        operation: Operation,
        desired: StateHash,
        order: u64,
        plan: u64,
    ) -> Self {
        Self {
            destination,
            class,
            entity,
            operation,
            desired,
            lane: Lane::of(class, operation),
            order,
            plan,
            attempts: 0,
            doubt: Doubt::None,
            again: false,
            failing_since: None,
            state: DeliveryState::Waiting,
            last_fault: None,
        }
    }
}

/// Status of an entity at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectionStatus {
    /// Not there.
    Absent,
    /// There, usable.
    Present,
    /// There, disabled.
    Disabled,
    /// Was there, deleted by us.
    Deleted,
}

impl ProjectionStatus {
    /// True while the object is there.
    #[must_use]
    pub const fn is_living(self) -> bool {
        matches!(self, Self::Present | Self::Disabled)
    }
}

/// One entity as one destination last acknowledged it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Its id there.
    pub external_id: Option<ExternalId>,
    /// Version there.
    pub version: Option<String>,
    /// Hash of the state that it acknowledged; [`crate::plan::NOTHING`] if none.
    pub applied: StateHash,
    /// Attributes that it acknowledged.
    pub attributes: Attributes,
    /// Status there.
    pub status: ProjectionStatus,
    /// Counts acknowledged operations; part of the operation key, so that going back and forth gives new keys.
    pub revision: u64,
    /// Attributes that refer to objects which are not there yet: completed when they are.
    pub pending: Vec<Text>,
    /// What it showed beside what it acknowledged.
    pub echo: Echo,
}

impl Projection {
    /// True if the attribute goes back and forth and is left alone.
    #[must_use]
    pub fn is_frozen(&self, attribute: &str) -> bool {
        self.echo.swings.iter().any(|swing| swing.frozen && swing.attribute == attribute)
    }
}

/// How a destination shows an object, by which the echo of a delivery is told from a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Echo {
    /// Hash of the managed attributes as it returned them after the last operation; none: it did not return them.
    pub returned: Option<StateHash>,
    /// Hash of the managed attributes when they were last read back and differed.
    pub observed: Option<StateHash>,
    /// Attributes that changed lately, and how often they went back and forth.
    pub swings: Vec<Swing>,
}

/// An attribute of an object at a destination that may go back and forth between two values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swing {
    /// Name of the attribute.
    pub attribute: Text,
    /// Hash of the value before the last change.
    pub from: [u8; 8],
    /// Hash of the value after it.
    pub to: [u8; 8],
    /// Changes in a row between these two values.
    pub times: u32,
    /// When the first of them was.
    pub since: Timestamp,
    /// True: the attribute is left alone until a person lets it go.
    pub frozen: bool,
}

/// What is asked of a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Make it; with its parent's or its own name where the system needs one. The text is the desired object, JSON.
    Create(String),
    /// Change attributes.
    Update(Vec<Edit>),
    /// Make usable.
    Enable,
    /// Make unusable.
    Disable,
    /// Give it a new password, which the host makes and hands over.
    SetPassword,
    /// Move it under another object; none: to the root.
    MoveTo(Option<(Class, ExternalId)>),
    /// Remove it.
    Delete,
}

/// One idempotent request to a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The same for every attempt.
    pub key: String,
    /// Whom the hub means; it stays in the hub. None: on a tape of an earlier version.
    #[serde(default)]
    pub entity: Option<EntityId>,
    /// The kind of object.
    pub class: Class,
    /// Its id there; none before a create.
    pub id: Option<ExternalId>,
    /// What to do.
    pub action: Action,
    /// The whole desired object, JSON.
    pub desired: String,
    /// What it last acknowledged, JSON.
    pub known: Option<String>,
    /// Version for a conditional write.
    pub version: Option<String>,
    /// 1 for the first attempt; from 2 on a create is looked up before it is sent.
    pub attempt: u32,
}

/// What a destination reports of an operation that it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Id of the object there.
    pub id: ExternalId,
    /// Its version.
    pub version: Option<String>,
    /// The object as it is now, JSON, where the system tells.
    pub observed: Option<String>,
    /// Values that were refused while the rest was done.
    pub problems: Vec<Fault>,
}

/// A destination's answer to one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// Done.
    Applied(Applied),
    /// It was so already.
    Unchanged(Applied),
    /// Certainly not done.
    Failed(Fault),
    /// Sent, and the answer is not known.
    Unknown(Fault),
    /// The batch was stopped before this one; does not count as a try.
    NotAttempted(Fault),
}

/// An object as a destination shows it.
pub type Found = Record;
