//! The world of a native test: what the host gives a connector, scripted.
//!
//! The same connector code runs natively against this world and in the sandbox against the host. A [`World`] is
//! entered by the thread of a test; every import that the connector calls is answered by it, and what the connector
//! wrote, sent and logged can be looked at afterwards.
//!
//! ```
//! use rosterd_sdk::{files, testkit::World};
//! let world = World::new().file("people.txt", "Li;li@example.com\n").enter();
//! assert_eq!(files::read_all("people.txt", 1024)?, b"Li;li@example.com\n");
//! assert!(files::open("other.txt").is_err());
//! assert!(world.logs().is_empty());
//! # Ok::<(), rosterd_sdk::Fault>(())
//! ```
#![expect(clippy::missing_errors_doc, reason = "each function mirrors the import of the same name")]

pub mod conformance;
pub mod directory;
pub mod files;
pub mod http;
pub mod secrets;
pub mod small;
pub mod stream;
mod world;

pub use small::{clock, log, random, scratch, settings};
pub use world::{Entered, World};

pub(crate) use world::with;

use crate::{Connector, Fault};

/// Makes a connector from the settings of the world that was entered, as the host would.
pub fn open<T: Connector>() -> Result<T, Fault> {
    T::open(crate::settings::read()?)
}
