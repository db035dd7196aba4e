//! A person releases what the guard holds.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::Rule;
use rosterd_model::plan::{PlanHeader, PlanState};
use rosterd_store::prelude::*;

impl Engine {
    /// Approves a held plan in the name of the principal. The approval is recorded, for this digest and once, and ends after
    /// the time of `[approval]`.
    ///
    /// # Errors
    /// There is no such plan, nothing of it is held, or the principal made it and four eyes are asked for.
    pub fn approve(&self, digest: &str) -> Result<PlanHeader, EngineError> {
        let header = self.find_plan(digest)?;
        let short = header.digest.short();
        match &header.state {
            PlanState::Held => {}
            PlanState::Approved { at, .. } if crate::plan::expired(&self.policy, *at, self.now()?) => {}
            PlanState::Approved { by, .. } => {
                return Err(EngineError::Refused(format!("plan {short} was approved by {by} already; apply it")));
            }
            PlanState::Superseded => {
                let newest = self.store.snapshot()?.plans_of(&header.job)?.next().transpose()?;
                let newest = newest.map_or_else(String::new, |newest| newest.digest.short());
                return Err(EngineError::Refused(format!(
                    "a later plan took the place of plan {short}; look at `rosterd plan show {newest}`"
                )));
            }
            PlanState::Ready | PlanState::Applying { .. } | PlanState::Applied => {
                return Err(EngineError::Refused(format!("nothing of plan {short} waits for approval")));
            }
        }
        if self.policy.approval.four_eyes && header.by == self.principal && Rule::FourEyes.on() {
            return Err(EngineError::Refused(format!(
                "plan {short} was made by {}, and approval.four-eyes wants somebody else to approve it: rosterd plan approve {short}",
                header.by
            )));
        }
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("approve", |w| {
            let at = w.advance_clock(now)?;
            let mut header = header.clone();
            header.state = PlanState::Approved { by: self.principal.clone(), at };
            w.put_plan(&header)?;
            w.add_audit(at, &self.principal, "plan-approved", &header.digest.to_string())?;
            Ok(header)
        })
    }

    /// Closes a quarantine case, so that its record is judged anew by the next plan.
    ///
    /// # Errors
    /// There is no such case.
    pub fn release(&self, number: u64) -> Result<rosterd_model::quarantine::QuarantineCase, EngineError> {
        let now = self.clock.now();
        let released = self.store.commit::<_, EngineError>("release", |w| {
            let Some(case) = w.close_case(number)? else { return Ok(None) };
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, "quarantine-released", &number.to_string())?;
            if let (true, Some(id)) = (case.connection.is_hub(), &case.id) {
                // It is about a rule: everybody is asked by it anew.
                w.doubt_group_rule(id.as_str().split('/').next().unwrap_or_default())?;
            } else if let (Some(class), Some(id)) = (case.class, &case.id) {
                let connection = w.intern_connection(&case.connection)?;
                if let Some(head) = w.shadow_head(connection, class, id)? {
                    w.put_unsettled(connection, class, head.ordinal, head.seq)?;
                }
            }
            Ok(Some(case))
        })?;
        released.ok_or_else(|| {
            EngineError::NotFound(format!("there is no open case {number}; see `rosterd quarantine list`"))
        })
    }
}
