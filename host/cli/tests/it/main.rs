//! The command line as a user meets it: the built binary is run, and its stdout, stderr and exit code are held against
//! snapshots. One module for each command.

mod check;
mod client;
mod completions;
mod component;
mod config;
mod config_errors;
mod connection;
mod init;
mod plugin_build;
mod plugin_describe;
mod plugin_inspect;
mod plugin_install;
mod plugin_new;
mod secret;
mod support;
mod usage;
