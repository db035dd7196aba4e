//! The real world: time, randomness, network and files as this machine has them. Imports come here through the seam of
//! [`crate::tape`], and nowhere else.

use crate::http::{Incoming, Outgoing};
use crate::shared::Shared;
use crate::state::Control;
use crate::wire::Wire;
use rosterd_model::fault::{Fault, FaultKind};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// What a connector gets from outside.
pub(crate) struct World {
    shared: Arc<Shared>,
    control: Arc<Control>,
    started: Instant,
    streams: OnceLock<Own>,
}

/// What drives the byte streams of one instance, on the thread of that instance: a shared one would be woken for every answer
/// only to wake this thread, which takes longer than to read it. None: it could not be made, and the shared one does it.
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl World {
    pub(crate) fn new(shared: Arc<Shared>, control: Arc<Control>) -> Self {
        Self { shared, control, started: Instant::now(), streams: OnceLock::new() }
    }

    /// Milliseconds since 1970 UTC.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(crate::clock::since_1970().as_millis()).unwrap_or(u64::MAX)
    }

    /// Nanoseconds from some beginning.
    pub(crate) fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Waits, or less if the run is being stopped.
    pub(crate) fn sleep(&self, duration: Duration) {
        let _ = self.control.wait(&self.shared.runtime, duration, std::future::pending::<()>());
    }

    /// Fills with random bytes.
    pub(crate) fn random(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        getrandom::fill(bytes)
            .map_err(|error| Fault::new(FaultKind::Internal, format!("the system gives no randomness: {error}")))
    }

    /// Sends HTTP requests together; answers in their order.
    pub(crate) fn exchange(&self, requests: Vec<Outgoing>) -> Vec<Result<Incoming, Fault>> {
        let count = requests.len();
        let all = self.shared.client.clone().exchange(requests);
        let stopped = |fault: Fault| (0..count).map(|_| Err(fault.clone())).collect();
        self.control.wait(&self.shared.runtime, Duration::MAX, all).unwrap_or_else(stopped)
    }

    /// Opens a byte stream.
    pub(crate) fn connect(&self, host: &str, port: u16, tls: bool, timeout: Duration) -> Result<Wire, Fault> {
        self.wait(timeout, Wire::connect(&self.shared.policy, &self.shared.tls, host, port, tls))?
    }

    /// Waits for what happens on byte streams, at most so long.
    pub(crate) fn wait<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Fault> {
        let own = self.streams.get_or_init(|| Own(Builder::new_current_thread().enable_all().build().ok()));
        match &own.0 {
            Some(own) => self.control.wait(own, limit, work),
            None => self.control.wait(&self.shared.runtime, limit, work),
        }
    }

    /// Opens a file for reading.
    pub(crate) fn open(&self, path: &Path) -> std::io::Result<File> {
        File::open(path)
    }
}
