//! The vocabulary of rosterd: values only, no input or output, no async runtime.
//!
//! Reading order follows the way of the data. A source says something about an object ([`record`]); what it said last
//! is kept as a [`shadow`]; correlation ties a shadow to an [`entity`], to which every connection contributes
//! [`claim`]s; the difference between what is and what should be is a [`plan`], judged before it is applied;
//! applying it writes [`outbox`] entries, which become operations at destinations. What fails is a [`fault`].
//! The traits between the sync engine and the outer world stand in [`port`]; the standing configuration in [`spec`].
//!
//! Invariants that every crate may rely on:
//! - An [`id::EntityId`] is never reused.
//! - A value that is absent says nothing; [`value::Value::Null`] says "empty".
//! - A record is untrusted until it was normalised; a shadow holds normalised attributes only.
//! - Order is a sequence number of the store, never a time.
#![warn(missing_docs)]

pub mod circuit;
pub mod claim;
pub mod decision;
pub mod directory;
pub mod effect;
pub mod entity;
pub mod fault;
pub mod id;
pub mod outbox;
pub mod plan;
pub mod port;
pub mod quarantine;
pub mod record;
pub mod rule;
pub mod run;
pub mod shadow;
pub mod spec;
pub mod time;
pub mod value;

pub use claim::{ClaimEntry, ClaimSet};
pub use entity::{DisabledReason, Entity, Lifecycle};
pub use fault::{Fault, FaultKind};
pub use id::{Class, ConnectionId, EntityId, ExternalId, JobId, RunId};
pub use plan::Step;
pub use record::{Change, Record};
pub use rule::Rule;
pub use time::Timestamp;
pub use value::{Attributes, Text, Value};
