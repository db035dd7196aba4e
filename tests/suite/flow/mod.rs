//! The main path, end to end: a real file, the real component in the real sandbox, the command line.

mod commands;
mod journey;
mod secrets;
mod service;
mod tape;
