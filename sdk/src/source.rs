//! The reading role.

use crate::connector::Connector;
use crate::fault::Fault;
use crate::record::{Class, Object, ObjectRef};

#[doc(inline)]
pub use crate::bindings::source_part::exports::rosterd::connector::source::{Page, Progress, ScanEnd};

/// Reads people, org units and groups. Nothing here may write to the remote system.
pub trait Source: Connector {
    /// A reading under way. It outlives the call, so it owns what it needs.
    type Reader: Reader;

    /// Reads everything in scope of these classes; `resume` is what an earlier page of an interrupted scan gave.
    ///
    /// # Errors
    /// `cursor-invalid` if the connector can not go on from `resume`; else what stopped it.
    fn scan(&mut self, classes: &[Class], resume: Option<String>) -> Result<Self::Reader, Fault>;

    /// Reads what changed since the cursor, and says nothing about what it does not mention.
    ///
    /// # Errors
    /// `unsupported` (the default) if there are no deltas, `cursor-invalid` if the remote system no longer knows it.
    fn changes_since(&mut self, classes: &[Class], cursor: String) -> Result<Self::Reader, Fault> {
        let _ = (classes, cursor);
        Err(Fault::unsupported("this connector has no deltas; run full scans"))
    }

    /// These objects as they are now: one answer each, in order; none if the remote system says it is not there.
    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        objects.iter().map(|_| Err(Fault::unsupported("this connector can not read single objects"))).collect()
    }
}

/// A reading under way, pulled page by page by the host.
pub trait Reader: 'static {
    /// The next page, of at most `max` changes. Not called again after a page that ends or after a fault.
    ///
    /// # Errors
    /// Whatever keeps the listing from being complete. Never end early instead: an end is a licence to remove.
    fn next(&mut self, max: u32) -> Result<Page, Fault>;
}
