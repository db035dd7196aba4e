//! What the hub itself serves over HTTP. So far that is for machines that watch it: [`metrics`] in the text format of
//! Prometheus, and whether it is alive and ready.
//!
//! Nothing here needs to be asked for by people, and nothing of it is personal: names of connections, jobs and classes, and
//! numbers. The server answers `GET` and `HEAD` of three paths, so it reads one line of a request and no library of a
//! web framework; the interfaces for clients will bring one.
#![warn(missing_docs)]

#[cfg(feature = "testing")]
pub mod fuzzing;
pub mod gauges;
pub mod http;
pub mod metrics;

pub use gauges::gauges;
pub use http::{Page, Pages, serve};
pub use metrics::Metrics;
