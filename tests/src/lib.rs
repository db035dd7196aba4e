//! Helpers for the tests that need more than one crate.

pub mod built;
pub mod canary;
mod compiled;
pub mod http;
pub mod hub;
pub mod node;
pub mod python;
pub mod service;
pub mod tape;
pub mod watched;
