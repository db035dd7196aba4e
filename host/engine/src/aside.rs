//! Work that goes on beside other work: the next portion is read, or the last one is stored, while this one is decided.
//!
//! One portion at a time is under way, so that memory stays bounded and commits keep their order.

use crate::error::EngineError;
use std::thread::{Builder, JoinHandle};

/// A piece of work on a thread of its own. Whoever drops it waits for its end: nothing is stored behind the back of a
/// run that failed.
#[derive(Debug)]
pub(crate) struct Aside<T>(Option<JoinHandle<Result<T, EngineError>>>);

impl<T: Send + 'static> Aside<T> {
    /// Begins. `name` is the name of the thread, for profiles and debuggers.
    pub(crate) fn begin(
        name: &str,
        work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
    ) -> Result<Self, EngineError> {
        let thread = Builder::new().name(name.to_owned()).spawn(work);
        thread
            .map(|thread| Self(Some(thread)))
            .map_err(|error| EngineError::Internal(format!("no thread could be started: {error}")))
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Result<T, EngineError> {
        let panicked = || EngineError::Internal("a thread of the engine panicked".to_owned());
        let thread = self.0.take().ok_or_else(panicked)?;
        thread.join().unwrap_or_else(|_| Err(panicked()))
    }
}

impl<T> Drop for Aside<T> {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // Its outcome does not matter any more.
            let _ = thread.join();
        }
    }
}
