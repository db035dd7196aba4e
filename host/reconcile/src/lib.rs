//! Pure decisions.
#![warn(missing_docs)]

pub mod canonical;
pub mod expression;
pub mod normalise;
pub mod problem;
pub mod schema;

pub use normalise::{json_attributes, json_value, normalise, record_hash, to_json, value_to_json};
pub use problem::Problem;
