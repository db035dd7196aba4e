//! Does a run read everything, or only what changed since its cursor?
//!
//! A delta is cheap and says nothing about what it does not mention, so a full scan must come often enough to find what
//! deltas and events missed, and at once when what was read before can no longer be trusted.

use rosterd_model::{Rule, Timestamp};

/// A full scan so often where the schedule says nothing: a day.
pub const FULL_EVERY_MS: u64 = 24 * 3_600_000;

/// So many records set aside since the last full scan call for the next one.
pub const PARKED_LIMIT: u64 = 100;

/// The last full scan that reached its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFull<'a> {
    /// When it began.
    pub at: Timestamp,
    /// Digest of the connector that read it.
    pub connector: &'a str,
    /// Fingerprint of the mapping that it was read for.
    pub mapping: &'a str,
    /// Open cases of the connection when it ended.
    pub parked: u64,
}

/// What is known when a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation<'a> {
    /// Somebody asked for a full scan.
    pub asked: bool,
    /// The store came out of a backup, and nobody applied a plan of this job since.
    pub restored: bool,
    /// A full scan was interrupted and can go on.
    pub interrupted: bool,
    /// The connector says that it knows deltas.
    pub deltas: bool,
    /// A cursor is stored.
    pub cursor: bool,
    /// The last full scan.
    pub last: Option<LastFull<'a>>,
    /// Now.
    pub now: Timestamp,
    /// Digest of the connector.
    pub connector: &'a str,
    /// Fingerprint of the mapping.
    pub mapping: &'a str,
    /// Open cases of the connection.
    pub parked: u64,
    /// A full scan so often, in milliseconds.
    pub every_ms: u64,
}

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What changed since the cursor.
    Delta,
    /// Everything.
    Full(Why),
}

/// Why a run reads everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is nothing else: no deltas, or no cursor yet.
    Only,
    /// Somebody asked for it.
    Asked,
    /// An interrupted full scan goes on.
    Interrupted,
    /// The store came out of a backup: its cursor is older than what it remembers.
    Restored,
    /// The last one is too old.
    Due,
    /// Another connector reads now.
    Connector,
    /// Another mapping is used now.
    Mapping,
    /// Too many records were set aside.
    Parked,
    /// The source no longer knows the cursor.
    CursorInvalid,
}

impl Why {
    /// A remark for the report of a run; none where a full scan is what everybody expects.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        Some(match self {
            Self::Only | Self::Asked | Self::Interrupted => return None,
            Self::Restored => {
                "everything is read, because the store was restored from a backup and its cursor is as old"
            }
            Self::Due => "everything is read, because the last full scan is too long ago",
            Self::Connector => "everything is read, because the connector changed since the last full scan",
            Self::Mapping => "everything is read, because the mapping changed since the last full scan",
            Self::Parked => "everything is read, because many records were set aside since the last full scan",
            Self::CursorInvalid => "everything is read, because the source no longer knows the cursor of the last run",
        })
    }
}

/// Decides what a run reads.
#[must_use]
pub fn choose(known: &Situation<'_>) -> Reading {
    if known.interrupted {
        return Reading::Full(Why::Interrupted);
    }
    if known.asked {
        return Reading::Full(Why::Asked);
    }
    if !known.deltas || !known.cursor {
        return Reading::Full(Why::Only);
    }
    if known.restored && Rule::RestorePlansOnly.on() {
        return Reading::Full(Why::Restored);
    }
    if !Rule::FullOftenEnough.on() {
        return Reading::Delta;
    }
    let Some(last) = known.last else { return Reading::Full(Why::Due) };
    if known.now.since_ms(last.at) >= known.every_ms {
        Reading::Full(Why::Due)
    } else if last.connector != known.connector {
        Reading::Full(Why::Connector)
    } else if last.mapping != known.mapping {
        Reading::Full(Why::Mapping)
    } else if known.parked.saturating_sub(last.parked) >= PARKED_LIMIT {
        Reading::Full(Why::Parked)
    } else {
        Reading::Delta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn situation() -> Situation<'static> {
        let last = LastFull { at: Timestamp(HOUR), connector: "c1", mapping: "m1", parked: 3 };
        Situation {
            asked: false,
            restored: false,
            interrupted: false,
            deltas: true,
            cursor: true,
            last: Some(last),
            now: Timestamp(2 * HOUR),
            connector: "c1",
            mapping: "m1",
            parked: 3,
            every_ms: FULL_EVERY_MS,
        }
    }

    #[test]
    fn a_delta_is_read_while_nothing_speaks_against_it() {
        assert_eq!(choose(&situation()), Reading::Delta);
        let late = Situation { now: Timestamp(25 * HOUR - 1), ..situation() };
        assert_eq!(choose(&late), Reading::Delta);
    }

    #[test]
    fn each_reason_alone_makes_the_scan_full() {
        let table = [
            (Situation { asked: true, ..situation() }, Why::Asked),
            (Situation { interrupted: true, ..situation() }, Why::Interrupted),
            (Situation { deltas: false, ..situation() }, Why::Only),
            (Situation { cursor: false, ..situation() }, Why::Only),
            (Situation { restored: true, ..situation() }, Why::Restored),
            (Situation { last: None, ..situation() }, Why::Due),
            (Situation { now: Timestamp(25 * HOUR), ..situation() }, Why::Due),
            (Situation { connector: "c2", ..situation() }, Why::Connector),
            (Situation { mapping: "m2", ..situation() }, Why::Mapping),
            (Situation { parked: 3 + PARKED_LIMIT, ..situation() }, Why::Parked),
        ];
        for (situation, why) in table {
            assert_eq!(choose(&situation), Reading::Full(why));
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_no_time_passed() {
        assert_eq!(choose(&Situation { now: Timestamp(0), ..situation() }), Reading::Delta);
    }

    #[test]
    fn what_nobody_asked_for_is_explained() {
        assert!(Why::CursorInvalid.note().is_some_and(|note| note.contains("cursor")));
        assert_eq!(Why::Only.note(), None);
    }
}
