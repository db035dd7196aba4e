//! What belongs to one instance: what it has used, what it holds open, and how it is stopped.

use crate::import::wasi::Stdio;
use crate::limit::LimitPassed;
use crate::runtime::TICK;
use crate::secret::vault::Placeholders;
use crate::shared::Shared;
use crate::tape::Seam;
use crate::version_log::VersionLog;
use crate::world::World;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::EntityId;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::{EnterGuard, Handle, Runtime};
use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, UpdateDeadline};

/// A runtime that the thread of an instance can wait with.
pub(crate) trait Drives {
    /// Until it is done.
    fn drive<F: Future>(&self, work: F) -> F::Output;
    /// What is made or polled before the answer is dropped belongs to it.
    fn inside(&self) -> EnterGuard<'_>;
}

impl Drives for Handle {
    fn drive<F: Future>(&self, work: F) -> F::Output {
        aside(|| self.block_on(work))
    }

    fn inside(&self) -> EnterGuard<'_> {
        self.enter()
    }
}

impl Drives for Runtime {
    fn drive<F: Future>(&self, work: F) -> F::Output {
        aside(|| self.block_on(work))
    }

    fn inside(&self) -> EnterGuard<'_> {
        self.enter()
    }
}

/// Waits on a thread of a runtime as on any other: another thread takes over what else this one would do.
fn aside<T>(wait: impl FnOnce() -> T) -> T {
    if Handle::try_current().is_ok() { tokio::task::block_in_place(wait) } else { wait() }
}

/// Stops an instance from outside, and knows how long its call may still take.
pub(crate) struct Control {
    stop: watch::Sender<bool>,
    deadline: Mutex<Instant>,
}

impl Control {
    pub(crate) fn new() -> Self {
        Self { stop: watch::Sender::new(false), deadline: Mutex::new(Instant::now()) }
    }

    /// Ends the call that is under way, and all later ones.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(crate) fn stopped(&self) -> bool {
        *self.stop.borrow()
    }

    fn begin(&self, wall: Duration) {
        *self.deadline.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now() + wall;
    }

    /// What is left of the call's time.
    pub(crate) fn remaining(&self) -> Duration {
        let deadline = *self.deadline.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        deadline.saturating_duration_since(Instant::now())
    }

    /// Waits for something from outside: at most `limit`, never longer than the call may take, and not after a stop.
    pub(crate) fn wait<T>(
        &self,
        runtime: &impl Drives,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut work = pin!(work);
        // What is there at once is not waited for.
        if !self.stopped() {
            let _inside = runtime.inside();
            if let Poll::Ready(answer) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Ok(answer);
            }
        }
        runtime.drive(self.bound(limit, work))
    }

    /// As [`Control::wait`], for a call that holds no thread. What is begun meanwhile belongs to `runtime`.
    pub(crate) async fn wait_here<T>(
        &self,
        runtime: &Handle,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut work = pin!(work);
        let mut work = poll_fn(|context| {
            let _inside = runtime.enter();
            work.as_mut().poll(context)
        });
        if !self.stopped()
            && let Poll::Ready(answer) = poll_fn(|context| Poll::Ready(pin!(&mut work).poll(context))).await
        {
            return Ok(answer);
        }
        self.bound(limit, work).await
    }

    async fn bound<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Fault> {
        let limit = limit.min(self.remaining());
        let mut stop = self.stop.subscribe();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Err(Fault::new(FaultKind::Cancelled, "the run is being stopped")),
            answer = tokio::time::timeout(limit, work) => {
                answer.map_err(|_| Fault::new(FaultKind::Timeout, format!("no answer in {} ms", limit.as_millis())))
            }
        }
    }
}

/// The data of one store.
pub(crate) struct State {
    pub(crate) shared: Arc<Shared>,
    pub(crate) control: Arc<Control>,
    /// Asked through `State::cross` only.
    pub(crate) outside: World,
    pub(crate) seam: Seam,
    pub(crate) table: ResourceTable,
    pub(crate) placeholders: Arc<Mutex<Placeholders>>,
    /// Keys of the operations that are being applied, and the accounts that they are about; passwords are made for these only.
    pub(crate) operations: BTreeMap<String, Option<EntityId>>,
    pub(crate) versions: Arc<Mutex<VersionLog>>,
    pub(crate) used: Used,
    pub(crate) stdio: Stdio,
    way: Way,
}

/// Where the calls of an instance are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// On a thread of its own: while it waits, the thread does.
    Thread,
    /// As tasks, which share threads: whoever computes for long lets the others go on meanwhile.
    Task,
}

/// What an instance has used. The first part counts anew with each call.
#[derive(Default)]
pub(crate) struct Used {
    ticks: u64,
    host_calls: u64,
    log_lines: u64,
    log_bytes: u64,
    pub(crate) memory: usize,
    table_entries: usize,
    bytes_in: u64,
    bytes_out: u64,
    http_requests: u64,
    pub(crate) streams: u64,
    pub(crate) files: u64,
}

impl State {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        control: &Arc<Control>,
        versions: &Arc<Mutex<VersionLog>>,
        seam: &Seam,
        way: Way,
    ) -> Self {
        Self {
            way,
            seam: seam.clone(),
            shared: Arc::clone(shared),
            control: Arc::clone(control),
            outside: World::new(Arc::clone(shared), Arc::clone(control)),
            table: ResourceTable::new(),
            placeholders: Arc::default(),
            operations: BTreeMap::new(),
            versions: Arc::clone(versions),
            used: Used::default(),
            stdio: Stdio::default(),
        }
    }

    /// A call of the connector begins.
    pub(crate) fn begin_call(&mut self) {
        self.control.begin(self.shared.limits.call_wall.duration());
        let used = &mut self.used;
        (used.ticks, used.host_calls, used.log_lines, used.log_bytes) = (0, 0, 0, 0);
    }

    /// The operations of a call were applied.
    pub(crate) fn end_operations(&mut self) {
        self.operations.clear();
        self.placeholders.lock().unwrap_or_else(std::sync::PoisonError::into_inner).end_operations();
    }

    /// An epoch ended while guest code was running.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.used.ticks += 1;
        let limits = &self.shared.limits;
        let ran = TICK.saturating_mul(u32::try_from(self.used.ticks).unwrap_or(u32::MAX));
        if ran > limits.call_cpu.duration() {
            return Err(LimitPassed::new(
                "call-cpu",
                format!("more than {} of processor time in one call", limits.call_cpu),
            )
            .into());
        }
        self.still_in_time()?;
        Ok(match self.way {
            Way::Thread => UpdateDeadline::Continue(1),
            Way::Task => UpdateDeadline::Yield(1),
        })
    }

    /// Ends a call that is out of time or not wanted any more.
    fn still_in_time(&self) -> wasmtime::Result<()> {
        if self.control.stopped() {
            return Err(Stopped.into());
        }
        if self.control.remaining().is_zero() {
            let wall = self.shared.limits.call_wall;
            return Err(LimitPassed::new("call-wall", format!("more than {wall} for one call")).into());
        }
        Ok(())
    }

    /// Every import begins with this.
    pub(crate) fn count_call(&mut self) -> wasmtime::Result<()> {
        self.used.host_calls += 1;
        let most = self.shared.limits.host_calls;
        if self.used.host_calls > most {
            return Err(
                LimitPassed::new("host-calls", format!("more than {most} calls of the host in one call")).into()
            );
        }
        self.still_in_time()
    }

    /// Counts one event of the log. False: it is dropped, because the log is full for this call.
    pub(crate) fn count_log(&mut self, bytes: usize) -> bool {
        self.used.log_lines += 1;
        self.used.log_bytes += bytes as u64;
        let limits = &self.shared.limits;
        self.used.log_lines <= limits.log_lines && self.used.log_bytes <= limits.log_bytes.0
    }

    /// True for the first event that is dropped in a call.
    pub(crate) fn log_just_filled(&self, bytes: usize) -> bool {
        let (limits, used) = (&self.shared.limits, &self.used);
        let before = (used.log_lines - 1 <= limits.log_lines) && (used.log_bytes - bytes as u64 <= limits.log_bytes.0);
        before && !(used.log_lines <= limits.log_lines && used.log_bytes <= limits.log_bytes.0)
    }

    /// Counts bytes that came in.
    pub(crate) fn count_in(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.used.bytes_in += bytes as u64;
        let most = self.shared.limits.bytes_in;
        if self.used.bytes_in > most.0 {
            return Err(LimitPassed::new("bytes-in", format!("more than {most} from network and files")).into());
        }
        Ok(())
    }

    /// Counts bytes that go out.
    pub(crate) fn count_out(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.used.bytes_out += bytes as u64;
        let most = self.shared.limits.bytes_out;
        if self.used.bytes_out > most.0 {
            return Err(LimitPassed::new("bytes-out", format!("more than {most} to network and files")).into());
        }
        Ok(())
    }

    /// Counts HTTP requests.
    pub(crate) fn count_requests(&mut self, requests: usize) -> wasmtime::Result<()> {
        self.used.http_requests += requests as u64;
        let most = self.shared.limits.http_requests;
        if self.used.http_requests > most {
            return Err(LimitPassed::new("http-requests", format!("more than {most} HTTP requests")).into());
        }
        Ok(())
    }

    /// A secret-free fault for the connector itself.
    pub(crate) fn denied(text: impl Into<String>) -> Fault {
        Fault::new(FaultKind::Denied, text)
    }
}

/// The run is being stopped: travels as the error of a trap.
#[derive(Debug)]
pub(crate) struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the run is being stopped")
    }
}
impl std::error::Error for Stopped {}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // Several memories count together; none ever shrinks.
        let total = self.used.memory - current.min(self.used.memory) + desired;
        let most = self.shared.limits.memory;
        if total as u64 > most.0 {
            return Err(LimitPassed::new("memory", format!("more than {most} of memory")).into());
        }
        self.used.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let entries = &mut self.used.table_entries;
        let total = *entries - current.min(*entries) + desired;
        let most = self.shared.limits.table_entries;
        if total as u64 > most {
            return Err(LimitPassed::new("table-entries", format!("more than {most} entries in tables")).into());
        }
        *entries = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // A trap instead of -1: an allocator that gets -1 panics, and the reason would be lost.
        Err(error)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        16
    }
}
