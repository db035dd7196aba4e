//! The settings of this connection.

use crate::fault::Fault;
use serde::de::DeserializeOwned;

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::settings as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::settings as host;

/// The settings as the host gives them: a JSON object, secrets left out.
#[must_use]
pub fn text() -> String {
    host::get()
}

/// The settings as a type.
///
/// # Errors
/// `settings`, naming the key that is missing or has the wrong shape.
pub fn read<T: DeserializeOwned>() -> Result<T, Fault> {
    serde_json::from_str(&text()).map_err(|error| {
        // Line and column of a text that no operator ever sees would only mislead.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Fault::settings(format!("the settings of this connection do not fit this connector: {message}"))
    })
}
