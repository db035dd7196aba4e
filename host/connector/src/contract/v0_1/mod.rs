//! Contract 0.1.
pub(crate) mod bindings;
