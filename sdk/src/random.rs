//! Randomness fit for keys and nonces: recorded, and replayed from the record.

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::random as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::random as host;

/// So many random bytes, at most 65,536 in one call.
#[must_use]
pub fn bytes(length: u32) -> Vec<u8> {
    host::bytes(length)
}
