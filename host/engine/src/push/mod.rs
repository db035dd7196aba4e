//! Pushed sources: what clients of a connection say is stored and decided at once, and what they said can be asked for.
//!
//! A job with `pushed = true` reads nothing. There is no scan of it, no licence and no absence: what is not mentioned stays,
//! and a delete is one that a client asked for.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
use rosterd_model::directory::{Directory, Listing, Query, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, JobId, Record};
use std::sync::Arc;

impl Engine {
    /// The directory as the clients of a connection may see and change it. Whoever acts is the engine's principal: it is
    /// recorded with what is submitted.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]: no job with `pushed = true` has this source.
    pub fn directory(&self, connection: &ConnectionId) -> Result<Arc<dyn Directory>, EngineError> {
        let job = pushed(self, connection)?.name.clone();
        Ok(Arc::new(Desk { engine: self.clone(), job }))
    }
}

/// The job that takes what clients of a connection say.
fn pushed<'e>(engine: &'e Engine, connection: &ConnectionId) -> Result<&'e Job, EngineError> {
    let job = engine.policy.jobs.values().find(|job| job.pushed && job.source == *connection);
    job.ok_or_else(|| {
        EngineError::NotFound(format!(
            "clients of connection {connection} can not submit anything: add a job with source = \"{connection}\" and \
             pushed = true to rosterd.toml"
        ))
    })
}

/// One client's way to the directory of a connection.
struct Desk {
    engine: Engine,
    job: JobId,
}

impl Desk {
    fn not_yet(&self) -> Fault {
        Fault::new(FaultKind::Unsupported, format!("job {} of {} takes nothing yet", self.job, self.engine.principal))
    }
}

impl Directory for Desk {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { submissions.iter().map(|_| Err(self.not_yet())).collect() })
    }

    fn get(&self, _: Class, _: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async move { Err(self.not_yet()) })
    }

    fn query(&self, _: Class, _: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async move { Err(self.not_yet()) })
    }
}
