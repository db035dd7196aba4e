//! What every connector answers, whatever its roles.

use crate::describe::Describe;
use crate::fault::Fault;
use serde::de::DeserializeOwned;

#[doc(inline)]
pub use crate::bindings::connector_part::exports::rosterd::connector::connector::Probe;

/// A connector: one value per instance, made from the settings of one connection by the first call that needs it.
pub trait Connector: Sized + 'static {
    /// The settings, read from JSON. The host has checked them against the schema in `connector.toml` before.
    type Settings: DeserializeOwned;

    /// What this connector can be at most, for any connection. Calls no import, so it has no `self`.
    fn describe() -> Describe;

    /// Makes the connector. Should touch nothing remote: what is wrong there is the business of [`Connector::check`].
    ///
    /// # Errors
    /// `settings` where the settings contradict each other.
    fn open(settings: Self::Settings) -> Result<Self, Fault>;

    /// Touches the remote system, writes nothing, and gives one probe per permission or ability that is needed.
    ///
    /// # Errors
    /// What stops all probes.
    fn check(&mut self) -> Result<Vec<Probe>, Fault>;

    /// The attributes that this connection has now, as JSON text (wit/v0.1/discover.schema.json). By default the
    /// classes of [`Connector::describe`].
    ///
    /// # Errors
    /// What the remote system answered.
    fn discover(&mut self) -> Result<String, Fault> {
        Ok(Self::describe().discovery())
    }
}

impl Probe {
    /// A probe that found everything in order.
    pub fn passed(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, message: message.into(), remedy: None }
    }

    /// A probe that found something wrong, with what the operator can do about it.
    pub fn failed(name: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.into(), ok: false, message: message.into(), remedy: Some(remedy.into()) }
    }
}
