//! The main path, end to end: a real file, the real component in the real sandbox, the command line.

mod journey;
mod secrets;
