//! The tape: everything that crosses a connector's boundary, recorded in one place and played back from it.
//!
//! Two kinds of calls cross the boundary. The host calls the component (`words::Call`): those are recorded where the contract
//! is converted (`contract/`), with their answers in the words of the model. The component calls the host: every import crosses
//! one function (`State::cross`), which off is the import itself. A component has no other way to learn anything, so the same
//! answers make it do the same; and the hub learns nothing from it but its answers, so the same answers give the same plan.
//!
//! A tape can therefore be replayed in two halves that check each other: the hub over the recorded answers of its connections
//! ([`TapedConnections`]), and each component over the recorded answers of the host ([`rehearse`]). Neither needs a network, a
//! file of the source or a secret.
//!
//! Secrets never enter. A component holds handles and placeholders, which are recorded as such; what a cryptographic call
//! gave it is recorded because it saw it; a revealed secret is recorded as asterisks; and whatever is written is searched for
//! all secrets of the connection first, in every form.

mod connections;
mod format;
#[cfg(feature = "testing")]
pub(crate) mod fuzzing;
mod player;
mod pseudonym;
mod read;
mod record;
mod rehearsal;
mod seam;
mod stage;
pub(crate) mod words;

pub use connections::TapedConnections;
pub use player::Divergence;
pub use read::{Tape, TapeError};
pub use record::{Recorded, Recording};
pub use rehearsal::{Difference, Rehearsal, rehearse};
pub use words::{Footer, Header};

pub(crate) use player::{Halt, Player};
pub(crate) use seam::{Seam, played, segments};

#[cfg(test)]
mod tests;
