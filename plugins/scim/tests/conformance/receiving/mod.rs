//! The receiver: what clients send, what they get, and what the directory has afterwards.

mod client;
mod judge;

pub(super) use client::Client;
