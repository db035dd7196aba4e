//! Everything that crosses a connector's boundary from outside passes here: time, randomness, network, files.
//!
//! The imports check grants and limits, and then ask this trait. Today the real world answers; a recorder that wraps it, and
//! a player that stands in its place, make any run repeatable without touching an import.

use crate::http::{Incoming, Outgoing};
use crate::shared::Shared;
use crate::state::Control;
use crate::wire::Wire;
use rosterd_model::fault::{Fault, FaultKind};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a connector gets from outside.
pub(crate) trait Outside: Send {
    /// Milliseconds since 1970 UTC.
    fn now_ms(&mut self) -> u64;
    /// Nanoseconds from some beginning.
    fn monotonic_ns(&mut self) -> u64;
    /// Waits, or less if the run is being stopped.
    fn sleep(&mut self, duration: Duration);
    /// Fills with random bytes.
    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Fault>;
    /// Sends HTTP requests together; answers in their order.
    fn exchange(&mut self, requests: Vec<Outgoing>) -> Vec<Result<Incoming, Fault>>;
    /// Opens a byte stream.
    fn connect(&mut self, host: &str, port: u16, tls: bool, timeout: Duration) -> Result<Wire, Fault>;
    /// Opens a file for reading.
    fn open(&mut self, path: &Path) -> std::io::Result<File>;
}

/// The real world.
pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    pub(crate) control: Arc<Control>,
    started: Instant,
}

impl World {
    pub(crate) fn new(shared: Arc<Shared>, control: Arc<Control>) -> Self {
        Self { shared, control, started: Instant::now() }
    }
}

impl Outside for World {
    fn now_ms(&mut self) -> u64 {
        u64::try_from(crate::clock::since_1970().as_millis()).unwrap_or(u64::MAX)
    }

    fn monotonic_ns(&mut self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn sleep(&mut self, duration: Duration) {
        let _ = self.control.wait(&self.shared.runtime, duration, std::future::pending::<()>());
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        getrandom::fill(bytes)
            .map_err(|error| Fault::new(FaultKind::Internal, format!("the system gives no randomness: {error}")))
    }

    fn exchange(&mut self, requests: Vec<Outgoing>) -> Vec<Result<Incoming, Fault>> {
        let count = requests.len();
        let all = self.shared.client.clone().exchange(requests);
        let stopped = |fault: Fault| (0..count).map(|_| Err(fault.clone())).collect();
        self.control.wait(&self.shared.runtime, Duration::MAX, all).unwrap_or_else(stopped)
    }

    fn connect(&mut self, host: &str, port: u16, tls: bool, timeout: Duration) -> Result<Wire, Fault> {
        let work = Wire::connect(&self.shared.policy, &self.shared.tls, host, port, tls);
        self.control.wait(&self.shared.runtime, timeout, work)?
    }

    fn open(&mut self, path: &Path) -> std::io::Result<File> {
        File::open(path)
    }
}
