//! Words for the operator's log. The host removes known secrets and limits the volume.

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::log as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::log as host;

#[doc(inline)]
pub use crate::bindings::imports::rosterd::connector::log::Level;

/// Writes one event with structured fields (a JSON object).
pub fn write(level: Level, message: &str, fields: &serde_json::Value) {
    host::write(level, message, &fields.to_string());
}

/// For the connector's author.
pub fn debug(message: &str) {
    host::write(Level::Debug, message, "{}");
}

/// What an operator may want to know.
pub fn info(message: &str) {
    host::write(Level::Info, message, "{}");
}

/// Something was left out or done otherwise.
pub fn warn(message: &str) {
    host::write(Level::Warn, message, "{}");
}

/// Something failed.
pub fn error(message: &str) {
    host::write(Level::Error, message, "{}");
}
