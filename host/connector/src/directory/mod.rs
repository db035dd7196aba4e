//! The directory as the clients of one connection may see and change it, through a receiver: the seam between the sandbox and
//! the hub.
//!
//! Whoever opens a connection gives an implementation for this connection alone; it answers with what this connection itself has
//! submitted, in its own words and ids, and with nothing else. The sandbox keeps bounds and shapes: how much goes over in one
//! call, what a query may look like, whose cursor it is, and that an answer is about what was asked.

mod cursor;
mod desk;
mod query;

pub(crate) use cursor::CursorKey;
pub(crate) use desk::Desk;
pub use query::{Comparison, Filter, Query, Sort};

use rosterd_model::fault::Fault;
use rosterd_model::id::{Class, ExternalId};
use rosterd_model::port::BoxFuture;
use rosterd_model::record::{Change, Record};

/// What the hub does for the clients of one connection. Source: interface `directory` in wit/v0.1/host.wit.
///
/// Every call is waited for by the connector, within the time of its own call (limit call-wall); a future that is dropped
/// before it is ready may have stored what it was asked to, or not.
pub trait Directory: Send + Sync {
    /// Stores changes through mapping, authority and guard, in order; one answer each, a failed one does not stop the next. The
    /// answer is the object as this client now sees it, none if it was removed, and it is durable when the future is ready. What
    /// the guard holds is stored and answered like any other.
    ///
    /// Each change is an upsert, an amendment, or a departure with the cause `Deleted`; ids are fit to be keys.
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>>;

    /// One object; none: not there for this client.
    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>>;

    /// One page of the objects of a class that fit. `unsupported` for a comparison that it can not answer.
    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>>;
}

/// One change that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What is to be.
    pub change: Change,
    /// The object must not exist yet: `already-exists` otherwise.
    pub create: bool,
    /// The version that must be current: `conflict` otherwise.
    pub expect: Option<String>,
}

/// One page of an answer to a query.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Listing {
    /// In the asked order, at most as many as asked for.
    pub objects: Vec<Record>,
    /// Where the next page begins, in words of the hub's own, at most 1024 bytes; none: this was the last.
    pub next: Option<String>,
    /// How many match, if they were counted.
    pub total: Option<u64>,
}
