//! What a person orders about one account: that it be disabled, at once if need be, and that this be taken back.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::hub::HubOptions;
use crate::run::RunReport;
use rosterd_model::plan::Reason;
use rosterd_model::port::BoxFuture;
use rosterd_model::{DisabledReason, Entity, JobId, Lifecycle, Rule, Timestamp};
use rosterd_reconcile::leaver::Statement;
use rosterd_store::prelude::*;

impl Engine {
    /// Disables an account by the order of the principal. `at_once`: ahead of every hold and lane. The order stands until
    /// [`Engine::enable`], whatever sources say.
    ///
    /// # Errors
    /// There is no such account, it is protected, or it is deleted; the store fails.
    pub fn disable<'a>(
        &'a self,
        name: &'a str,
        text: &'a str,
        at_once: bool,
    ) -> BoxFuture<'a, Result<RunReport, EngineError>> {
        Box::pin(async move {
            let entity = self.account(name)?;
            if self.policy.protect.protects(&entity) {
                return Err(EngineError::Refused(format!(
                    "account {name} is protected and is not disabled; take it out of [protect] in rosterd.toml first"
                )));
            }
            let lifecycle = match entity.lifecycle {
                Lifecycle::Deleted { .. } => {
                    return Err(EngineError::Refused(format!(
                        "account {name} is deleted; there is nothing to disable"
                    )));
                }
                // Who left stays a leaver, so that the grace goes on; the order is kept beside it.
                Lifecycle::Disabled { reason: DisabledReason::Leaver | DisabledReason::OutOfScope, .. } => {
                    entity.lifecycle
                }
                _ => Lifecycle::Disabled { reason: DisabledReason::Manual, at: Timestamp(0) },
            };
            let urgent = at_once && Rule::EmergencyDisable.on();
            let reason = Reason::Ordered { by: self.principal.as_str().into(), text: text.into(), urgent };
            self.record(&entity, "account-disabled", text)?;
            self.order(entity, lifecycle, reason, urgent).await
        })
    }

    /// Takes such an order back. The account gets the state that sources ask for: who left meanwhile stays a leaver.
    ///
    /// # Errors
    /// There is no such account, or no person disabled it; the store fails.
    pub fn enable<'a>(&'a self, name: &'a str, text: &'a str) -> BoxFuture<'a, Result<RunReport, EngineError>> {
        Box::pin(async move {
            let entity = self.account(name)?;
            let ordered = matches!(
                entity.lifecycle,
                Lifecycle::Disabled { reason: DisabledReason::Manual | DisabledReason::Guard, .. }
            );
            if !ordered && self.store.snapshot()?.order(entity.class, entity.id)?.is_none() {
                return Err(EngineError::Refused(format!(
                    "no person disabled account {name}; it is {}, as its sources say: see `rosterd account why {name} lifecycle`",
                    entity.lifecycle
                )));
            }
            let lifecycle = if ordered {
                let said = Statement::read(&entity.attributes, &self.policy.lifecycle.home);
                let said =
                    said.map_err(|problem| EngineError::Refused(format!("account {name}: {}", problem.message)))?;
                said.asks(self.now()?)
            } else {
                entity.lifecycle
            };
            let reason = Reason::Allowed { by: self.principal.as_str().into(), text: text.into() };
            self.record(&entity, "account-enabled", text)?;
            self.order(entity, lifecycle, reason, false).await
        })
    }

    async fn order(
        &self,
        before: Entity,
        lifecycle: Lifecycle,
        reason: Reason,
        urgent: bool,
    ) -> Result<RunReport, EngineError> {
        // One account that a person named is no mass change; without the emergency it waits like others.
        let options = HubOptions { guarded: !urgent, finish: !urgent, ..HubOptions::default() };
        let after = Entity { lifecycle, ..before.clone() };
        let steps = move |plan: &mut crate::HubPlan<'_>| plan.change(&before, &after, reason).map(drop);
        self.hub_plan(JobId::of_hub("accounts", None), options, steps).await
    }

    fn record(&self, entity: &Entity, what: &str, text: &str) -> Result<(), EngineError> {
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("order", |w| {
            let at = w.advance_clock(now)?;
            w.add_audit(at, &self.principal, what, &format!("{}: {text}", entity.id))?;
            Ok(())
        })
    }
}
