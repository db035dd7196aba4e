//! `clock`: time as the run sees it.

use crate::contract::v0_1::bindings::rosterd::connector::clock::Host;
use crate::state::State;
use std::time::Duration;

impl Host for State {
    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.count_call()?;
        self.now_ms()
    }

    fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        self.count_call()?;
        self.monotonic_ns()
    }

    fn sleep_ms(&mut self, duration: u32) -> wasmtime::Result<()> {
        self.count_call()?;
        self.pause(Duration::from_millis(duration.into()))
    }
}
