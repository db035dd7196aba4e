//! Departments: reading and writing.

pub(super) mod read;
pub(super) mod write;
