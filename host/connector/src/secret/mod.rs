//! Secrets: where they come from, what stands for them, and what may be done with them. Their bytes stay in the host.

pub(crate) mod form;
pub(crate) mod reference;
pub mod store;
pub(crate) mod vault;
