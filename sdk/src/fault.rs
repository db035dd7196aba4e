//! Faults: who must act, and when to try again.

#[doc(inline)]
pub use crate::bindings::imports::rosterd::connector::types::{Fault, FaultKind};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:ident;)*) => {
        impl Fault {
            $($(#[$doc])* pub fn $name(message: impl Into<String>) -> Self { Self::new(FaultKind::$kind, message) })*
        }
    };
}
kinds! {
    /// A setting of this connection is wrong or missing; the operator must act.
    settings = Settings;
    /// The remote system does not accept the credentials.
    unauthorized = Unauthorized;
    /// The credentials are good and lack a right.
    forbidden = Forbidden;
    /// The object is not there.
    not_found = NotFound;
    /// Another object is in the way; say which with [`Fault::about`].
    already_exists = AlreadyExists;
    /// The version is not the expected one, or the object's state forbids this.
    conflict = Conflict;
    /// The remote system refuses a value; say which attribute with [`Fault::about`].
    invalid = Invalid;
    /// It can not be done at all.
    unsupported = Unsupported;
    /// Too many calls; say how long to wait with [`Fault::retry_after`].
    rate_limited = RateLimited;
    /// No answer in time; what was sent may have been done.
    timeout = Timeout;
    /// A passing failure on the way or at the remote system.
    transient = Transient;
    /// The cursor or resume point can not be used: start over with a full scan.
    cursor_invalid = CursorInvalid;
    /// A listing could not be read to its end.
    incomplete = Incomplete;
    /// The host refused.
    denied = Denied;
    /// The guard holds this change.
    held = Held;
    /// The run is being stopped.
    cancelled = Cancelled;
    /// A defect in the connector.
    internal = Internal;
}

impl Fault {
    /// A fault with nothing but a kind and a sentence.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after_ms: None, subject: None, detail: "{}".to_owned() }
    }

    /// The same about an attribute, or about the id that is in the way.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The same, to be tried again after so many milliseconds at the earliest.
    #[must_use]
    pub fn retry_after(mut self, milliseconds: u64) -> Self {
        self.retry_after_ms = Some(milliseconds);
        self
    }

    /// The same with a JSON object for operators: endpoint, vendor code, request id. Never a secret.
    #[must_use]
    pub fn detail(mut self, json: &serde_json::Value) -> Self {
        self.detail = json.to_string();
        self
    }

    /// The same with words in front of the message, to say where it happened.
    #[must_use]
    pub fn context(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// True if the host was stopped from sending, or is certain that nothing was sent (`"sent": false` in the detail).
    #[must_use]
    pub fn certainly_not_sent(&self) -> bool {
        self.kind == FaultKind::Denied
            || serde_json::from_str::<serde_json::Value>(&self.detail).is_ok_and(|detail| detail["sent"] == false)
    }
}
