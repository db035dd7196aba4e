//! Write a rosterd connector: a type, a trait for each role, and one macro for each.
//!
//! A connector is a sandboxed component. It has no clock, no file and no network but what the modules of this crate
//! ask the host for, and what it imports is what it can do. The same code compiles natively, where [`testkit`] answers
//! in place of the host.
//!
//! A complete source, one person a line (`name;mail`):
//!
//! ```
//! use rosterd_sdk::{*, describe::{Attribute, ClassDescription}};
//!
//! #[derive(serde::Deserialize)]
//! struct Settings { file: String }
//!
//! struct People { settings: Settings }
//!
//! impl Connector for People {
//!     type Settings = Settings;
//!     fn describe() -> Describe {
//!         let account = ClassDescription::immutable_id().attribute(Attribute::text("mail").unique());
//!         Describe::new("people", "0.1.0", "People list").source(false).class(Class::Account, account)
//!     }
//!     fn open(settings: Settings) -> Result<Self, Fault> {
//!         Ok(Self { settings })
//!     }
//!     fn check(&mut self) -> Result<Vec<Probe>, Fault> {
//!         files::open(&self.settings.file)?;
//!         Ok(vec![Probe::passed("file", "the list can be opened")])
//!     }
//! }
//!
//! impl Source for People {
//!     type Reader = Paged<fn(Option<&str>, u32) -> Result<Batch, Fault>>;
//!     fn scan(&mut self, _classes: &[Class], resume: Option<String>) -> Result<Self::Reader, Fault> {
//!         Ok(Paged::new(resume, ScanEnd::complete([Class::Account]), read))
//!     }
//! }
//!
//! /// The whole list is one batch; a token is for remote systems with pages of their own.
//! fn read(token: Option<&str>, _max: u32) -> Result<Batch, Fault> {
//!     if token.is_some() {
//!         return Err(Fault::cursor_invalid("this connector always reads from the start"));
//!     }
//!     let settings: Settings = settings::read()?;
//!     let text = String::from_utf8_lossy(&files::read_all(&settings.file, 1 << 20)?).into_owned();
//!     let line = |line: &str| match line.split_once(';') {
//!         Some((name, mail)) => record(Class::Account, mail).text("displayName", name).text("mail", mail).upsert(),
//!         None => Change::rejected(Some(Class::Account), None, "a line", "it has no semicolon", line),
//!     };
//!     Ok(Batch { changes: text.lines().map(line).collect(), next: None })
//! }
//!
//! export_connector!(People);
//! export_source!(People);
//!
//! # fn main() {
//! // and its test
//! use testkit::{World, conformance};
//! let settings = serde_json::json!({ "file": "people.txt" });
//! conformance::source::<People>(|| World::new().settings(settings.clone()).file("people.txt", "Li;li@a.example\nno mail\n"));
//! # }
//! ```
#![warn(missing_docs)]

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
pub mod time;

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
