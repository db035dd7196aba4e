//! The engine over a scripted source and destination.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod absence;
mod delivery;
mod faults;
mod hub;
mod lanes;
mod lifeline;
mod quarantine;
mod stopped;
mod throughput;
mod world;
