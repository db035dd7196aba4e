//! The hub behind the logins: what it knows of people, its audit, and its directory. Whoever asks is answered by the engine
//! of this moment, so that a new configuration counts at once.

use super::seam::{Audit, Outcome, People, Standing};
use rosterd_engine::{Engine, EngineError};
use rosterd_model::directory::{Directory, Listing, Query, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::shadow::ShadowState;
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Record};
use rosterd_store::prelude::*;
use std::sync::Arc;

/// The engine of this moment, which acts in the name of whoever is named; none: the hub ends.
pub type Engines = Arc<dyn Fn(&str) -> Option<Engine> + Send + Sync>;

/// The hub, as logins need it.
#[derive(Clone)]
pub struct Hub(Engines);

impl Hub {
    /// The hub behind these engines.
    #[must_use]
    pub fn new(engines: Engines) -> Self {
        Self(engines)
    }

    /// What a login may see and change: the directory of its connection, in the name of the login.
    #[must_use]
    pub fn directory(&self, login: &str, connection: ConnectionId) -> Arc<dyn Directory> {
        Arc::new(Served { hub: self.clone(), principal: principal(login), connection })
    }

    fn engine(&self, principal: &str) -> Result<Engine, Fault> {
        (self.0)(principal).ok_or_else(|| Fault::new(FaultKind::Transient, "the hub ends; try again later"))
    }

    /// Work on the store, off the threads on which everything waits.
    async fn work<T: Send + 'static>(
        &self,
        principal: &str,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Fault> {
        let engine = self.engine(principal)?;
        let done = tokio::task::spawn_blocking(move || work(&engine)).await;
        let done = done.unwrap_or_else(|error| Err(EngineError::Internal(error.to_string())));
        done.map_err(|error| {
            tracing::error!(%error, "the store did not serve a login");
            Fault::new(FaultKind::Transient, "the hub can not do this at present; try again later")
        })
    }
}

/// In whose name a login acts.
fn principal(login: &str) -> String {
    format!("login {login}")
}

impl People for Hub {
    fn standing(&self, connection: &ConnectionId, account: &ExternalId) -> BoxFuture<'_, Result<Standing, Fault>> {
        let (connection, account) = (connection.clone(), account.clone());
        Box::pin(self.work("login", move |engine| standing(engine, &connection, &account)))
    }
}

/// How the account stands that a record is linked to.
fn standing(engine: &Engine, connection: &ConnectionId, account: &ExternalId) -> Result<Standing, EngineError> {
    let view = engine.store.snapshot_without_keys()?;
    let Some(number) = view.connection_number(connection)? else { return Ok(Standing::Unknown) };
    let Some((ordinal, shadow)) = view.shadow_of(number, Class::Account, account)? else {
        return Ok(Standing::Unknown);
    };
    if shadow.state != ShadowState::Live {
        return Ok(Standing::Gone);
    }
    let link = view.link(number, Class::Account, ordinal)?.filter(|link| link.live);
    let Some(link) = link else { return Ok(Standing::Unknown) };
    Ok(match view.entity(Class::Account, link.entity)? {
        None => Standing::Unknown,
        Some(entity) if !entity.lifecycle.is_living() => Standing::Gone,
        Some(entity) if entity.lifecycle.is_active() => Standing::Known,
        Some(_) => Standing::Suspended,
    })
}

impl Audit for Hub {
    fn logged_in(&self, outcome: Outcome) -> BoxFuture<'_, ()> {
        let principal = principal(&outcome.login);
        let (what, detail) = row(&outcome);
        Box::pin(async move {
            let by = principal.clone();
            let written = self.work(&principal, move |engine| {
                let now = engine.clock.now();
                let add = |w: &mut rosterd_store::Writer<'_>| -> Result<(), EngineError> {
                    let at = w.policy_now(now)?;
                    w.add_audit(at, &by, what, &detail)?;
                    Ok(())
                };
                engine.store.commit("login", add)
            });
            if let Err(fault) = written.await {
                tracing::error!(%fault, reference = outcome.reference, "a login is not in the audit");
            }
        })
    }
}

/// The word and the sentence of the audit.
fn row(outcome: &Outcome) -> (&'static str, String) {
    let who = outcome.account.as_ref().map_or("somebody", ExternalId::as_str);
    let Outcome { connection, reference, .. } = outcome;
    match &outcome.result {
        Ok(entered) => {
            let done = match (entered.standing, entered.created) {
                (Standing::Unknown, _) => "submitted, and waits",
                (_, true) => "taken in",
                (_, false) => "brought up to date",
            };
            let notes: String = entered.notes.iter().map(|note| format!("; {note}")).collect();
            ("login", format!("{who} on {connection}: {done}{notes} (reference {reference})"))
        }
        Err(refused) => {
            let detail = if refused.detail.is_empty() { String::new() } else { format!(": {}", refused.detail) };
            ("login-refused", format!("{who} on {connection}: {}{detail} (reference {reference})", refused.refusal))
        }
    }
}

/// One login's part of the directory.
struct Served {
    hub: Hub,
    principal: String,
    connection: ConnectionId,
}

impl Served {
    fn present(&self) -> Result<Arc<dyn Directory>, Fault> {
        let directory = self.hub.engine(&self.principal)?.directory(&self.connection);
        directory.map_err(|error| Fault::new(FaultKind::Unsupported, error.to_string()))
    }
}

impl Directory for Served {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            match self.present() {
                Ok(directory) => directory.submit(submissions).await,
                Err(fault) => submissions.iter().map(|_| Err(fault.clone())).collect(),
            }
        })
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async move { self.present()?.get(class, id).await })
    }

    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async move { self.present()?.query(class, query).await })
    }
}
