//! The rosterd command.
fn main() {}
