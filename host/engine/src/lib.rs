//! Orchestration: the life of a run.
//!
//! A run reads one source ([`run`]): pages are observed as they come (`scan`), the host judges what the scan may
//! conclude, the differences become a plan (`plan`), the guard judges the plan, and only then is anything changed
//! (`apply`): entities, claims and links of the hub, and the outbox, from which destinations are told (`deliver`).
//! Each arrow ends in a durable commit, so that a process that dies goes on where it was.
//!
//! [`scheduler`] runs jobs when they are due by their [`schedule`]; the [`gate`] lets one run of a connection through at a
//! time, whoever asks for it.
//!
//! The engine knows connections only as the traits of [`rosterd_model::port`], talks only in [`event`]s, and takes every
//! decision from `rosterd-reconcile`.
#![warn(missing_docs)]

pub mod adopt;
mod announced;
mod apply;
pub mod approve;
mod aside;
mod deliver;
pub mod drift;
pub mod engine;
pub mod erase;
pub mod error;
pub mod event;
pub mod export;
#[cfg(feature = "testing")]
pub mod fuzzing;
pub mod gate;
pub mod housekeeping;
pub mod hub;
pub mod inbox;
mod keys;
pub mod lineage;
pub mod listen;
mod members;
pub mod orders;
mod origin;
mod outcome;
pub mod overrides;
mod pass;
mod passing;
pub mod passwords;
mod paths;
mod plan;
pub mod policy;
pub mod push;
mod reserve;
pub mod resolve;
mod restored;
mod ruled;
pub mod run;
mod scan;
pub mod schedule;
pub mod scheduler;
mod spent;
#[cfg(feature = "testing")]
pub mod testing;
mod tie;
pub mod timers;
pub mod trace;
pub mod verification;

pub use deliver::operate::{DeliveryReport, entry_name};
pub use deliver::repeat::{Repeat, Repeated};
pub use engine::{Engine, Settings};
pub use error::EngineError;
pub use event::{Events, RunEvent};
pub use gate::Gate;
pub use hub::HubOptions;
pub use plan::HubPlan;
pub use policy::Policy;
