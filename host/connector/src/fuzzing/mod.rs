//! Doors for `tests/fuzz/targets`: the readers of outside bytes that nothing outside of this crate calls. Thin, and in no
//! release build; what must be true of an answer is the business of the target.
#![expect(clippy::missing_errors_doc, reason = "each function answers as the one that it stands for")]

mod guest;
mod network;
mod secrets;
mod tape;

pub use guest::{code_cache, line, page, receipts, settings, version};
pub use network::{endpoint, expand, file, fill, grant_allows, grant_covers, policy, reply, retry_after, target};
pub use secrets::{
    Cursors, blank, cipher, decode, known_key, pin, private_key, public_key, redact, scram, secret, splice, write,
};
pub use tape::{tape, tape_of};
