//! Work that goes on beside other work: the next portion is read, or the last one is stored, while this one is decided.
//!
//! One portion at a time is under way, so that memory stays bounded and commits keep their order.

use crate::error::EngineError;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Builder;
use tokio::runtime::Handle;

/// Rows of which a portion is small.
pub(crate) const FEW: usize = 64;

/// A piece of work on another thread. Whoever drops it waits for its end: nothing is stored behind the back of a run that
/// failed.
#[derive(Debug)]
pub(crate) struct Aside<T>(Option<Receiver<Result<T, EngineError>>>);

impl<T: Send + 'static> Aside<T> {
    /// Begins. `name` is the name of the thread, where no runtime lends one: those of a runtime live on, and with them the
    /// memory that they have at hand.
    pub(crate) fn begin(
        name: &str,
        work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
    ) -> Result<Self, EngineError> {
        let (sender, receiver) = sync_channel(1);
        // Nobody waits any more: the outcome does not matter.
        let work = move || drop(sender.send(work()));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => drop(
                Builder::new()
                    .name(name.to_owned())
                    .spawn(work)
                    .map_err(|error| EngineError::Internal(format!("no thread could be started: {error}")))?,
            ),
        }
        Ok(Self(Some(receiver)))
    }

    /// As [`Aside::begin`]; but what is small is done here and at once, because another thread would cost more.
    pub(crate) fn begin_unless(
        small: bool,
        name: &str,
        work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
    ) -> Result<Self, EngineError> {
        if !small {
            return Self::begin(name, work);
        }
        let (sender, receiver) = sync_channel(1);
        // The receiver is here.
        drop(sender.send(work()));
        Ok(Self(Some(receiver)))
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Result<T, EngineError> {
        let panicked = || EngineError::Internal("a thread of the engine panicked".to_owned());
        let outcome = self.0.take().ok_or_else(panicked)?;
        // Whoever panics says nothing.
        outcome.recv().unwrap_or_else(|_| Err(panicked()))
    }
}

impl<T> Drop for Aside<T> {
    fn drop(&mut self) {
        if let Some(outcome) = self.0.take() {
            // Its outcome does not matter any more.
            drop(outcome.recv());
        }
    }
}
