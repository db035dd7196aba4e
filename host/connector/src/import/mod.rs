//! The imports of the contract, one file each: what a connector gets from the host, checked against grants and limits.
//!
//! They implement the newest contract; an older one converts onto them. A fault is an answer for the connector; an error
//! (`wasmtime::Error`) ends the call: that is for limits, and for handles that the connector made up.

pub(crate) mod clock;
pub(crate) mod directory;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod random;
pub(crate) mod scratch;
mod seal;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod stream;
pub(crate) mod wasi;

use crate::contract::v0_1::bindings::rosterd::connector::types;
use crate::state::State;
use rosterd_model::Fault;

impl types::Host for State {}

/// An answer for the connector.
fn answer<T>(outcome: Result<T, Fault>) -> Result<T, types::Fault> {
    outcome.map_err(types::Fault::from)
}
