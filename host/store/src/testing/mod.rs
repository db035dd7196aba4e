//! For tests of this crate and, behind the feature `testing`, of others: stores that die at any moment, and full ones.

mod crash;
mod seed;

pub use crash::Recorder;
pub use seed::{Seed, seed};

impl crate::Store {
    /// So many values by which clients look up what they submitted are a run of their own from now on, where they are stored
    /// together.
    pub fn make_runs_from(&self, rows: usize) {
        self.commits().values.very_many = rows;
    }
}
