//! Why a request is not done, as RFC 7644 (section 3.12) and RFC 9865 tell it to a client.

use rosterd_sdk::{Answer, Fault, FaultKind};
use serde_json::{Map, Value, json};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// For how many seconds a client is asked to wait when the hub can not tell.
const WAIT: u64 = 5;

/// A request that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The word of the RFC, where it has one.
    pub kind: Option<&'static str>,
    /// A sentence for whoever reads the client's log.
    pub detail: String,
    /// Seconds after which to come again.
    pub wait: Option<u64>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:literal $kind:expr;)*) => {
        impl Refusal {
            $($(#[$doc])* pub fn $name(detail: impl Into<String>) -> Self { Self::new($status, $kind, detail) })*
        }
    };
}
kinds! {
    /// A filter that can not be read, or compares what can not be compared.
    filter = 400 Some("invalidFilter");
    /// More than is looked through for one request.
    too_many = 400 Some("tooMany");
    /// Another resource has this value.
    uniqueness = 409 Some("uniqueness");
    /// Nobody may change this.
    mutability = 400 Some("mutability");
    /// The message is not what it is to be.
    syntax = 400 Some("invalidSyntax");
    /// A path that can not be read.
    path = 400 Some("invalidPath");
    /// A path that means nothing that is there.
    no_target = 400 Some("noTarget");
    /// A value that does not fit, or is missing.
    value = 400 Some("invalidValue");
    /// A cursor that is not ours, or not of this query.
    cursor = 400 Some("invalidCursor");
    /// Nobody said who is asking.
    unauthorized = 401 None;
    /// The client may not.
    forbidden = 403 None;
    /// It is not there.
    not_found = 404 None;
    /// Not with this method.
    method = 405 None;
    /// It can not be done as things are.
    conflict = 409 None;
    /// Another version than the one that the client means.
    version = 412 None;
    /// Too large.
    too_large = 413 None;
    /// A body that is no JSON.
    media_type = 415 None;
    /// We have no such thing.
    not_implemented = 501 None;
}

impl Refusal {
    fn new(status: u16, kind: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), wait: None }
    }

    /// The error message of the RFC.
    #[must_use]
    pub fn message(&self) -> Map<String, Value> {
        let mut message = Map::new();
        message.insert("schemas".to_owned(), json!([SCHEMA]));
        message.insert("status".to_owned(), self.status.to_string().into());
        if let Some(kind) = self.kind {
            message.insert("scimType".to_owned(), kind.into());
        }
        message.insert("detail".to_owned(), self.detail.as_str().into());
        message
    }

    /// The answer to the request.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let answer = super::answer::json(self.status, &self.message());
        let answer = match self.wait {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        };
        if self.status == 401 { answer.header("www-authenticate", "Bearer realm=\"SCIM\"") } else { answer }
    }
}

/// What the hub says of a submission or a query.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let text = fault.message;
        match fault.kind {
            FaultKind::AlreadyExists => Self::uniqueness(text),
            FaultKind::Conflict => Self::conflict(text),
            FaultKind::NotFound => Self::not_found(text),
            FaultKind::Invalid => Self::value(text),
            FaultKind::CursorInvalid => Self::cursor(text),
            FaultKind::Unauthorized | FaultKind::Forbidden | FaultKind::Denied => Self::forbidden(text),
            FaultKind::Unsupported => Self::not_implemented(text),
            kind => {
                let seconds = fault.retry_after_ms.map_or(WAIT, |wait| wait.div_ceil(1000).clamp(1, 3600));
                let status = if kind == FaultKind::RateLimited { 429 } else { 503 };
                Self { wait: Some(seconds), ..Self::new(status, None, text) }
            }
        }
    }
}
