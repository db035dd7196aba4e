//! A strict simulator of the directories of messaging vendors, for tests: it refuses what the vendor would refuse, and a
//! test makes it do what a vendor does once a year.
//!
//! What is the same for all vendors stands here: definitions of calls as data ([`schema`], [`check`]), the clock, rate
//! windows, faults, the journal, the envelope of callbacks ([`crypto`]), the two ports. A vendor is a module that
//! implements [`vendor::Vendor`]. README.md tells how to use the program.

pub mod check;
pub mod clock;
pub mod control;
pub mod crypto;
pub mod dingtalk;
pub mod exchange;
pub mod faults;
pub mod here;
pub mod journal;
pub mod program;
pub mod push;
pub mod rates;
pub mod schema;
pub mod server;
pub mod socket;
pub mod vendor;
