//! The role that keeps a long-lived connection to the remote system and yields hints.

use crate::connector::Connector;
use crate::fault::Fault;
use crate::record::{Class, Hint};

/// Listens to the remote system, in an instance of its own.
pub trait Listener: Connector {
    /// A connection under way. It outlives the call, so it owns what it needs.
    type Subscription: Subscription;

    /// Opens the connection and asks for notifications about these classes.
    ///
    /// # Errors
    /// What stopped it; the host tries again after a pause.
    fn listen(&mut self, classes: &[Class]) -> Result<Self::Subscription, Fault>;
}

/// A stream of hints.
pub trait Subscription: 'static {
    /// Waits for hints, at most `timeout_ms`; empty if nothing came. The call also says that the hints of the call
    /// before are stored: what the remote system wants acknowledged is acknowledged here, not earlier.
    ///
    /// # Errors
    /// Ends the subscription.
    fn next(&mut self, timeout_ms: u32) -> Result<Vec<Hint>, Fault>;
}

impl Hint {
    /// Something of this object may have changed.
    pub fn object(class: Class, id: impl Into<String>) -> Self {
        Self { class: Some(class), id: Some(id.into()), event_id: None, occurred_at_ms: None, detail: "{}".to_owned() }
    }

    /// Anything may have changed.
    #[must_use]
    pub fn anything() -> Self {
        Self { class: None, id: None, event_id: None, occurred_at_ms: None, detail: "{}".to_owned() }
    }

    /// The same with the remote system's id of the event, so that a repetition is not taken again.
    #[must_use]
    pub fn event(mut self, id: impl Into<String>) -> Self {
        self.event_id = Some(id.into());
        self
    }

    /// The same with the time of the event, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn at_ms(mut self, milliseconds: u64) -> Self {
        self.occurred_at_ms = Some(milliseconds);
        self
    }

    /// The same with a JSON object for the connector's own later use.
    #[must_use]
    pub fn detail(mut self, json: impl Into<String>) -> Self {
        self.detail = json.into();
        self
    }
}
