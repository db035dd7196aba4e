//! The standing configuration of flows: what an operator writes in `rosterd.toml`, as values.
//!
//! The shapes here are those of the file's tables; keys are kebab-case and unknown keys are refused.

mod correlate;
mod deliver;
mod guard;
mod job;
mod mapping;

use crate::id::ConnectionId;
pub use correlate::{TierMode, TierSpec};
pub use deliver::{DeliverySpec, FirstDelivery, OnLeave, OnMissing, OutboundSpec};
pub use guard::{GuardSpec, OnTrip, ProtectSpec, Threshold};
pub use job::{AbsenceSpec, ClassSpec, JobSpec, Unmatched};
pub use mapping::{Apply, OnNull, RuleSpec, RuleTable, Strength};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[authority]`: which connection may decide an attribute, in what order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AuthoritySpec {
    /// Attribute to connections; `default` for all that are not named, `lifecycle` for joining and leaving.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Vec<String>>"))]
    pub order: BTreeMap<String, Vec<ConnectionId>>,
}

/// Everything that decides what a run plans; its canonical text gives the configuration digest of a plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PolicySpec {
    /// Jobs by name.
    pub jobs: BTreeMap<String, JobSpec>,
    /// Deliveries by destination.
    pub deliver: BTreeMap<ConnectionId, DeliverySpec>,
    /// Authority.
    pub authority: AuthoritySpec,
    /// Guard.
    pub guard: GuardSpec,
    /// Protected accounts.
    pub protect: ProtectSpec,
}
