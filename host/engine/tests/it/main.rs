//! The engine over a scripted source and destination.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod absence;
mod approval;
mod authority;
mod budget;
mod configuration;
mod delivery;
mod erase;
mod faults;
mod hub;
mod lanes;
mod lifeline;
mod quarantine;
mod resolve;
mod retention;
mod service;
mod stopped;
mod throughput;
mod world;
