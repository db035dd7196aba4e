//! The ways in which it misbehaves.

use serde::Deserialize;

/// What it does; the words of the setting are these in kebab-case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Behaviour {
    /// Nothing bad: the run beside the bad one.
    Good,
    /// Executes the instruction that traps.
    Trap,
    /// Computes for ever.
    EndlessLoop,
    /// Waits for ever, computing nothing.
    EndlessSleep,
    /// Takes memory until there is none.
    MemoryEater,
    /// Writes to the log for ever.
    LogFlood,
    /// Calls the host for ever.
    CallFlood,
    /// Calls itself for ever.
    DeepRecursion,
    /// Sends a request to `target`.
    UngrantedHost,
    /// Opens the file `target`.
    UngrantedFile,
    /// Has always one more page, with nobody on it.
    EndlessPages,
    /// Has always one more page, with the same person on it.
    EndlessRepetition,
    /// Says that there are ten times as many people as it lists, and that the list is complete.
    LyingTotals,
    /// Panics when it comes to person 7.
    PanicOnOneRecord,
    /// Sends its placeholder to a host that answers with what it got, in every form that it can think of.
    EchoPlaceholder,
    /// An id of a megabyte.
    HugeId,
    /// An id of no characters.
    EmptyId,
    /// Attributes that are no JSON.
    BrokenJson,
    /// Attributes that are JSON and no object.
    NoObject,
    /// Attributes nested a hundred thousand levels deep.
    DeepJson,
    /// One page larger than any limit.
    HugePage,
    /// More changes on a page than were asked for.
    LongPage,
    /// One receipt less than there were operations.
    FewReceipts,
    /// One receipt more than there were operations.
    ManyReceipts,
    /// A complete list of nobody.
    EmptySource,
    /// A fault on page 7.
    Truncated,
    /// The first half of the people, said to be complete.
    HalfSource,
    /// Puts its log line, its fault and its records full of control characters and of made-up log lines.
    ForgedLines,
}
