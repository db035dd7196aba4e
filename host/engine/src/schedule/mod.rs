//! When a job runs by itself. Pure: the next due time follows from the schedule and an instant, and from nothing else.
//!
//! What was decided about clocks that are set forward and back, because both happen at night when jobs run:
//! - A time that the clock skips is due once, at the instant of the change: the nightly run is not left out.
//! - A time that comes twice is due the first time. Jobs that run every hour are due in both of the hours.
//! - A job that was due while nobody was there is due at once, once; `missed = "skip"` waits for the next time instead.

mod calendar;

pub use calendar::Cron;
use jiff::tz::TimeZone;
use rosterd_model::Timestamp;

/// When a job runs by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// By the calendar.
    Calendar {
        /// The times.
        cron: Cron,
        /// The time zone in which they are read.
        zone: TimeZone,
        /// What becomes of times that passed while nobody was there.
        missed: Missed,
    },
    /// Again and again.
    Interval {
        /// From start to start, in milliseconds.
        every: u64,
        /// A full scan so often, in milliseconds; none: as the job decides.
        full: Option<u64>,
        /// Each start is later by up to so many milliseconds, so that jobs do not all start at once.
        jitter: u64,
    },
}

/// What becomes of times that passed while nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missed {
    /// They are made up for, once.
    #[default]
    Run,
    /// They are left out.
    Skip,
}

impl Schedule {
    /// The first due time after `after`. None: there is none in the next years.
    #[must_use]
    pub fn next(&self, job: &str, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Calendar { cron, zone, .. } => cron.next(zone, after),
            Self::Interval { every, jitter, .. } => {
                let due = after.0.checked_add((*every).max(1))?;
                due.checked_add(delay(job, due, *jitter)).map(Timestamp)
            }
        }
    }

    /// When a job is due whose last run began at `last`, for somebody who looks at `now` for the first time.
    #[must_use]
    pub fn first(&self, job: &str, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match (self, last) {
            (Self::Calendar { missed: Missed::Run, .. }, Some(last)) => {
                self.next(job, last).map(|due| Timestamp(due.0.max(now.0)))
            }
            (Self::Calendar { .. }, _) => self.next(job, now),
            (Self::Interval { jitter, .. }, Some(last)) => {
                let due = self.next(job, last)?;
                let soon = now.0.saturating_add(delay(job, now.0, *jitter));
                Some(if due > now { due } else { Timestamp(soon) })
            }
            (Self::Interval { jitter, .. }, None) => Some(Timestamp(now.0.saturating_add(delay(job, now.0, *jitter)))),
        }
    }

    /// True if a run that starts now should read everything: the last full scan is longer ago than the schedule allows.
    #[must_use]
    pub fn wants_full(&self, last_full: Option<Timestamp>, now: Timestamp) -> bool {
        match (self, last_full) {
            (Self::Interval { full: Some(full), .. }, Some(last)) => now.since_ms(last) >= *full,
            (Self::Interval { full: Some(_), .. }, None) => true,
            _ => false,
        }
    }
}

/// A delay below `most` that looks random and is the same for the same job and instant.
fn delay(job: &str, at: u64, most: u64) -> u64 {
    if most == 0 {
        return 0;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(job.as_bytes()).update(&at.to_be_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(bytes) % most
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn every(minutes: u64, jitter: u64) -> Schedule {
        Schedule::Interval { every: minutes * MINUTE, full: Some(60 * MINUTE), jitter }
    }

    #[test]
    fn an_interval_counts_from_start_to_start() {
        assert_eq!(every(5, 0).next("hr", Timestamp(7)), Some(Timestamp(5 * MINUTE + 7)));
        assert_eq!(every(5, 0).next("hr", Timestamp(u64::MAX)), None);
    }

    #[test]
    fn jitter_spreads_jobs_and_is_the_same_each_time() {
        let due = |job: &str| every(5, MINUTE).next(job, Timestamp(0)).map_or(0, |due| due.0);
        let starts: Vec<u64> = ["a", "b", "c", "d", "e"].iter().map(|job| due(job)).collect();
        assert!(starts.iter().all(|start| (5 * MINUTE..6 * MINUTE).contains(start)), "{starts:?}");
        assert!(starts.iter().any(|start| *start != starts[0]), "{starts:?}");
        assert_eq!(due("a"), starts[0]);
    }

    #[test]
    fn a_job_that_is_overdue_starts_once_and_at_once() {
        let now = Timestamp(100 * MINUTE);
        assert_eq!(every(5, 0).first("hr", Some(Timestamp(0)), now), Some(now));
        assert_eq!(every(5, 0).first("hr", Some(Timestamp(98 * MINUTE)), now), Some(Timestamp(103 * MINUTE)));
        assert_eq!(every(5, 0).first("hr", None, now), Some(now));
    }

    #[test]
    fn a_missed_night_is_made_up_for_unless_the_operator_skips_it() {
        let night = |missed| Schedule::Calendar { cron: Cron::at(0, 2), zone: TimeZone::UTC, missed };
        let day = 24 * 60 * MINUTE;
        let (last, now) = (Timestamp(2 * 60 * MINUTE), Timestamp(3 * day));
        assert_eq!(night(Missed::Run).first("hr", Some(last), now), Some(now));
        assert_eq!(night(Missed::Skip).first("hr", Some(last), now), Some(Timestamp(3 * day + 2 * 60 * MINUTE)));
        assert_eq!(night(Missed::Run).first("hr", None, now), Some(Timestamp(3 * day + 2 * 60 * MINUTE)));
        let soon = Timestamp(day);
        assert_eq!(night(Missed::Run).first("hr", Some(last), soon), Some(Timestamp(day + 2 * 60 * MINUTE)));
    }

    #[test]
    fn a_full_scan_is_wanted_when_the_last_one_is_old() {
        let schedule = every(5, 0);
        assert!(schedule.wants_full(None, Timestamp(1)));
        assert!(!schedule.wants_full(Some(Timestamp(0)), Timestamp(59 * MINUTE)));
        assert!(schedule.wants_full(Some(Timestamp(0)), Timestamp(60 * MINUTE)));
        let always = Schedule::Interval { every: MINUTE, full: None, jitter: 0 };
        assert!(!always.wants_full(None, Timestamp(1)));
    }
}
