//! What the hub itself serves over HTTP, at two addresses. One is for machines that watch it: [`metrics`] in the text format
//! of Prometheus, and whether it is alive and ready. The other one is for remote systems that call: [`mod@receive`] hands
//! their requests to connectors.
//!
//! Nothing of the first is personal: names of connections, jobs and classes, and numbers. It answers `GET` and `HEAD` of
//! three paths, so it reads one line of a request and needs no library.
#![warn(missing_docs)]

pub mod api;
pub mod caller;
#[cfg(feature = "testing")]
pub mod fuzzing;
pub mod gauges;
pub mod http;
pub mod metrics;
pub mod receive;

pub use caller::{Caller, Scope};
pub use gauges::gauges;
pub use http::{Page, Pages, serve};
pub use metrics::Metrics;
pub use receive::{Receive, receive};
