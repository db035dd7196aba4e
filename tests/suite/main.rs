//! One binary for every test that needs more than one crate.

mod probe;
mod sandbox;
mod crash;
mod flow;
mod tidy;
