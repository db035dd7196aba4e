//! The sandbox of rosterd: connectors are WebAssembly components behind a contract.
//!
//! What a connector can do is what it imports, and what it imports is compared with what its manifest requests and what the
//! operator grants, before anything of it is linked. It has no clock, no randomness, no network and no file except through the
//! contract. It never sees a secret: it holds handles, and placeholders that the host replaces on the way out. Each instance
//! lives on a thread of its own with its own store; a trap, an endless loop or a greedy allocation ends that instance and
//! nothing else, and the error names the connector and the limit.
//!
//! Reading order: [`package`] says what a component is, [`manifest`] what it asks for, [`grant`] what it gets. [`ConnectorHost`]
//! compiles and loads it; a [`Connection`] gives out the traits of `rosterd_model::port`. Behind them, `instance` is the thread
//! and the store, `import` what a guest can call, `contract` the conversion between the contract's types and the model's.
#![warn(missing_docs)]

pub mod directory;
pub mod egress;
pub mod grant;
pub mod limit;
pub mod manifest;
pub mod manifest_parts;
pub mod outward;
pub mod package;
pub mod tape;
pub mod units;
pub mod version;

mod bucket;
mod cache;
mod clock;
mod condition;
mod config;
mod connection;
mod contract;
mod crypto;
mod endpoint;
mod error;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod host;
mod http;
mod import;
mod instance;
#[cfg(any(feature = "testing", debug_assertions))]
mod memory;
mod password;
mod policy;
mod recipe;
mod redact;
mod resolver;
mod runtime;
mod schema;
mod secret;
mod shared;
mod state;
mod template;
mod tls;
mod token_reply;
mod version_log;
pub mod webhook;
mod wire;
mod world;

#[cfg(any(feature = "testing", debug_assertions))]
pub use config::MemoryHook;
pub use config::{ConnectionConfig, InitialPasswords, MemoryScratch, Scratch, TlsSettings};
pub use connection::Connection;
pub use error::{HostError, PackageError};
pub use grant::{Grants, Refusal, refusals, refusals_with_settings};
pub use host::{ConnectorHost, HostSettings, Installed, Loaded};
pub use limit::Limits;
pub use manifest::{Manifest, Requests, Role, SecretRequest};
pub use package::{Inspection, inspect};
pub use password::{PasswordKey, PasswordPolicy, SIGNS as PASSWORD_SIGNS};
pub use secret::reference::{SecretReference, resolve as resolve_secret};
pub use secret::store as secret_store;
pub use secret::store::SecretStore;

/// Checks settings against the schema of a component, and fills in its defaults. The errors are sentences that name the keys.
pub fn check_settings(inspection: &Inspection, settings: &serde_json::Value) -> Result<serde_json::Value, Vec<String>> {
    schema::check(&inspection.settings_schema, settings)
}
