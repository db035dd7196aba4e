//! What follows from a failed operation: a function of what was asked, what went wrong, and how often it did.
//!
//! Chance is given by the caller, so that the same failure in the same run always gives the same answer.

use rosterd_model::{FaultKind, Rule, Timestamp};

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;
/// Longest first wait; it doubles with every try.
const BASE_MS: u64 = 2 * SECOND;
/// Longest wait between quick tries.
const CAP_MS: u64 = 900 * SECOND;
/// Quick tries; after them come hours, then days.
pub const QUICK_TRIES: u32 = 8;
/// Waits of the slow track; the last one is repeated.
const SLOW_MS: [u64; 3] = [6 * HOUR, 12 * HOUR, DAY];
/// An entry that fails for so long is parked, and a breaker that does is given up.
pub const GIVE_UP_MS: u64 = 28 * DAY;
/// A rest that a remote system asks for without saying how long.
const REST_MS: u64 = 30 * SECOND;

/// What was asked of the destination, as far as the reaction depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Make it.
    Create,
    /// Change, rename or move it.
    Update,
    /// Make it usable again: somebody is back.
    Enable,
    /// Make it unusable.
    Disable,
    /// Remove it.
    Delete,
}

/// A failed operation.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// What went wrong.
    pub kind: FaultKind,
    /// What was asked.
    pub asked: Asked,
    /// Tries so far, this one included.
    pub attempts: u32,
    /// True: it had its one retry at once.
    pub again: bool,
    /// When the first of these tries failed.
    pub since: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// What the remote system asked for, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// True: the destination's ids never change, so that an id which is not found is gone.
    pub immutable_ids: bool,
    /// True: the delivery lets what is missing be made again.
    pub may_recreate: bool,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing: it is as it should be.
    Done,
    /// Send it again, not before the time.
    RetryAt(Timestamp),
    /// It waits for a person, a new wish or another connector.
    Park,
    /// The object that is in the way is looked at: it is linked if it is free and matches, else it waits for a person.
    Correlate,
    /// The object is read again and the operation computed anew, at once.
    ReadAgain,
    /// The object is searched by its correlation key. Found: its new id is taken, at once. Not found: as the inner
    /// answer says.
    Search(IfGone),
    /// Forget that it is there, so that it is made again, after a look.
    Recreate,
    /// Nothing is sent to the connection before the time; costs no try.
    Rest(Timestamp),
    /// The breaker of the connection opens at once; costs no try.
    OpenBreaker,
    /// The connector's instance is useless; costs no try of the entry, but one of the connection.
    Discard,
    /// The entry stays as it was: it was not its turn.
    Leave,
}

/// What follows if an object is not found by anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfGone {
    /// Not being there is what was asked for.
    Done,
    /// A person must find out where it is.
    Park,
    /// It is made again.
    Make,
}

/// The reaction to a failure. `seed` is any number: it decides how much of the longest wait is waited.
#[must_use]
pub fn react(failure: &Failure, seed: u64) -> Reaction {
    use FaultKind as Kind;
    match failure.kind {
        Kind::Transient | Kind::Timeout => later(failure, seed),
        Kind::RateLimited if Rule::RateLimitPausesBucket.on() => {
            Reaction::Rest(failure.now.plus_ms(failure.retry_after_ms.unwrap_or(REST_MS)))
        }
        Kind::RateLimited => later(failure, seed),
        Kind::Unauthorized | Kind::Forbidden if !Rule::BreakerOnAuth.on() => later(failure, seed),
        // A grant or a setting that is missing is missing for every operation.
        Kind::Unauthorized | Kind::Forbidden | Kind::Denied | Kind::Settings => Reaction::OpenBreaker,
        Kind::Internal | Kind::Incomplete | Kind::CursorInvalid if Rule::TrapsGiveUp.on() => Reaction::Discard,
        Kind::Internal | Kind::Incomplete | Kind::CursorInvalid => later(failure, seed),
        Kind::Invalid | Kind::Unsupported if Rule::InvalidParks.on() => Reaction::Park,
        Kind::Invalid | Kind::Unsupported => later(failure, seed),
        Kind::Conflict if !failure.again && Rule::ConflictReadsAgain.on() => Reaction::ReadAgain,
        Kind::Conflict => later(failure, seed),
        Kind::AlreadyExists if !failure.again && failure.asked == Asked::Create && Rule::ExistsCorrelates.on() => {
            Reaction::Correlate
        }
        Kind::AlreadyExists => Reaction::Park,
        Kind::NotFound => not_found(failure),
        Kind::Held => Reaction::RetryAt(failure.now.plus_ms(failure.retry_after_ms.unwrap_or(SLOW_MS[0]))),
        Kind::Cancelled => Reaction::Leave,
    }
}

fn not_found(failure: &Failure) -> Reaction {
    match failure.asked {
        // What is to be made needs something else that is not there: its parent, mostly.
        Asked::Create => Reaction::Park,
        Asked::Update if failure.may_recreate && Rule::NotFoundOnUpdate.on() => Reaction::Recreate,
        // Who is back gets an account again: the one that is found, or a new one.
        Asked::Enable if !failure.again && Rule::ReturnFindsOrCreates.on() => Reaction::Search(IfGone::Make),
        Asked::Update | Asked::Enable => Reaction::Park,
        Asked::Disable if !Rule::NotFoundOnDisable.on() => Reaction::Done,
        Asked::Disable if failure.again => Reaction::Park,
        Asked::Disable => Reaction::Search(IfGone::Park),
        Asked::Delete if !Rule::NotFoundOnDelete.on() => Reaction::Park,
        Asked::Delete if failure.immutable_ids => Reaction::Done,
        Asked::Delete if failure.again => Reaction::Park,
        Asked::Delete => Reaction::Search(IfGone::Done),
    }
}

/// Another try: soon, with full jitter; after some tries in hours, then daily; after four weeks never.
fn later(failure: &Failure, seed: u64) -> Reaction {
    if !Rule::Backoff.on() {
        return Reaction::RetryAt(failure.now);
    }
    let wait = if failure.attempts < QUICK_TRIES {
        let longest = BASE_MS.saturating_mul(1 << failure.attempts.saturating_sub(1).min(20)).min(CAP_MS);
        mix(seed) % (longest + 1)
    } else if Rule::SlowTrack.on() {
        if failure.now.since_ms(failure.since) >= GIVE_UP_MS {
            return Reaction::Park;
        }
        let slow = (failure.attempts - QUICK_TRIES) as usize;
        SLOW_MS[slow.min(SLOW_MS.len() - 1)]
    } else {
        return Reaction::Park;
    };
    Reaction::RetryAt(failure.now.plus_ms(wait.max(failure.retry_after_ms.unwrap_or(0))))
}

/// Spreads neighbouring seeds (the finaliser of SplitMix64).
const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_000 * DAY);

    fn failure(kind: FaultKind, asked: Asked) -> Failure {
        Failure {
            kind,
            asked,
            attempts: 1,
            again: false,
            since: NOW,
            now: NOW,
            retry_after_ms: None,
            immutable_ids: false,
            may_recreate: false,
        }
    }

    fn wait(reaction: Reaction) -> u64 {
        match reaction {
            Reaction::RetryAt(at) => at.since_ms(NOW),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn quick_tries_then_hours_then_days_then_never() {
        let at = |attempts, since: u64| {
            let since = Timestamp(NOW.0 - since);
            react(&Failure { attempts, since, ..failure(FaultKind::Transient, Asked::Update) }, 7)
        };
        assert!(wait(at(7, DAY)) <= CAP_MS);
        let slow: Vec<u64> = (8..12).map(|attempts| wait(at(attempts, DAY)) / HOUR).collect();
        assert_eq!(slow, [6, 12, 24, 24]);
        assert_eq!(wait(at(30, GIVE_UP_MS - 1)), DAY);
        assert_eq!(at(30, GIVE_UP_MS), Reaction::Park);
    }

    #[test]
    fn who_must_act_is_told_apart() {
        for asked in [Asked::Create, Asked::Update, Asked::Enable, Asked::Disable, Asked::Delete] {
            for kind in [FaultKind::Unauthorized, FaultKind::Forbidden, FaultKind::Settings, FaultKind::Denied] {
                assert_eq!(react(&failure(kind, asked), 0), Reaction::OpenBreaker);
            }
            for kind in [FaultKind::Invalid, FaultKind::Unsupported] {
                assert_eq!(react(&failure(kind, asked), 0), Reaction::Park);
            }
            assert_eq!(react(&failure(FaultKind::Internal, asked), 0), Reaction::Discard);
            assert_eq!(react(&failure(FaultKind::Cancelled, asked), 0), Reaction::Leave);
            let rest = Failure { retry_after_ms: Some(5), ..failure(FaultKind::RateLimited, asked) };
            assert_eq!(react(&rest, 0), Reaction::Rest(NOW.plus_ms(5)));
        }
    }

    #[test]
    fn not_found_depends_on_what_was_asked() {
        let gone = |asked| failure(FaultKind::NotFound, asked);
        assert_eq!(react(&gone(Asked::Update), 0), Reaction::Park);
        assert_eq!(react(&Failure { may_recreate: true, ..gone(Asked::Update) }, 0), Reaction::Recreate);
        assert_eq!(react(&gone(Asked::Enable), 0), Reaction::Search(IfGone::Make));
        assert_eq!(react(&gone(Asked::Disable), 0), Reaction::Search(IfGone::Park));
        assert_eq!(react(&Failure { again: true, ..gone(Asked::Disable) }, 0), Reaction::Park);
        assert_eq!(react(&gone(Asked::Delete), 0), Reaction::Search(IfGone::Done));
        assert_eq!(react(&Failure { immutable_ids: true, ..gone(Asked::Delete) }, 0), Reaction::Done);
        // Never a success: an account that is not found where it was may be somewhere else, and usable.
        let immutable = Failure { immutable_ids: true, ..gone(Asked::Disable) };
        assert_ne!(react(&immutable, 0), Reaction::Done);
    }

    #[test]
    fn a_conflict_and_an_object_in_the_way_are_looked_at_once() {
        for (kind, asked, first) in [
            (FaultKind::Conflict, Asked::Update, Reaction::ReadAgain),
            (FaultKind::AlreadyExists, Asked::Create, Reaction::Correlate),
        ] {
            assert_eq!(react(&failure(kind, asked), 0), first);
            let second = react(&Failure { again: true, ..failure(kind, asked) }, 0);
            assert!(matches!(second, Reaction::RetryAt(_) | Reaction::Park), "{second:?}");
        }
    }

    #[test]
    fn who_waits_for_a_hold_asks_again_in_six_hours_or_when_it_is_told() {
        let held = failure(FaultKind::Held, Asked::Update);
        assert_eq!(wait(react(&held, 0)), 6 * HOUR);
        assert_eq!(wait(react(&Failure { retry_after_ms: Some(5), ..held }, 0)), 5);
        let limited = failure(FaultKind::RateLimited, Asked::Update);
        assert_eq!(react(&limited, 0), Reaction::Rest(NOW.plus_ms(30 * SECOND)));
    }

    #[test]
    fn what_was_looked_for_once_is_not_looked_for_again() {
        let again = |kind, asked| react(&Failure { again: true, ..failure(kind, asked) }, 0);
        assert_eq!(again(FaultKind::NotFound, Asked::Enable), Reaction::Park);
        assert_eq!(again(FaultKind::NotFound, Asked::Delete), Reaction::Park);
        assert_eq!(again(FaultKind::AlreadyExists, Asked::Create), Reaction::Park);
        assert_eq!(react(&failure(FaultKind::NotFound, Asked::Create), 0), Reaction::Park, "its parent is not there");
        for asked in [Asked::Update, Asked::Enable, Asked::Disable, Asked::Delete] {
            assert_eq!(
                react(&failure(FaultKind::AlreadyExists, asked), 0),
                Reaction::Park,
                "only what is made may link"
            );
        }
    }

    #[test]
    fn jitter_is_that_of_splitmix64_and_may_wait_to_the_last_millisecond() {
        // Its published first values from the state 0.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
        let first = failure(FaultKind::Timeout, Asked::Create);
        let waits = || (0..40_000).map(|seed| wait(react(&first, seed)));
        assert_eq!((waits().min(), waits().max()), (Some(0), Some(2_000)));
        let last = Failure { attempts: 7, ..first };
        let longest = (0..1_000).map(|seed| wait(react(&last, seed))).max();
        assert!(longest.is_some_and(|wait| (120_000..=128_000).contains(&wait)), "{longest:?}");
    }

    #[test]
    fn the_slow_track_is_six_hours_twelve_a_day_and_ends_after_four_weeks() {
        let at = |attempts, since: u64| {
            let since = Timestamp(NOW.0 - since);
            react(&Failure { attempts, since, ..failure(FaultKind::Transient, Asked::Update) }, 7)
        };
        let waits: Vec<u64> = (8..12).map(|attempts| wait(at(attempts, 0))).collect();
        assert_eq!(waits, [21_600_000, 43_200_000, 86_400_000, 86_400_000]);
        assert_eq!(wait(at(40, 2_419_199_999)), 86_400_000);
        assert_eq!(at(40, 2_419_200_000), Reaction::Park);
    }

    proptest! {
        #[test]
        fn waits_are_between_zero_and_the_doubled_base(attempts in 1..QUICK_TRIES, seed: u64, after in prop::option::of(0..DAY)) {
            let failed = Failure { attempts, retry_after_ms: after, ..failure(FaultKind::Timeout, Asked::Create) };
            let longest = (BASE_MS << (attempts - 1)).min(CAP_MS).max(after.unwrap_or(0));
            let waited = wait(react(&failed, seed));
            prop_assert!(waited <= longest && waited >= after.unwrap_or(0));
        }

        #[test]
        fn jitter_uses_all_of_the_wait(seed in 0u64..1_000_000) {
            let failed = Failure { attempts: 7, ..failure(FaultKind::Timeout, Asked::Create) };
            let waits: Vec<u64> = (seed..seed + 64).map(|seed| wait(react(&failed, seed))).collect();
            let longest = (BASE_MS << 6).min(CAP_MS);
            prop_assert!(waits.iter().any(|wait| *wait < longest / 4) && waits.iter().any(|wait| *wait > 3 * longest / 4));
        }
    }
}
