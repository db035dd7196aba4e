//! Pushed sources: what clients of a connection say is stored and decided at once, and what they said can be asked for.
//!
//! A job with `pushed = true` reads nothing. There is no scan of it, no licence and no absence: what is not mentioned stays,
//! and a delete is one that a client asked for. Everything else is as with any source: submissions are observed like records
//! of a scan (`crate::scan`), and planned, judged and applied by what plans and applies every run.
//!
//! ```text
//! queue   who waits goes together        together  one run of those       settled  what is answered
//! index   look-ups by value              query     what clients ask for
//! reading what is submitted, read before its turn
//! ```

mod index;
mod query;
mod queue;
mod reading;
mod seeing;
mod settled;
mod together;

#[cfg(feature = "testing")]
pub(crate) use query::place_again;
pub(crate) use queue::Pushes;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
use crate::scan::blocking;
use rosterd_model::directory::{Directory, LargePart, Listing, Query, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Record, Rule};
use rosterd_reconcile::to_json;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};
use std::sync::Arc;

/// What whoever submits is told of what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The objects as they are now.
    Objects,
    /// That it was done: none of the objects, which cost as much again to be read.
    Outcome,
}

/// What a submission came to.
type Answer = Result<Option<Record>, Fault>;

impl Engine {
    /// The directory as the clients of a connection may see and change it. Whoever acts is the engine's principal: it is
    /// recorded with the runs that take in what is submitted.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]: no job with `pushed = true` has this source.
    pub fn directory(&self, connection: &ConnectionId) -> Result<Arc<dyn Directory>, EngineError> {
        pushed(self, connection)?;
        Ok(Arc::new(Desk { engine: self.clone(), connection: connection.clone(), aside: false }))
    }

    /// As [`Engine::directory`], for whoever asks on threads that are not those of the network, as connectors do: what
    /// is looked up at once is read there, because it takes less time than to hand it on.
    ///
    /// # Errors
    /// As [`Engine::directory`].
    pub fn directory_aside(&self, connection: &ConnectionId) -> Result<Arc<dyn Directory>, EngineError> {
        pushed(self, connection)?;
        Ok(Arc::new(Desk { engine: self.clone(), connection: connection.clone(), aside: true }))
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
    connection: ConnectionId,
    /// True: whoever asks does so on other threads than those of the network.
    aside: bool,
}

impl Desk {
    /// Reads off the threads on which everything waits, in a view that waits for no writer. A connection that nobody submitted
    /// anything to has nothing. `brief`: an index leads to it at once.
    async fn read<T: Send + 'static>(
        &self,
        brief: bool,
        nothing: T,
        work: impl FnOnce(&Snapshot, ConnectionNumber) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Fault> {
        let (store, connection) = (self.engine.store.clone(), self.connection.clone());
        let read = move || {
            // What others were not told yet nobody is told.
            let view = store.durable_snapshot()?;
            let number = view.connection_number(&connection)?;
            number.map_or(Ok(nothing), |number| work(&view, number))
        };
        let read = if self.aside && brief { read() } else { blocking(read).await };
        read.map_err(|error| fault_of(&error))
    }
}

impl Directory for Desk {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Answer>> {
        let part = LargePart { submissions, follows: false, room: None };
        Box::pin(queue::submit(&self.engine, &self.connection, part, Told::Objects))
    }

    fn store(&self, part: LargePart) -> BoxFuture<'_, Vec<Result<(), Fault>>> {
        Box::pin(async move {
            let answers = queue::submit(&self.engine, &self.connection, part, Told::Outcome).await;
            answers.into_iter().map(|answer| answer.map(drop)).collect()
        })
    }

    fn get_all(&self, class: Class, ids: Vec<ExternalId>) -> BoxFuture<'_, Vec<Answer>> {
        Box::pin(async move {
            let count = ids.len();
            let nothing = (0..count).map(|_| None).collect();
            let find = move |view: &Snapshot, number| {
                let one = |id| Ok(view.shadow_of(number, class, id)?.and_then(|(_, shadow)| seen(shadow)));
                ids.iter().map(one).collect::<Result<Vec<_>, EngineError>>()
            };
            match self.read(count == 1, nothing, find).await {
                Ok(found) => found.into_iter().map(Ok).collect(),
                Err(fault) => (0..count).map(|_| Err(fault.clone())).collect(),
            }
        })
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Answer> {
        Box::pin(self.read(true, None, move |view, number| {
            Ok(view.shadow_of(number, class, &id)?.and_then(|(_, shadow)| seen(shadow)))
        }))
    }

    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async move {
            let nothing = Ok(Listing { total: Some(0), ..Listing::default() });
            let brief = self.engine.gate.pushes().is_indexed(&self.connection) && query::is_brief(&query);
            self.read(brief, nothing, move |view, number| query::listing(view, number, class, &query)).await?
        })
    }
}

/// An object as clients see it; none: it is gone.
fn seen(shadow: Shadow) -> Option<Record> {
    (shadow.state == ShadowState::Live || !Rule::PushedGoneAtOnce.on()).then(|| Record {
        class: shadow.class,
        previous_id: None,
        version: Some(crate::scan::version_of(shadow.seq)),
        attributes: to_json(&shadow.attributes),
        partial: shadow.partial,
        id: shadow.id,
    })
}

/// A failure of the hub in words for a client: it says when to come again, and nothing of the inside.
fn fault_of(error: &EngineError) -> Fault {
    tracing::error!(%error, "clients of a pushed source were not served");
    match error {
        EngineError::NotFound(text) => Fault::new(FaultKind::Unsupported, text.clone()),
        _ => later("the hub can not take this at present; try again later"),
    }
}

fn later(text: &str) -> Fault {
    Fault { retry_after_ms: Some(5_000), ..Fault::new(FaultKind::Transient, text) }
}
