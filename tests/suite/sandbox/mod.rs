//! Hostile components in the real sandbox: what each of them does ends where its limit says, with an error that names
//! component, limit and value, and nothing else of the process notices.

mod contract;
pub(crate) mod desk;
mod exhaust;
mod greedy;
mod hub;
pub(crate) mod log;
mod memory;
mod pages;
mod reach;
mod receipts;
mod receivers;
