//! Small values of this connection, stored together with the cursor. Not a place for secrets.

use crate::fault::Fault;

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::scratch as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::scratch as host;

/// The value, as this instance last set it.
#[must_use]
pub fn get(key: &str) -> Option<Vec<u8>> {
    host::get(key)
}

/// Sets a value; none removes it.
///
/// # Errors
/// `invalid` if key or value are larger than the host allows.
pub fn set(key: &str, value: Option<&[u8]>) -> Result<(), Fault> {
    host::set(key, value)
}
