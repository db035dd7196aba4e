//! Members: looking at them, listing, creating, changing and removing them.

pub(super) mod create;
pub(super) mod fill;
pub(super) mod look;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod rules;
pub(super) mod update;
