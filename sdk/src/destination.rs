//! The writing role.

use crate::connector::Connector;
use crate::fault::Fault;
use crate::record::{Class, Object, ObjectRef};

#[doc(inline)]
pub use crate::bindings::destination_part::exports::rosterd::connector::destination::{
    Action, Applied, Operation, Receipt,
};

/// Writes what the host decided.
pub trait Destination: Connector {
    /// Applies a batch: exactly one receipt per operation, in order, never an error for the batch. The same keys come
    /// again after a crash, and must then change nothing more.
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt>;

    /// Objects whose attribute has this value, by the remote system's own comparison.
    ///
    /// # Errors
    /// `unsupported` if the remote system can not look up by this attribute.
    fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Fault>;

    /// These objects as they are now: one answer each, in order.
    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>>;

    /// No more operations in this run: flush, publish.
    ///
    /// # Errors
    /// Where receipts count only after `finish`, a fault makes every receipt of the run unknown.
    fn finish(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

impl Applied {
    /// The object has this id now, and nothing else is known.
    pub fn id(id: impl Into<String>) -> Self {
        Self { id: id.into(), version: None, observed: None, problems: Vec::new() }
    }

    /// The same, with the attributes as returned or re-read (a JSON object).
    #[must_use]
    pub fn observed(mut self, attributes: impl Into<String>) -> Self {
        self.observed = Some(attributes.into());
        self
    }

    /// The same, with a version.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// The same, with a member or attribute that was refused while the rest was done.
    #[must_use]
    pub fn problem(mut self, fault: Fault) -> Self {
        self.problems.push(fault);
        self
    }
}
