//! Every table and the layout of its keys, in one place.
//!
//! All tables map bytes to bytes, so that the keys of all of them are built and read by one module ([`crate::key`]) and
//! their values by one other ([`crate::codec`]), and so that another engine can take redb's place. Numbers in keys are
//! big-endian, texts end with a terminator: the order of bytes is the order of the parts.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | name of the fact | see [`crate::tables::meta`], [`crate::tables::group_rules`] |
//! | `connections` | name | number u16 |
//! | `shadow-heads` | connection u16, class u8, external id | ordinal u32, hash 16, seq u64, state u8: 29 bytes |
//! | `shadows` | connection, class, ordinal u32 | `Shadow` |
//! | `shadow-ordinals` | connection, class | next ordinal u32 |
//! | `shadow-keys` | connection, class, attribute, value, ordinal; or connection and 0 for a connection of which all are there | nothing |
//! | `unsettled` | connection, class, ordinal | seq u64 of the change that no applied plan decided |
//! | `live`, `seen` | connection, class, chunk u32 | one bit per ordinal, 32768 a chunk, trailing zero bytes cut |
//! | `missing` | connection, class, ordinal | `Missing` |
//! | `entities` | class, entity id 16 | `Entity` |
//! | `entity-keys` | class, attribute, key space, value, entity id | nothing |
//! | `claims` | entity id, connection or 65535 for the hub | `ClaimSet` |
//! | `links` | connection, class, ordinal | `Link` |
//! | `mappings` | digest 8 | canonical text |
//! | `history` | portion of the sequence u64, entity id, seq u64 | `HistoryRow` |
//! | `plans` | number u64 | `PlanHeader` |
//! | `plan-digests` | digest 32 | number u64 of the newest plan with this digest |
//! | `plan-jobs` | job, number u64 | nothing |
//! | `plan-steps` | plan number u64, lane u8, index u32 | `Step` |
//! | `outbox` | destination u16, class, entity id | `OutboxEntry` |
//! | `outbox-order` | destination, lane u8, order u64 | class u8, entity id 16 |
//! | `outbox-blocked` | destination, class and entity id that it waits for, class and entity id of the entry | nothing |
//! | `in-flight` | destination u16 | `[InFlight]` |
//! | `circuits` | connection u16 | `Circuit` |
//! | `pauses` | connection u16 or 65535 for all | `Pause` |
//! | `projections` | destination, class, entity id | `Projection` |
//! | `projection-ids` | destination, class, external id | entity id 16 |
//! | `projection-values` | destination, class, attribute, value | entity id 16 of who holds it |
//! | `pending-refs` | destination, connection, class and external id that is missing, class, entity id | nothing |
//! | `runs` | number u64 | `Run` |
//! | `scan-progress` | connection | [`crate::tables::scans::ScanProgress`] |
//! | `cursors` | connection | cursor, text |
//! | `full-scans` | connection | [`crate::tables::full_scans::FullScan`] |
//! | `last-scan` | connection, class | [`crate::tables::scans::LastScan`] |
//! | `mapping-state` | connection; and 1 for what is delivered there; or 2 and a class | fingerprint of the configuration last planned with, text; or the mapping of the class |
//! | `quarantine` | number u64 | `QuarantineCase` |
//! | `quarantine-objects` | connection, class u8 or 0, external id | number u64 |
//! | `quarantine-connections` | connection, number u64 | nothing |
//! | `resolutions` | connection, class, external id | `Resolution` |
//! | `reservations` | class, attribute, value | `Reservation` |
//! | `overrides` | entity id, attribute | `Override` |
//! | `hints` | connection, class u8 or 0, external id or nothing | [`crate::tables::hints::StoredHint`] |
//! | `hint-events` | connection, event id | time u64 |
//! | `hint-event-times` | time u64, connection, event id | nothing |
//! | `scratch` | connection, key | bytes of the connector |
//! | `totals` | destination u16 or 65535 for the hub, class | living objects u64 |
//! | `budget` | hour u64, destination u16 or 65535 for the hub, class, operation u8, announced u8 | count u64 |
//! | `owed` | destination, class, entity id | nothing |
//! | `accepted` | connection, role u8 | [`crate::tables::accepted::Accepted`] |
//! | `erased` | connection, class, keyed hash of the external id 16 | when, ms u64 |
//! | `passwords` | destination, class, entity id | [`crate::tables::passwords::SealedPassword`] |
//! | `timers` | when u64, class, entity id, kind u8 | nothing |
//! | `orders` | class, entity id | [`crate::tables::orders::Order`] |
//! | `clients` | name | [`crate::tables::clients::ClientRow`] |
//! | `audit` | number u64 | [`crate::tables::audit::AuditRow`] |

use redb::TableDefinition;
use std::fmt;

/// Version of the layout in this file. Raised by every change that an older reader would misread; see
/// [`crate::migrate`].
pub const SCHEMA_VERSION: u32 = 1;

/// The definition that redb wants: bytes to bytes.
pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The tables of the store. Their layouts stand at the head of this module.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table { $($(#[$doc])* $name,)* }

        impl Table {
            /// All tables, in the order in which backups and digests go through them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in the file. Never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

tables! {
    /// Facts about the store itself.
    Meta = "meta",
    /// Names of connections and the numbers that stand for them in keys.
    Connections = "connections",
    /// What observing needs of a shadow.
    ShadowHeads = "shadow-heads",
    /// Shadows.
    Shadows = "shadows",
    /// The next ordinal of each connection and class.
    ShadowOrdinals = "shadow-ordinals",
    /// Values by which shadows of pushed sources are looked up.
    ShadowKeys = "shadow-keys",
    /// Shadows whose present state no applied plan has decided.
    Unsettled = "unsettled",
    /// One bit per live shadow.
    Live = "live",
    /// One bit per shadow that the scan under way showed.
    Seen = "seen",
    /// Shadows that licensed scans did not show.
    Missing = "missing",
    /// Entities.
    Entities = "entities",
    /// Values by which entities are found.
    EntityKeys = "entity-keys",
    /// What each connection says about each entity.
    Claims = "claims",
    /// Which shadow belongs to which entity.
    Links = "links",
    /// Texts of mappings by digest.
    Mappings = "mappings",
    /// Replaced values.
    History = "history",
    /// Heads of plans.
    Plans = "plans",
    /// Plans by digest.
    PlanDigests = "plan-digests",
    /// Plans by job.
    PlanJobs = "plan-jobs",
    /// Steps of plans.
    PlanSteps = "plan-steps",
    /// What is to be sent.
    Outbox = "outbox",
    /// In what order.
    OutboxOrder = "outbox-order",
    /// What entries of the outbox wait for.
    OutboxBlocked = "outbox-blocked",
    /// What may have been sent without an answer.
    InFlight = "in-flight",
    /// Breakers.
    Circuits = "circuits",
    /// Connections that a person paused.
    Pauses = "pauses",
    /// What destinations acknowledged.
    Projections = "projections",
    /// Which entity an object of a destination stands for.
    ProjectionIds = "projection-ids",
    /// Which entity holds a unique value at a destination.
    ProjectionValues = "projection-values",
    /// References that wait for an object.
    PendingRefs = "pending-refs",
    /// Runs.
    Runs = "runs",
    /// The scan under way of each connection.
    ScanProgress = "scan-progress",
    /// Cursors.
    Cursors = "cursors",
    /// The last full scan of each connection that knows deltas.
    FullScans = "full-scans",
    /// The last licensed scan of each connection and class.
    LastScan = "last-scan",
    /// The configuration that each connection was last planned with.
    MappingState = "mapping-state",
    /// Open cases.
    Quarantine = "quarantine",
    /// Open cases by object.
    QuarantineObjects = "quarantine-objects",
    /// Open cases by connection.
    QuarantineConnections = "quarantine-connections",
    /// What operators decided about records.
    Resolutions = "resolutions",
    /// Names and addresses that stay with the gone.
    Reservations = "reservations",
    /// Values that operators set.
    Overrides = "overrides",
    /// Objects to look at.
    Hints = "hints",
    /// Events that came already.
    HintEvents = "hint-events",
    /// When they came.
    HintEventTimes = "hint-event-times",
    /// What connectors remember.
    Scratch = "scratch",
    /// Living objects of the hub and of destinations.
    Totals = "totals",
    /// What was done in each bucket of the guard, by hours.
    Budget = "budget",
    /// What destinations were not told because it is held.
    Owed = "owed",
    /// The configuration that each connection was last applied with.
    Accepted = "accepted",
    /// Hashes of the ids of erased accounts.
    Erased = "erased",
    /// First passwords that wait to be handed over, sealed.
    Passwords = "passwords",
    /// Dates that the hub waits for.
    Timers = "timers",
    /// What people disabled, and why.
    Orders = "orders",
    /// Who may call, and by which secret.
    Clients = "clients",
    /// Who did what.
    Audit = "audit",
}

impl Table {
    /// How many tables there are.
    pub(crate) const COUNT: usize = Self::ALL.len();

    /// The position of the table in arrays of open tables.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Tables that came after stores were made without them: a writer makes them when it opens such a store, and for a
    /// reader they are empty. No older row changes its meaning by them, so they need no version of the layout.
    pub(crate) const fn is_late(self) -> bool {
        matches!(self, Self::Clients)
    }

    pub(crate) const fn definition(self) -> Definition {
        TableDefinition::new(self.name())
    }

    /// Small rows that nearly every row of a page touches again; a [`crate::Writer`] changes them in memory and writes
    /// them once, when it commits.
    pub(crate) const fn is_hot(self) -> bool {
        matches!(self, Self::Meta | Self::ShadowOrdinals | Self::Live | Self::Seen)
    }

    /// Tables into which one transaction puts thousands of rows, and that none lists while it does: a
    /// [`crate::Writer`] that gathers writes them in the order of their keys when it commits.
    pub(crate) const fn is_gathered(self) -> bool {
        matches!(
            self,
            Self::Shadows
                | Self::ShadowHeads
                | Self::ShadowKeys
                | Self::Unsettled
                | Self::Entities
                | Self::EntityKeys
                | Self::Claims
                | Self::Links
                | Self::PlanSteps
                | Self::Totals
                | Self::Outbox
                | Self::OutboxOrder
                | Self::Projections
                | Self::ProjectionIds
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_positions_are_those_of_the_list() {
        let mut names: Vec<_> = Table::ALL.iter().map(|table| table.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Table::COUNT);
        assert!(Table::ALL.iter().enumerate().all(|(position, table)| table.index() == position));
    }
}
