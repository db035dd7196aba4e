//! What a destination does about joining and leaving, read from `[deliver.CONNECTION]`.

use crate::absence::parse_duration;
use rosterd_model::plan::Due;
use rosterd_model::spec::{DeleteRequires, DeliverySpec, OnGraceEnd, OnLeave, OnSuspend};
use rosterd_model::{DisabledReason, ExternalId, Lifecycle, Rule, Timestamp};

/// A compiled policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavePolicy {
    on_leave: OnLeave,
    on_suspend: OnSuspend,
    /// Where those who left are moved to, with `on-leave = "move"`.
    pub leave_unit: Option<ExternalId>,
    /// How long after that the account is deleted, if it is; in milliseconds.
    pub grace_ms: u64,
    /// Whether it is deleted then.
    pub on_grace_end: OnGraceEnd,
    /// True: a person must approve deletes that are due.
    pub asks: bool,
    /// How long before the first day an account is made; none: as soon as the person is known. In milliseconds.
    pub prepare_ms: Option<u64>,
}

impl LeavePolicy {
    /// Reads the keys of a delivery.
    ///
    /// # Errors
    /// The key, and a sentence.
    pub fn read(spec: &DeliverySpec) -> Result<Self, (&'static str, String)> {
        let duration = |key: &'static str, text: &str| parse_duration(text).map_err(|because| (key, because));
        let leave_unit = spec.leave_unit.as_deref().map(ExternalId::from);
        if spec.on_leave == OnLeave::Move && leave_unit.is_none() {
            return Err(("leave-unit", "on-leave = \"move\" needs the unit to move to".to_owned()));
        }
        Ok(Self {
            on_leave: spec.on_leave,
            on_suspend: spec.on_suspend,
            leave_unit,
            grace_ms: duration("grace", &spec.grace)?,
            on_grace_end: spec.on_grace_end,
            asks: spec.delete_requires == DeleteRequires::Approval,
            prepare_ms: spec.prepare.as_deref().map(|text| duration("prepare", text)).transpose()?,
        })
    }

    /// What happens when somebody leaves.
    #[must_use]
    pub fn on_leave(&self) -> OnLeave {
        if self.on_grace_end == OnGraceEnd::Delete && !Rule::DisableBeforeDelete.on() {
            return OnLeave::Delete;
        }
        self.on_leave
    }

    /// Where those who left are moved to; none: they stay where they are.
    #[must_use]
    pub fn moves_to(&self) -> Option<&ExternalId> {
        self.leave_unit.as_ref().filter(|_| self.on_leave() == OnLeave::Move)
    }

    /// True if this state changes nothing about whether the account is usable there.
    #[must_use]
    pub fn ignores(&self, lifecycle: &Lifecycle) -> bool {
        self.on_suspend == OnSuspend::None && matches!(lifecycle, Lifecycle::Suspended)
    }

    /// When the account of somebody in this state is to be deleted; none: not at all.
    #[must_use]
    pub fn delete_at(&self, lifecycle: &Lifecycle) -> Option<Timestamp> {
        let Lifecycle::Disabled { reason: DisabledReason::Leaver | DisabledReason::OutOfScope, at } = lifecycle else {
            return None;
        };
        let ends = self.on_grace_end == OnGraceEnd::Delete && self.on_leave != OnLeave::Delete;
        (ends && Rule::StillManaged.on()).then(|| at.plus_ms(self.grace_ms))
    }

    /// True if a delete that was planned for the end of the grace is still called for.
    #[must_use]
    pub fn delete_due(&self, lifecycle: &Lifecycle, now: Timestamp) -> bool {
        matches!(lifecycle, Lifecycle::Deleted { .. }) || self.delete_at(lifecycle).is_some_and(|at| at <= now)
    }

    /// True if somebody who starts then is made there now.
    #[must_use]
    pub fn prepares(&self, start_at: Timestamp, now: Timestamp) -> bool {
        self.prepare_ms.is_none_or(|lead| start_at.since_ms(now) <= lead)
    }

    /// What this destination waits for in a state, and until when.
    #[must_use]
    pub fn waits(&self, lifecycle: &Lifecycle) -> Option<(Due, Timestamp)> {
        match lifecycle {
            Lifecycle::Pending { start_at } if *start_at < super::UNKNOWN => {
                let lead = self.prepare_ms?;
                Some((Due::Prepare, Timestamp(start_at.0.saturating_sub(lead))))
            }
            _ => self.delete_at(lifecycle).map(|at| (Due::Grace, at)),
        }
    }
}
