//! Where logins meet the rest of the hub: what it knows of people, and who keeps what came of a login.

use super::refusal::Refused;
use rosterd_model::port::BoxFuture;
use rosterd_model::{ConnectionId, ExternalId, Fault};
use serde::Serialize;

/// How somebody stands in the hub, as far as a login is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// No account is linked to the record of this connection, or there is no such record.
    Unknown,
    /// There is an account, and it may be used.
    Known,
    /// There is an account, and it is disabled for the time being.
    Suspended,
    /// He left, or the record was removed: no login brings him back.
    Gone,
}

/// What the hub knows of whoever logs in. The directory of a connection shows nobody who was removed, so that it can not
/// tell somebody new from somebody who left.
pub trait People: Send + Sync {
    /// How the account stands that a record of a connection is linked to.
    fn standing(&self, connection: &ConnectionId, account: &ExternalId) -> BoxFuture<'_, Result<Standing, Fault>>;
}

/// Who keeps what came of logins.
pub trait Audit: Send + Sync {
    /// Somebody came back from the provider with a login that had begun here. He is answered once this is ready.
    fn logged_in(&self, outcome: Outcome) -> BoxFuture<'_, ()>;
}

/// What came of a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Name of the login.
    pub login: String,
    /// The connection in whose name it submits.
    pub connection: ConnectionId,
    /// What the browser was shown, so that a person can ask about it.
    pub reference: String,
    /// Who, if the provider vouched for somebody.
    pub account: Option<ExternalId>,
    /// What became of it.
    pub result: Result<Entered, Refused>,
}

/// What a login came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entered {
    /// True: the record was made by this login.
    pub created: bool,
    /// How the account stands now; unknown: it waits for the guard, or the job lets nobody in.
    pub standing: Standing,
    /// What was left as it was, as sentences.
    pub notes: Vec<String>,
}
