//! `rosterd serve`: the process that runs day and night. It holds the store; commands that need it find the control socket
//! beside it and are done here.
//!
//! Reading order: [`hub`] (what the service has), [`run`] (its life), [`server`] and [`client`] (the control socket),
//! [`work`] (what the scheduler starts), [`events`] (what remote systems tell), [`clients`] (who else may call), [`reload`], [`log`], [`notify`] and [`watch`] (who listens to its events).

pub(crate) mod client;
mod clients;
mod directory;
mod events;
pub(crate) mod hub;
mod keys;
mod log;
mod logins;
mod notify;
pub(crate) mod protocol;
pub(crate) mod reload;
pub(crate) mod run;
mod server;
pub(crate) mod socket;
mod watch;
mod work;
