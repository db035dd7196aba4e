//! The standing configuration of flows: what an operator writes in `rosterd.toml`, as values.
//!
//! The shapes here are those of the file's tables; keys are kebab-case and unknown keys are refused.

mod authority;
mod correlate;
mod deliver;
mod group;
mod guard;
mod job;
mod lifecycle;
mod mapping;
mod reaction;
mod retention;

use crate::id::ConnectionId;
pub use authority::{AuthorityEntry, AuthorityRule, AuthoritySpec};
pub use correlate::{TierMode, TierSpec};
pub use deliver::{
    DeleteRequires, DeliverySpec, FirstDelivery, OnDrift, OnGraceEnd, OnLeave, OnMissing, OnSuspend, OutboundSpec,
};
pub use group::GroupSpec;
pub use guard::{ApprovalSpec, GuardSpec, OnTrip, ProtectSpec, Rolling, Threshold};
pub use job::{AbsenceSpec, ClassSpec, Employments, JobSpec, Unmatched};
pub use lifecycle::LifecycleSpec;
pub use mapping::{Apply, Multi, OnNull, RuleSpec, RuleTable, Strength};
pub use reaction::{CaseReaction, MatchReaction, ReactionSpec, ReturnReaction, ReturningSpec, ScopeReaction};
pub use retention::RetentionSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that decides what a run plans; its canonical text gives the configuration digest of a plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PolicySpec {
    /// Jobs by name.
    pub jobs: BTreeMap<String, JobSpec>,
    /// Deliveries by destination.
    pub deliver: BTreeMap<ConnectionId, DeliverySpec>,
    /// Authority.
    pub authority: AuthoritySpec,
    /// Groups that follow a rule, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub group: BTreeMap<String, GroupSpec>,
    /// Guard.
    pub guard: GuardSpec,
    /// Protected accounts.
    pub protect: ProtectSpec,
    /// Joining and leaving.
    #[serde(default)]
    pub lifecycle: LifecycleSpec,
    /// Who may release what is held.
    #[serde(default)]
    pub approval: ApprovalSpec,
    /// How long what is over is kept. Decides no plan.
    #[serde(default, skip_serializing)]
    pub retention: RetentionSpec,
    /// Digests of the settings of connections: another folder, base or filter is another scope. They are no part of the
    /// text; a change of one makes the next run a plan.
    #[serde(default, skip_serializing)]
    pub settings: BTreeMap<ConnectionId, String>,
}
