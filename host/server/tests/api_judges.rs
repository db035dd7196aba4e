//! The Developer API over a real engine, as clients see it; and, when it is asked to, a server for judges that are not written
//! in Rust.
//!
//! `ROSTERD_API_JUDGE=PROGRAM cargo test -p rosterd-server --test api_judges judge -- --ignored` runs the program with the address of a
//! server, the id of a client and its secret behind its own arguments.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

#[path = "api/bulk.rs"]
mod bulk;
#[path = "api/hub.rs"]
mod hub;
#[path = "api/judge.rs"]
mod judge;
#[path = "api/objects.rs"]
mod objects;
#[path = "api/place.rs"]
mod place;
