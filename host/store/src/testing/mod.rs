//! For tests of this crate and, behind the feature `testing`, of others: stores that die at any moment, and full ones.

mod crash;
mod seed;

pub use crash::Recorder;
pub use seed::{Seed, seed};
