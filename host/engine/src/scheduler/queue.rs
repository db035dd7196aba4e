//! What starts when, as a value: due times, one run per connection, triggers that become one, a bound on what runs at once.

use super::Chore;
use crate::schedule::Schedule;
use rosterd_model::{ConnectionId, Rule, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A job as the configuration has it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its name.
    pub job: String,
    /// The connection that it reads.
    pub connection: ConnectionId,
    /// When it runs by itself; none: it is only woken.
    pub schedule: Option<Schedule>,
    /// When its last run began.
    pub last: Option<Timestamp>,
    /// When the last run that read everything began.
    pub last_full: Option<Timestamp>,
}

/// Why a run starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Its schedule.
    Schedule,
    /// A remote system hinted at a change.
    Hint,
    /// A person asked.
    Person,
}

impl Cause {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Hint => "hint",
            Self::Person => "person",
        }
    }
}

/// A run that should start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The job.
    pub job: String,
    /// True: everything is to be read, although the source may know deltas.
    pub full: bool,
    /// Why; of several triggers that became one, the last.
    pub cause: Cause,
    /// How many triggers became this one.
    pub triggers: u32,
}

/// What starts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    Run(Trigger),
    Chore(&'static str),
}

/// A job, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its name.
    pub job: String,
    /// The connection that it reads.
    pub connection: ConnectionId,
    /// When it is due by its schedule.
    pub due: Option<Timestamp>,
    /// It runs.
    pub running: bool,
    /// It waits for its connection, or for its turn.
    pub waiting: bool,
}

struct Entry {
    standing: Standing,
    due: Option<Timestamp>,
    /// What waits, and since when in the order of arrival.
    pending: Option<(u64, Trigger)>,
}

pub(super) struct Queue {
    jobs: BTreeMap<String, Entry>,
    chores: BTreeMap<&'static str, (u64, Timestamp)>,
    busy: BTreeMap<ConnectionId, String>,
    /// Runs under way; without the rule of one run per connection there may be more of them than busy connections.
    runs: usize,
    chores_running: BTreeSet<&'static str>,
    most: usize,
    arrivals: u64,
    stopped: bool,
}

impl Queue {
    pub(super) fn new(most: usize, chores: &[Chore], now: Timestamp) -> Self {
        let due = |chore: &Chore| (chore.name, (chore.every.max(1), now.plus_ms(chore.after)));
        Self {
            jobs: BTreeMap::new(),
            chores: chores.iter().map(due).collect(),
            busy: BTreeMap::new(),
            runs: 0,
            chores_running: BTreeSet::new(),
            most: most.max(1),
            arrivals: 0,
            stopped: false,
        }
    }

    /// Other jobs from now on. A job that is there before and after keeps what waits, when it last ran, and, if its
    /// schedule is the same, its due time.
    pub(super) fn replace(&mut self, jobs: Vec<Standing>, now: Timestamp) {
        let mut before = std::mem::take(&mut self.jobs);
        for mut standing in jobs {
            let known = before.remove(&standing.job);
            let mut pending = None;
            let mut due = None;
            if let Some(known) = known {
                standing.last = standing.last.max(known.standing.last);
                standing.last_full = standing.last_full.max(known.standing.last_full);
                pending = known.pending;
                due = known.due.filter(|_| known.standing.schedule == standing.schedule);
            }
            let first = || standing.schedule.as_ref()?.first(&standing.job, standing.last, now);
            let due = due.or_else(first);
            self.jobs.insert(standing.job.clone(), Entry { standing, due, pending });
        }
    }

    pub(super) fn wake(&mut self, job: &str, full: bool, cause: Cause) -> bool {
        let arrival = self.arrivals;
        let Some(entry) = self.jobs.get_mut(job) else { return false };
        self.arrivals += 1;
        match &mut entry.pending {
            Some((_, pending)) => {
                pending.full |= full;
                pending.cause = cause;
                pending.triggers = pending.triggers.saturating_add(1);
            }
            none => *none = Some((arrival, Trigger { job: job.to_owned(), full, cause, triggers: 1 })),
        }
        true
    }

    /// What starts now: chores that are due, and of what waits as much as there is room for, in the order of arrival.
    pub(super) fn take(&mut self, now: Timestamp) -> Vec<Start> {
        if self.stopped {
            return Vec::new();
        }
        self.become_pending(now);
        let mut starts = Vec::new();
        for (name, (every, due)) in &mut self.chores {
            if *due <= now && self.chores_running.insert(name) {
                *due = Timestamp(now.0.saturating_add(*every));
                starts.push(Start::Chore(name));
            }
        }
        let mut waiting: Vec<(u64, String)> =
            self.jobs.iter().filter_map(|(job, entry)| Some((entry.pending.as_ref()?.0, job.clone()))).collect();
        waiting.sort_unstable();
        for (_, job) in waiting {
            if self.runs >= self.most {
                break;
            }
            let Some(entry) = self.jobs.get_mut(&job) else { continue };
            if Rule::OneRunPerConnection.on() && self.busy.contains_key(&entry.standing.connection) {
                continue;
            }
            let Some((_, mut trigger)) = entry.pending.take() else { continue };
            let schedule = entry.standing.schedule.as_ref();
            trigger.full |= schedule.is_some_and(|schedule| schedule.wants_full(entry.standing.last_full, now));
            entry.standing.last = Some(now);
            // From this start on: a run that was woken is as good as one that was due.
            if let Some(Schedule::Interval { .. }) = schedule {
                entry.due = schedule.and_then(|schedule| schedule.next(&job, now));
            }
            self.busy.insert(entry.standing.connection.clone(), job);
            self.runs += 1;
            starts.push(Start::Run(trigger));
        }
        starts
    }

    /// Jobs whose time has come wait from now on.
    fn become_pending(&mut self, now: Timestamp) {
        let due: Vec<String> = self
            .jobs
            .iter()
            .filter(|(_, entry)| entry.due.is_some_and(|due| due <= now))
            .map(|(job, _)| job.clone())
            .collect();
        for job in due {
            if let Some(entry) = self.jobs.get_mut(&job) {
                // Times that passed unseen are one.
                entry.due = entry.standing.schedule.as_ref().and_then(|schedule| schedule.next(&job, now));
            }
            self.wake(&job, false, Cause::Schedule);
        }
    }

    /// Something that was started is over.
    pub(super) fn ended(&mut self, start: &Start, began: Timestamp, read_all: bool) {
        match start {
            Start::Chore(name) => {
                self.chores_running.remove(name);
            }
            Start::Run(trigger) => {
                self.runs = self.runs.saturating_sub(1);
                self.busy.retain(|_, job| *job != trigger.job);
                if let Some(entry) = self.jobs.get_mut(&trigger.job).filter(|_| read_all) {
                    entry.standing.last_full = Some(began);
                }
            }
        }
    }

    /// When there is something to do next, if nothing else happens before.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let jobs = self.jobs.values().filter_map(|entry| entry.due);
        let chores = self.chores.iter().filter(|(name, _)| !self.chores_running.contains(*name));
        jobs.chain(chores.map(|(_, (_, due))| *due)).min()
    }

    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(super) const fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn look(&self) -> Vec<Look> {
        let running: BTreeSet<&String> = self.busy.values().collect();
        let look = |(job, entry): (&String, &Entry)| Look {
            job: job.clone(),
            connection: entry.standing.connection.clone(),
            due: entry.due,
            running: running.contains(job),
            waiting: entry.pending.is_some(),
        };
        self.jobs.iter().map(look).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn job(name: &str, connection: &str, every: u64) -> Standing {
        let schedule = (every > 0).then_some(Schedule::Interval { every: every * MINUTE, full: None, jitter: 0 });
        let connection = connection.parse().expect("a name");
        Standing { job: name.to_owned(), connection, schedule, last: Some(Timestamp(0)), last_full: None }
    }

    fn queue(most: usize, jobs: Vec<Standing>) -> Queue {
        let mut queue = Queue::new(most, &[], Timestamp(0));
        queue.replace(jobs, Timestamp(0));
        queue
    }

    fn at(minutes: u64) -> Timestamp {
        Timestamp(minutes * MINUTE)
    }

    fn names(starts: &[Start]) -> Vec<&str> {
        starts
            .iter()
            .map(|start| match start {
                Start::Run(trigger) => trigger.job.as_str(),
                Start::Chore(name) => name,
            })
            .collect()
    }

    #[test]
    fn a_job_runs_when_it_is_due_and_then_again() {
        let mut queue = queue(2, vec![job("hr", "hr", 5)]);
        assert!(queue.take(at(4)).is_empty());
        let starts = queue.take(at(5));
        assert_eq!(names(&starts), ["hr"]);
        queue.ended(&starts[0], at(5), true);
        assert_eq!(queue.next_due(), Some(at(10)));
    }

    #[test]
    fn triggers_during_a_run_become_one_that_follows() {
        let mut queue = queue(2, vec![job("hr", "hr", 5)]);
        let starts = queue.take(at(5));
        assert!(queue.wake("hr", false, Cause::Hint) && queue.wake("hr", true, Cause::Person));
        assert!(queue.take(at(30)).is_empty(), "its connection is busy");
        queue.ended(&starts[0], at(5), true);
        let next = queue.take(at(31));
        let Some(Start::Run(trigger)) = next.first() else { panic!("{next:?}") };
        assert_eq!((trigger.triggers, trigger.full), (3, true), "two wakes and the schedule");
        queue.ended(&next[0], at(31), true);
        assert!(queue.take(at(32)).is_empty());
    }

    #[test]
    fn two_jobs_of_one_connection_follow_each_other() {
        let mut queue = queue(4, vec![job("a", "hr", 5), job("b", "hr", 5), job("c", "app", 5)]);
        let starts = queue.take(at(5));
        assert_eq!(names(&starts), ["a", "c"]);
        queue.ended(&starts[0], at(5), true);
        assert_eq!(names(&queue.take(at(6))), ["b"]);
    }

    #[test]
    fn no_more_than_the_bound_run_at_once_and_the_first_come_first() {
        let mut queue = queue(1, vec![job("a", "a", 0), job("b", "b", 0), job("c", "c", 0)]);
        for job in ["c", "a", "b"] {
            assert!(queue.wake(job, false, Cause::Person));
        }
        let mut order = Vec::new();
        for minute in 0..3 {
            let starts = queue.take(at(minute));
            order.extend(names(&starts).into_iter().map(str::to_owned));
            queue.ended(&starts[0], at(minute), true);
        }
        assert_eq!(order, ["c", "a", "b"]);
    }

    #[test]
    fn a_job_that_is_not_there_can_not_be_woken() {
        let mut queue = queue(1, vec![job("a", "a", 0)]);
        assert!(!queue.wake("b", false, Cause::Hint));
        assert_eq!(queue.next_due(), None, "without a schedule it is only woken");
    }

    #[test]
    fn other_jobs_keep_what_is_the_same() {
        let mut queue = queue(1, vec![job("a", "a", 5), job("b", "b", 5)]);
        assert!(queue.wake("b", false, Cause::Hint));
        queue.replace(vec![job("b", "b", 5), job("c", "c", 7)], at(3));
        assert_eq!(names(&queue.take(at(3))), ["b"]);
        assert_eq!(queue.look().iter().map(|look| look.due).collect::<Vec<_>>(), [Some(at(8)), Some(at(7))]);
        queue.replace(vec![job("b", "b", 9)], at(4));
        assert_eq!(queue.next_due(), Some(at(12)), "another schedule counts from the last start");
    }

    #[test]
    fn a_full_scan_is_asked_for_when_the_last_one_is_old() {
        let mut standing = job("hr", "hr", 5);
        standing.schedule = Some(Schedule::Interval { every: 5 * MINUTE, full: Some(12 * MINUTE), jitter: 0 });
        standing.last_full = Some(at(0));
        let mut queue = queue(1, vec![standing]);
        let mut full = Vec::new();
        for minute in [5, 10, 15, 20] {
            let starts = queue.take(at(minute));
            let Some(Start::Run(trigger)) = starts.first() else { panic!("{starts:?}") };
            full.push(trigger.full);
            queue.ended(&starts[0], at(minute), trigger.full);
        }
        assert_eq!(full, [false, false, true, false]);
    }

    #[test]
    fn chores_run_beside_jobs_and_never_twice_at_once() {
        let mut queue = Queue::new(1, &[Chore { name: "timers", every: MINUTE, after: 0 }], at(0));
        let first = queue.take(at(0));
        assert_eq!(names(&first), ["timers"]);
        assert!(queue.take(at(2)).is_empty(), "the first is not over");
        assert_eq!(queue.next_due(), None, "what runs is not waited for");
        queue.ended(&first[0], at(0), false);
        assert_eq!(names(&queue.take(at(2))), ["timers"]);
    }

    #[test]
    fn nothing_starts_once_it_is_stopped() {
        let mut queue = queue(1, vec![job("hr", "hr", 5)]);
        queue.stop();
        assert!(queue.take(at(50)).is_empty());
    }
}
