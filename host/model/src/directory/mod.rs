//! The directory as the clients of one connection may see and change it: the seam between who talks to clients (a receiver in
//! its sandbox, the server's own interface) and the hub.
//!
//! Whoever serves clients is given an implementation for one connection; it answers with what this connection itself has
//! submitted, in its own words and ids, and with nothing else.

mod path;

pub use path::{Found, INDEXED, fold, is_present, keys_of, only, values_at};

use crate::fault::Fault;
use crate::id::{Class, ExternalId};
use crate::port::BoxFuture;
use crate::record::{Change, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

    /// As [`Directory::submit`], of a part of something large: only whether each was done. Parts that follow each other may be
    /// decided together. Parts are taken in the order in which their futures are first asked whether they are ready.
    fn store(&self, part: LargePart) -> BoxFuture<'_, Vec<Result<(), Fault>>> {
        Box::pin(async move {
            let answers = self.submit(part.submissions).await;
            drop(part.room);
            answers.into_iter().map(|answer| answer.map(drop)).collect()
        })
    }

    /// Several objects of one class, in the order of the ids: as [`Directory::get`] of each.
    fn get_all(&self, class: Class, ids: Vec<ExternalId>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let mut all = Vec::with_capacity(ids.len());
            for id in ids {
                all.push(self.get(class, id).await);
            }
            all
        })
    }

    /// One object; none: not there for this client.
    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>>;

    /// One page of the objects of a class that fit. `unsupported` for a comparison that it can not answer.
    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>>;
}

/// A part of something that is submitted in many parts. Whoever submits them bounds how many there are at once.
pub struct LargePart {
    /// What is submitted.
    pub submissions: Vec<Submission>,
    /// True: the next part comes at once, whether or not this one was answered.
    pub follows: bool,
    /// Dropped as soon as the submissions take no memory any more, though they may not be decided yet.
    pub room: Option<Box<dyn Send>>,
}

impl std::fmt::Debug for LargePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LargePart").field("count", &self.submissions.len()).finish_non_exhaustive()
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Listing {
    /// In the asked order, at most as many as asked for.
    pub objects: Vec<Record>,
    /// Where the next page begins, in words of the hub's own, at most 1024 bytes; none: this was the last.
    pub next: Option<String>,
    /// How many match, if they were counted.
    pub total: Option<u64>,
}

/// What is asked of the directory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Query {
    /// What fits; none: everything.
    pub filter: Option<Filter>,
    /// In this order; the id decides between equals, so that pages are stable.
    pub sort: Vec<Sort>,
    /// How many to leave out from the beginning; not together with `after`.
    pub offset: u64,
    /// The `next` of the page before, as the hub gave it.
    pub after: Option<String>,
    /// Objects in one page, from 0 (only the total is wanted) to the limit directory-rows.
    pub max: u64,
    /// Attributes to give out; none: all.
    pub attributes: Option<Vec<String>>,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// Name of the attribute.
    pub attribute: String,
    /// From the greatest to the least.
    #[serde(default)]
    pub descending: bool,
}

/// A tree of conditions.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// One of them.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// An attribute against a value.
    Compare {
        /// Name of the attribute.
        attribute: String,
        /// How.
        is: Comparison,
        /// Text, a number, true or false; null for `pr`.
        value: Value,
    },
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the operators of RFC 7644, by their names there")]
pub enum Comparison {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
    Pr,
}
