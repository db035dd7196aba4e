//! The directory as a receiver may see and change it: only the objects that this connection itself has submitted.

use crate::fault::Fault;
use crate::record::{Change, Class, Object};

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::directory as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::directory as host;

#[doc(inline)]
pub use crate::bindings::imports::rosterd::connector::directory::{Listing, Submission};

/// Stores the changes, in order, one answer each; a failed one does not stop the next.
#[must_use]
pub fn submit(submissions: &[Submission]) -> Vec<Result<Option<Object>, Fault>> {
    host::submit(submissions)
}

/// One object; none if it is not there for this client.
///
/// # Errors
/// What the host answered.
pub fn get(class: Class, id: &str) -> Result<Option<Object>, Fault> {
    host::get(class, id)
}

/// Objects that match a query: a JSON object of filter, sort, offset or after, max, attributes.
///
/// # Errors
/// `invalid` for a query that the host does not understand.
pub fn query(class: Class, query: &str) -> Result<Listing, Fault> {
    host::query(class, query)
}

impl Submission {
    /// A change without conditions.
    #[must_use]
    pub fn of(change: Change) -> Self {
        Self { change, create: false, expect: None }
    }
}
