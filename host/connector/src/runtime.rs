//! The WebAssembly engine and its clock.
//!
//! One engine for the process, made when the first component is loaded. A guest is interrupted by epochs: a thread advances
//! the epoch every 10 ms while a call is under way, and sleeps while there is none.

use crate::error::HostError;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use wasmtime::{Config, Engine, OptLevel};

/// Length of one epoch; guest time is counted in these.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The engine, its clock, and the name of its configuration.
pub(crate) struct Runtime {
    pub(crate) engine: Engine,
    clock: Arc<Clock>,
    tasks: OnceLock<Tasks>,
}

/// Threads that calls share which have none of their own; made with the first such call. Whoever computes there, or reads from
/// the store, keeps nobody waiting but other calls of connectors.
struct Tasks(Option<tokio::runtime::Runtime>);

impl Drop for Tasks {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[derive(Default)]
struct Clock {
    calls: Mutex<u64>,
    wake: Condvar,
}

/// Keeps the epoch going as long as it lives.
pub(crate) struct Running(Arc<Clock>);

impl Runtime {
    pub(crate) fn new() -> Result<Self, HostError> {
        let mut config = Config::new();
        config.wasm_component_model(true);
        // Async worlds are no part of the contract, and calls without them cost a quarter.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        config.cranelift_opt_level(OptLevel::Speed);
        let engine = Engine::new(&config).map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let clock = Arc::new(Clock::default());
        let (weak, ticked) = (Arc::downgrade(&clock), engine.weak());
        std::thread::Builder::new()
            .name("rosterd-epoch".to_owned())
            .spawn(move || tick(&weak, &ticked))
            .map_err(|error| HostError::Engine(format!("the clock's thread can not be started: {error}")))?;
        Ok(Self { engine, clock, tasks: OnceLock::new() })
    }

    /// Says that a guest runs, until the answer is dropped.
    pub(crate) fn running(&self) -> Running {
        let mut calls = self.clock.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *calls += 1;
        // Whoever runs already has woken it.
        if *calls == 1 {
            self.clock.wake.notify_one();
        }
        drop(calls);
        Running(Arc::clone(&self.clock))
    }

    /// Where calls are made that have no thread of their own; `shared` if there are no threads for them.
    pub(crate) fn tasks<'h>(&'h self, shared: &'h Handle) -> &'h Handle {
        let made = || Tasks(Builder::new_multi_thread().thread_name("rosterd-calls").enable_time().build().ok());
        self.tasks.get_or_init(made).0.as_ref().map_or(shared, tokio::runtime::Runtime::handle)
    }

    /// Name of the engine's configuration and version: precompiled code fits only the same one.
    pub(crate) fn configuration(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner) -= 1;
    }
}

/// Ends when the runtime is gone: it waits at most a second at a time, so that it sees that.
fn tick(clock: &Weak<Clock>, engine: &wasmtime::EngineWeak) {
    while let Some(clock) = clock.upgrade() {
        let calls = clock.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let idle = *calls == 0;
        if idle {
            drop(clock.wake.wait_timeout_while(calls, Duration::from_secs(1), |calls| *calls == 0));
            continue;
        }
        drop(calls);
        drop(clock);
        std::thread::sleep(TICK);
        if let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
        }
    }
}
