//! Fuzz targets as plain functions over bytes from outside: each must return, whatever it is given. A fuzzer calls them
//! (`tests/fuzz/libfuzzer`), and so does proptest in `make test`; `PROPTEST_CASES=100000` makes it look longer.
//!
//! Which parser belongs to which target stands in `tests/suite/tidy/fuzz_parsers.rs`.

mod answers;
mod callback;
mod configuration;
mod csv_reading;
mod csv_scanning;
mod csv_writing;
mod dingtalk;
mod dingtalk_events;
mod dingtalk_writing;
mod expressions;
mod guests;
mod input;
mod keys;
mod ldap;
mod ldap_writing;
mod logins;
mod network;
mod packages;
mod records;
mod scim;
mod secrets;
mod service;
mod store;
mod tapes;

pub use answers::*;
pub use callback::*;
pub use configuration::*;
pub use csv_reading::*;
pub use csv_scanning::*;
pub use csv_writing::*;
pub use dingtalk::*;
pub use dingtalk_events::*;
pub use dingtalk_writing::*;
pub use expressions::*;
pub use guests::*;
pub use keys::*;
pub use ldap::*;
pub use ldap_writing::*;
pub use logins::*;
pub use network::*;
pub use packages::*;
pub use records::*;
pub use scim::*;
pub use secrets::*;
pub use service::*;
pub use store::*;
pub use tapes::*;
