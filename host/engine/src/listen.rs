//! Listening: a connection that keeps a stream of notifications open. What comes is stored in the inbox before the remote
//! system is told so; a stream that ends is opened again.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::scan::blocking;
use rosterd_model::port::{BoxFuture, Hint};
use rosterd_model::{Class, ConnectionId, Fault, FaultKind};
use std::time::Duration;

/// One wait for hints. Nothing hangs on it: an empty answer only says that the stream lives.
const WAIT_MS: u32 = 20_000;
/// The first wait after a stream ended; it doubles up to the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Until somebody mended a password or a grant, asking more often only gets us locked out.
const LONGEST_REFUSED: Duration = Duration::from_secs(600);

impl Engine {
    /// Listens at a connection until the process stops or the future is dropped. `came` is told the jobs that read the
    /// connection whenever something was stored; `rest` waits between two streams.
    pub async fn listen(
        &self,
        connection: &ConnectionId,
        came: impl Fn(Vec<String>) + Send + Sync,
        rest: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync,
    ) {
        let mut failures = 0;
        while !self.gate.is_stopping() {
            let fault = match self.stream(connection, &came, &mut failures).await {
                Ok(()) => return,
                Err(fault) => fault,
            };
            let wait = pause(&fault, failures);
            failures = failures.saturating_add(1);
            let seconds = wait.as_secs();
            self.events.emit(&RunEvent::Note(format!(
                "connection {connection} does not listen any more, and tries again in {seconds} s: {fault}"
            )));
            rest(wait).await;
        }
    }

    /// One stream, from its beginning to its end.
    async fn stream(
        &self,
        connection: &ConnectionId,
        came: &(impl Fn(Vec<String>) + Send + Sync),
        failures: &mut u32,
    ) -> Result<(), Fault> {
        let mut listener = self.connections.listener(connection).await?;
        let mut subscription = listener.listen(&self.classes_of(connection)).await?;
        self.events.emit(&RunEvent::Note(format!("connection {connection} listens")));
        while !self.gate.is_stopping() {
            let hints = subscription.next(WAIT_MS).await?;
            *failures = 0;
            if !hints.is_empty() {
                came(self.keep(connection, hints).await.map_err(|error| unstored(&error))?);
            }
        }
        Ok(())
    }

    /// Stores hints off the async threads, and says which jobs to wake. They are durable when it returns.
    ///
    /// # Errors
    /// The store fails: the remote system must send again.
    pub async fn keep(&self, connection: &ConnectionId, hints: Vec<Hint>) -> Result<Vec<String>, EngineError> {
        let (engine, connection) = (self.clone(), connection.clone());
        blocking(move || engine.receive(&connection, &hints).map(|received| received.wake)).await
    }

    /// What the jobs of a connection read.
    fn classes_of(&self, connection: &ConnectionId) -> Vec<Class> {
        let jobs: Vec<_> = self.policy.jobs.values().filter(|job| job.source == *connection).collect();
        Class::ALL.into_iter().filter(|class| jobs.iter().any(|job| job.class(*class).is_some())).collect()
    }
}

/// The connection is left, so that the remote system sends again what it was not told.
fn unstored(error: &EngineError) -> Fault {
    Fault::new(FaultKind::Internal, format!("its notifications could not be stored: {error}"))
}

/// How long to wait before the next stream, after so many that failed at once.
fn pause(fault: &Fault, failures: u32) -> Duration {
    let refused = matches!(fault.kind, FaultKind::Unauthorized | FaultKind::Forbidden | FaultKind::Settings);
    let longest = if refused { LONGEST_REFUSED } else { LONGEST };
    let first = if refused { FIRST * 30 } else { FIRST };
    let asked = fault.retry_after_ms.map(Duration::from_millis).unwrap_or_default();
    first.saturating_mul(1 << failures.min(16)).min(longest).max(asked.min(LONGEST_REFUSED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_ended_is_opened_soon_and_one_that_is_refused_is_not_tried_over_and_over() {
        let seconds = |kind, failures| pause(&Fault::new(kind, "x"), failures).as_secs();
        assert_eq!([0, 1, 2, 6, 99].map(|failures| seconds(FaultKind::Transient, failures)), [1, 2, 4, 60, 60]);
        assert_eq!([0, 1, 9].map(|failures| seconds(FaultKind::Unauthorized, failures)), [30, 60, 600]);
        let asked = Fault { retry_after_ms: Some(90_000), ..Fault::new(FaultKind::RateLimited, "x") };
        assert_eq!(pause(&asked, 0).as_secs(), 90, "what the remote system asks for counts");
        let absurd = Fault { retry_after_ms: Some(u64::MAX), ..asked };
        assert_eq!(pause(&absurd, 0).as_secs(), 600);
    }
}
