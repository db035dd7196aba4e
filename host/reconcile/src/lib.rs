//! Pure decisions: from records and known state to steps. No input or output, no clock, no store.
//!
//! Everything between "pull" and "commit" is a function of values, and stands here. The engine reads what is known,
//! calls these functions in the order below, and writes what they decide. The same values always give the same answer,
//! which is what makes a dry run the truth and a replayed run the same run.
//!
//! ```text
//! record      normalise   one record: JSON to values, or a Problem for the quarantine
//!             mapping     what the connection claims about the entity        (rules: expression, schema)
//!             correlate   which entity the record is about; a tie is an answer
//! scan        cadence     everything, or what changed since the cursor?
//!             stale       is a page older than what is known?
//!             licence     may this scan call anything absent?
//!             absence     how often must an object be missing before it is gone?
//!             returning   is it the same person, if he had left?
//! entity      authority   which claim of several counts
//!             leaver      the state between joining and leaving, and what is due later
//!             diff        what changes, what that is called, the hash of a state
//! destination fanout      what a destination should hold, and the step that leads there
//!             retry       what follows from an operation that failed
//!             breaker     when to stop asking a connection, and when to ask again
//!             direction   one direction for each attribute of a system that is both source and destination
//!             echo        what comes back as it was sent
//!             drift       what was changed there by hand
//!             oscillation what goes back and forth
//! plan        protect     who is left alone
//!             order       parents first; the lanes of sending
//!             guard       what waits for a person
//!             plan        the digest that an operator approves
//! client      filter      which of its objects a client of a pushed source asks for, and in what order
//! ```
//!
//! Invariants:
//! - Nothing here panics on outside input; a bad record is data (a [`Problem`]), and so is a tie or a cycle.
//! - Absent is not empty. What a source does not mention changes nothing.
//! - No sentence made here shows a value of a person, only names and types.
//! - A plain look-up never reaches CEL; a record costs a few microseconds.
//!
//! Read `normalise`, `expression` and `mapping` first, then `correlate`, `diff` and `fanout`; the rest stands alone.
#![warn(missing_docs)]

pub mod absence;
pub mod adopt;
pub mod alias;
pub mod authority;
pub mod breaker;
pub mod cadence;
pub mod canonical;
pub mod correlate;
pub mod diff;
pub mod direction;
pub mod drift;
pub mod echo;
pub mod expression;
pub mod fanout;
pub mod filter;
pub mod group_rule;
pub mod guard;
pub mod leaver;
pub mod licence;
pub mod mapping;
pub mod normalise;
pub mod order;
pub mod oscillation;
pub mod plan;
pub mod problem;
pub mod protect;
pub mod retry;
pub mod returning;
pub mod schema;
pub mod stale;
pub mod unique;

#[cfg(test)]
mod strategy;

pub use normalise::{json_attributes, json_value, normalise, record_hash, to_json, value_to_json};
pub use problem::Problem;
