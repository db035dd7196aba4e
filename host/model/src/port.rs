//! The traits at which the sync engine and the outer world meet.
//!
//! The engine knows nothing about WebAssembly, the connector host nothing about policy. Methods return boxed futures, so
//! that the traits are object-safe without a macro crate. A method that returns [`Fault`] leaves the value usable unless
//! its text says otherwise.

use crate::fault::Fault;
use crate::id::{Class, ExternalId};
use crate::outbox::{Receipt, Request};
use crate::record::{Page, Record};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a scan starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanStart {
    /// At the beginning.
    Full,
    /// After the page that gave this resume point.
    Resume(String),
    /// A delta since this cursor.
    Since(String),
}

/// One probe of [`Connector::check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What was probed.
    pub name: String,
    /// True: it works.
    pub ok: bool,
    /// What was seen, as a sentence.
    pub message: String,
    /// What to do if it does not work.
    pub remedy: Option<String>,
}

/// What every connection can be asked.
pub trait Connector: Send {
    /// `name version`, for errors and records.
    fn identity(&self) -> String;

    /// Digest of the component, as `sha256` in hexadecimal.
    fn digest(&self) -> String;

    /// The static description, JSON (wit/v0.1/describe.schema.json).
    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>>;

    /// Touches the remote system and writes nothing.
    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>>;

    /// The attributes of the remote system as it is now, JSON.
    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>>;
}

/// A connection in its reading role.
pub trait Source: Connector {
    /// Starts a scan or a delta. The reader lives in an instance of its own.
    fn open(&mut self, classes: &[Class], start: ScanStart) -> BoxFuture<'_, Result<Box<dyn Reader>, Fault>>;

    /// A digest of what the source is now (file digest, change number), where it can be told: two scans with the same
    /// digest read the same version and count once. Called after the last page.
    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>>;

    /// Reads single objects: one answer each, in order; none if the object is not there.
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>>;
}

/// A scan under way.
pub trait Reader: Send {
    /// The next page with about `max` changes. After a fault or the last page the reader is spent.
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<Page, Fault>>;
}

/// A connection in its writing role.
pub trait Destination: Connector {
    /// Applies operations: one receipt each, in order. A trap or a time-out leaves all of them unknown.
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>>;

    /// No more operations in this run: flush, publish. Where [`Destination::settles_after_finish`], receipts count only
    /// once this returned.
    fn finish(&mut self) -> BoxFuture<'_, Result<(), Fault>>;

    /// True: what `apply` reported takes effect with `finish` (a file that is published whole).
    fn settles_after_finish(&self) -> bool;

    /// Looks objects up by an attribute.
    fn find(&mut self, class: Class, attribute: String, value: String) -> BoxFuture<'_, Result<Vec<Record>, Fault>>;

    /// Reads single objects: one answer each, in order.
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>>;
}

/// An HTTP request that a remote system sent to the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Upper case.
    pub method: String,
    /// Path below the place where the connection is mounted, beginning with "/", percent-encoding kept.
    pub path: String,
    /// What follows the question mark, as received.
    pub query: String,
    /// In the order received, names in lower case, without `authorization` and `cookie`.
    pub headers: Vec<(String, String)>,
    /// The bytes as received.
    pub body: Vec<u8>,
    /// JSON object of the server: "base-url", "request-id", "client".
    pub context: String,
}

/// What a receiver answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Without framing, which is the server's.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
    /// What to look at; stored before the answer goes out.
    pub hints: Vec<Hint>,
}

/// Something may have changed; never a change by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Kind of the object; none: any.
    pub class: Option<Class>,
    /// Its id; none: all of the class.
    pub id: Option<ExternalId>,
    /// The remote system's id of the event.
    pub event_id: Option<String>,
    /// When it happened, by the remote system's clock.
    pub occurred_at: Option<Timestamp>,
    /// JSON object.
    pub detail: String,
}

/// A connection in its answering role.
pub trait Receiver: Connector {
    /// Answers one request. A fault is 503 for the remote system.
    fn handle(&mut self, call: Call) -> BoxFuture<'_, Result<Answer, Fault>>;
}

/// A connection in its listening role.
pub trait Listener: Connector {
    /// Opens the stream, in an instance of its own.
    fn listen(&mut self, classes: &[Class]) -> BoxFuture<'_, Result<Box<dyn Subscription>, Fault>>;
}

/// A stream of hints.
pub trait Subscription: Send {
    /// Waits for hints, at most so long; none came if the list is empty. The call also says that the hints of the call
    /// before are stored. A fault ends the subscription.
    fn next(&mut self, timeout_ms: u32) -> BoxFuture<'_, Result<Vec<Hint>, Fault>>;
}

/// Where the engine gets its connections from: the composition root implements it over the connector host.
pub trait Connections: Send + Sync {
    /// Opens a connection in its reading role, in a fresh instance.
    fn source<'a>(&'a self, connection: &'a crate::id::ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>>;

    /// Opens a connection in its writing role, in a fresh instance.
    fn destination<'a>(
        &'a self,
        connection: &'a crate::id::ConnectionId,
    ) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>>;

    /// Opens a connection in its answering role, in a fresh instance.
    fn receiver<'a>(
        &'a self,
        connection: &'a crate::id::ConnectionId,
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Fault>> {
        Box::pin(async move { Err(lacking(connection, "answers no requests")) })
    }

    /// Opens a connection in its listening role, in a fresh instance.
    fn listener<'a>(
        &'a self,
        connection: &'a crate::id::ConnectionId,
    ) -> BoxFuture<'a, Result<Box<dyn Listener>, Fault>> {
        Box::pin(async move { Err(lacking(connection, "does not listen")) })
    }

    /// The digest of a connection's component, where it can be told without opening the connection.
    fn digest(&self, _connection: &crate::id::ConnectionId) -> Option<String> {
        None
    }
}

fn lacking(connection: &crate::id::ConnectionId, what: &str) -> Fault {
    Fault::new(crate::fault::FaultKind::Unsupported, format!("connection {connection} {what}"))
}

/// The time of policy. Never used for order.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
