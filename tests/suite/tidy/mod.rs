//! What the compiler does not check: the arrows between crates, sizes, words, documents, the frozen contract.
//!
//! Each rule names the place that breaks it and says what to do. An exception is a line in a table here, with its
//! reason.

mod arrows;
mod code;
mod contract;
mod documents;
mod fuzz;
mod fuzz_parsers;
mod tree;
