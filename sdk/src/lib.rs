//! Write a rosterd connector.
#[doc(hidden)]
pub mod bindings;
mod export;
#[doc(hidden)]
pub mod glue;

pub mod attributes;
pub mod clock;
pub mod connector;
pub mod describe;
pub mod destination;
pub mod directory;
pub mod fault;
pub mod files;
pub mod http;
pub mod listener;
pub mod log;
pub mod page;
pub mod random;
pub mod receiver;
pub mod record;
pub mod scratch;
pub mod secrets;
pub mod settings;
pub mod source;
pub mod stream;
#[cfg(not(target_arch = "wasm32"))]
pub mod testkit;

pub use attributes::Attributes;
pub use connector::{Connector, Probe};
pub use describe::{Attribute, ClassDescription, Describe, Receipts};
pub use destination::{Action, Applied, Destination, Operation, Receipt};
pub use fault::{Fault, FaultKind};
pub use listener::{Listener, Subscription};
pub use page::{Batch, Paged};
pub use receiver::{Answer, Receiver, Request, Response};
pub use record::{
    Amendment, Change, Class, Departure, DepartureCause, Edit, Hint, Object, ObjectRef, Record, Rejection, record,
};
pub use source::{Page, Progress, Reader, ScanEnd, Source};
