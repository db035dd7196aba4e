//! The engine over a scripted source and destination.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod absence;
mod approval;
mod adopt;
mod authority;
mod budget;
mod configuration;
mod delivery;
mod erase;
mod faults;
mod hub;
mod hub_plans;
mod lanes;
mod leavers;
mod lifeline;
mod orders;
mod quarantine;
mod resolve;
mod retention;
mod service;
mod stopped;
mod throughput;
mod units;
mod world;
