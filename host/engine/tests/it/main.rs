//! The engine over a scripted source and destination.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod absence;
mod adopt;
mod approval;
mod authority;
mod both_ways;
mod budget;
mod configuration;
mod delivery;
mod delta;
mod drift;
mod erase;
mod faults;
mod hub;
mod hub_plans;
mod inbox;
mod lanes;
mod large;
mod leavers;
mod lifeline;
mod listening;
mod living;
mod orders;
mod overtaken;
mod push;
mod push_figures;
mod quarantine;
mod resolve;
mod retention;
mod service;
mod stopped;
mod throughput;
mod units;
mod world;
