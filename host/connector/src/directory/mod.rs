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
pub use query::parse as parse_query;
pub use rosterd_model::directory::{Comparison, Directory, Filter, Listing, Query, Sort, Submission};
