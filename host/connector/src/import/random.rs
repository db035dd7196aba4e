//! `random`: randomness fit for keys.

use crate::contract::v0_1::bindings::rosterd::connector::random::Host;
use crate::state::State;

/// Most bytes in one call.
const MOST: u32 = 65_536;

impl Host for State {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.count_call()?;
        if length > MOST {
            return Err(wasmtime::Error::msg(format!(
                "it asked for {length} random bytes at once; at most {MOST} are given"
            )));
        }
        self.random_bytes(length as usize)
    }
}
