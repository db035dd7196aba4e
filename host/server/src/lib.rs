//! What the hub itself serves over HTTP, at two addresses. One is for machines that watch it: [`metrics`] in the text format
//! of Prometheus, and whether it is alive and ready. The other one is for remote systems and clients that call: [`server`] takes
//! their connections, [`auth`] says who they are, and [`mod@receive`] hands requests to connectors.
//!
//! Nothing of the first is personal: names of connections, jobs and classes, and numbers. It answers `GET` and `HEAD` of
//! three paths, so it reads one line of a request and needs no library. The second one is open to strangers: whatever is not
//! allowed there is refused, and everything that comes has a bound.
#![warn(missing_docs)]

pub mod api;
pub mod auth;
pub mod caller;
pub mod clients;
#[cfg(feature = "testing")]
pub mod fuzzing;
pub mod gauges;
pub mod http;
pub mod keys;
mod limits;
pub mod login;
pub mod metrics;
mod places;
pub mod problem;
pub mod receive;
mod router;
mod seats;
pub mod secret;
pub mod server;
mod tls;
mod token;
mod tokens;
pub mod within;

#[cfg(test)]
mod tests;

pub use auth::{Clients, Unavailable};
pub use caller::{Caller, Scope};
pub use gauges::gauges;
pub use http::{Page, Pages, serve};
pub use metrics::Metrics;
pub use problem::{Problem, Tell};
pub use receive::Receive;
pub use router::RequestId;
pub use secret::Secret;
pub use server::{Server, serve_hub};
pub use tls::{Tls, TlsError};
pub use within::Within;
