//! Who waits goes together: while a run of a pushed source is under way, further submissions wait, and the next run takes
//! all of them. So the disk is waited for once for many clients, and one that is alone waits for nobody. Whoever was answered a
//! moment ago is waited for a moment, if others wait already.

use super::reading::Reading;
use super::seeing::see_to;
use super::{Answer, Told, later};
use crate::engine::Engine;
use rosterd_model::directory::LargePart;
use rosterd_model::{ConnectionId, Fault, FaultKind, JobId};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Submissions that one run takes in, unless a single client submits more at once.
const TOGETHER: usize = 5_000;
/// Submissions of one connection that wait at most; whoever comes then is asked to come again. Whoever only wants to hear that
/// much was stored waits beside them, however many others do, and is counted by whoever lets him come.
const MOST_WAITING: usize = 50_000;

/// Whoever was answered just now is waited for at most so long, and half as long as the last run took.
const LONGEST_HOPE: Duration = Duration::from_millis(2);
/// So many calls share a wait for the disk well enough: while they are decided, more are made ready.
const ENOUGH: usize = 16;
/// After a wait for nothing so many runs wait for nobody.
const PASSES: u32 = 8;

/// Whoever says that more follows is waited for so long.
const PATIENCE: Duration = Duration::from_millis(200);

/// What one client submitted at once.
pub(super) struct Call {
    pub(super) engine: Engine,
    /// How many were submitted.
    pub(super) count: usize,
    pub(super) submissions: Reading,
    pub(super) told: Told,
    /// True: the next part of the same comes at once.
    pub(super) follows: bool,
    /// What the submissions take of the room of whoever submits them.
    pub(super) room: Option<Box<dyn Send>>,
    pub(super) answer: oneshot::Sender<Vec<Answer>>,
}

impl Call {
    /// What it takes of the room of those that wait.
    fn counts(&self) -> usize {
        if self.told == Told::Outcome { 0 } else { self.count }
    }
}

/// What waits, by connection; and what is known of each. Shared by all engines of a process.
#[derive(Default)]
pub(crate) struct Pushes {
    all: Mutex<BTreeMap<ConnectionId, Waiting>>,
    /// A call came.
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    calls: VecDeque<Call>,
    /// Submissions in them.
    count: usize,
    /// Calls that may be expected together: those that waited when the last run ended, and those that it answered.
    wanted: usize,
    /// True: somebody waits for them.
    gathering: bool,
    /// True: somebody waits for the next one, whatever it is.
    following: bool,
    /// How long they may be waited for.
    patience: Duration,
    /// When the last run ended, if nobody looked since.
    ended: Option<Instant>,
    /// So many runs wait for nobody, because the last wait was for nothing.
    passes: u32,
    /// True: this process left no plan of it half applied, and found none.
    whole: bool,
    /// True: every object can be looked up by its values, as far as this process knows.
    indexed: bool,
    /// No plan of this job up to this number waits for anything, or ever will.
    over: Option<(JobId, u64)>,
    /// True: somebody delivers what was queued.
    delivering: bool,
    /// True: more was queued meanwhile.
    again: bool,
}

impl fmt::Debug for Pushes {
    /// What clients say is personal and stays out of every text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pushes").finish_non_exhaustive()
    }
}

impl Pushes {
    fn all(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Waiting>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a call behind those that wait. True: none waited, so that somebody must see to it. The call comes back if too
    /// many wait.
    fn wait(&self, connection: &ConnectionId, call: Call) -> Result<bool, Box<Call>> {
        let mut all = self.all();
        let waiting = all.entry(connection.clone()).or_default();
        if waiting.count > 0 && call.counts() > 0 && waiting.count + call.counts() > MOST_WAITING {
            return Err(Box::new(call));
        }
        waiting.count += call.counts();
        waiting.calls.push_back(call);
        // Nobody is woken before it is worth it.
        if waiting.following || (waiting.gathering && waiting.calls.len() >= waiting.wanted.min(ENOUGH)) {
            self.came.notify_all();
        }
        Ok(waiting.calls.len() == 1)
    }

    /// Notes that so many calls are about to be answered, by a run of this time.
    pub(super) fn note_end(&self, connection: &ConnectionId, answered: usize, took: Duration, now: Instant) {
        let mut all = self.all();
        let waiting = all.entry(connection.clone()).or_default();
        waiting.wanted = waiting.calls.len() + answered;
        waiting.patience = (took / 2).min(LONGEST_HOPE);
        waiting.ended = Some(now);
    }

    /// How many calls may be expected together, and for how long; none: no more than are there.
    pub(super) fn hope(&self, connection: &ConnectionId, now: Instant) -> Option<(usize, Duration)> {
        let mut all = self.all();
        let waiting = all.get_mut(connection)?;
        let wanted = waiting.wanted.min(ENOUGH);
        if waiting.calls.len() >= wanted || now.duration_since(waiting.ended.take()?) > waiting.patience {
            return None;
        }
        if waiting.passes > 0 {
            waiting.passes -= 1;
            return None;
        }
        Some((wanted, waiting.patience))
    }

    /// Waits until so many calls are there, and not longer.
    pub(super) fn gather(&self, connection: &ConnectionId, wanted: usize, patience: Duration) {
        let until = Instant::now() + patience;
        let mut all = self.all();
        loop {
            let Some(waiting) = all.get_mut(connection) else { return };
            if waiting.calls.len() >= wanted {
                waiting.gathering = false;
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            waiting.gathering = !left.is_zero();
            if left.is_zero() {
                waiting.passes = PASSES;
                return;
            }
            let woken = self.came.wait_timeout(all, left);
            all = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes those that go together. True: others are left, and somebody must see to them.
    pub(super) fn take(&self, connection: &ConnectionId) -> (Vec<Call>, bool) {
        let mut all = self.all();
        let Some(waiting) = all.get_mut(connection) else { return (Vec::new(), false) };
        let (mut calls, mut count) = (Vec::new(), 0);
        while let Some(call) = waiting.calls.pop_front() {
            if !calls.is_empty() && count + call.count > TOGETHER {
                waiting.calls.push_front(call);
                break;
            }
            count += call.count;
            waiting.count -= call.counts();
            calls.push(call);
        }
        (calls, !waiting.calls.is_empty())
    }

    /// Takes the next part of something large, if it is the next that waits. Whoever said that it follows is waited for a moment.
    pub(super) fn take_following(
        &self,
        connection: &ConnectionId,
        follows: bool,
        fits: impl Fn(&Call) -> bool,
    ) -> Option<Call> {
        let until = Instant::now() + if follows { PATIENCE } else { Duration::ZERO };
        let mut all = self.all();
        loop {
            let waiting = all.get_mut(connection)?;
            let left = until.saturating_duration_since(Instant::now());
            waiting.following = waiting.calls.is_empty() && !left.is_zero();
            if !waiting.following {
                // It takes nothing of the room of those that wait.
                return waiting.calls.pop_front_if(|call| call.told == Told::Outcome && fits(call));
            }
            all = self.came.wait_timeout(all, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// True: this process knows that no plan of the connection is half applied.
    pub(super) fn is_whole(&self, connection: &ConnectionId) -> bool {
        self.all().get(connection).is_some_and(|waiting| waiting.whole)
    }

    /// Notes whether plans of the connection are applied as a whole.
    pub(super) fn set_whole(&self, connection: &ConnectionId, whole: bool) {
        self.all().entry(connection.clone()).or_default().whole = whole;
    }

    /// True: every object of the connection can be looked up by its values.
    pub(super) fn is_indexed(&self, connection: &ConnectionId) -> bool {
        self.all().get(connection).is_some_and(|waiting| waiting.indexed)
    }

    /// Notes whether it is so.
    pub(crate) fn set_indexed(&self, connection: &ConnectionId, indexed: bool) {
        self.all().entry(connection.clone()).or_default().indexed = indexed;
    }

    /// Up to which number all plans of the job are over, as far as this process knows.
    pub(crate) fn plans_over(&self, connection: &ConnectionId, job: &JobId) -> u64 {
        let all = self.all();
        let over = all.get(connection).and_then(|waiting| waiting.over.as_ref());
        over.filter(|(name, _)| name == job).map_or(0, |(_, number)| *number)
    }

    /// Notes that all plans of the job up to this number are over. Whoever says so has the turn on the connection.
    pub(crate) fn note_plans_over(&self, connection: &ConnectionId, job: &JobId, number: u64) {
        self.all().entry(connection.clone()).or_default().over = Some((job.clone(), number));
    }

    /// True: nobody delivers what this connection queued, and whoever asks must.
    fn begin_to_deliver(&self, connection: &ConnectionId) -> bool {
        let mut all = self.all();
        let waiting = all.entry(connection.clone()).or_default();
        waiting.again = waiting.delivering;
        !std::mem::replace(&mut waiting.delivering, true)
    }

    /// True: more was queued while it was delivered.
    fn go_on(&self, connection: &ConnectionId) -> bool {
        let mut all = self.all();
        let waiting = all.entry(connection.clone()).or_default();
        waiting.delivering = std::mem::take(&mut waiting.again);
        waiting.delivering
    }
}

/// Submits, and waits until it is decided and durable.
pub(super) async fn submit(engine: &Engine, connection: &ConnectionId, part: LargePart, told: Told) -> Vec<Answer> {
    let LargePart { submissions, follows, room } = part;
    let count = submissions.len();
    let all = |fault: Fault| -> Vec<Answer> { (0..count).map(|_| Err(fault.clone())).collect() };
    if count == 0 {
        return Vec::new();
    }
    let (answer, answered) = oneshot::channel();
    let submissions = Reading::begin(submissions);
    let call = Call { engine: engine.clone(), count, submissions, told, follows, room, answer };
    match engine.gate.pushes().wait(connection, call) {
        Ok(true) => see_to(engine.clone(), connection.clone()),
        Ok(false) => {}
        Err(_) => {
            let text = "too many changes wait already; come again later";
            return all(Fault { retry_after_ms: Some(1_000), ..Fault::new(FaultKind::RateLimited, text) });
        }
    }
    answered.await.unwrap_or_else(|_| all(later("the hub ended before it was decided; try again later")))
}

/// Delivers what was queued, beside whatever comes next.
pub(super) fn deliver(engine: &Engine, connection: &ConnectionId) {
    if !engine.gate.pushes().begin_to_deliver(connection) {
        return;
    }
    let (engine, connection) = (engine.clone(), connection.clone());
    drop(tokio::spawn(async move {
        loop {
            if let Err(error) = engine.deliver().await {
                tracing::warn!(%error, "what clients changed was not delivered; it is tried again");
            }
            if !engine.gate.pushes().go_on(&connection) {
                return;
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_answered_just_now_is_waited_for_and_not_again_if_he_did_not_come() {
        let (pushes, now) = (Pushes::default(), Instant::now());
        let connection: ConnectionId = "api".parse().expect("a name");
        assert_eq!(pushes.hope(&connection, now), None);
        let took = Duration::from_millis(2);
        pushes.note_end(&connection, 4, took, now);
        assert_eq!(pushes.hope(&connection, now), Some((4, took / 2)));
        assert_eq!(pushes.hope(&connection, now), None, "only the next run waits");
        pushes.note_end(&connection, 4, took, now);
        assert_eq!(pushes.hope(&connection, now + took), None, "that was long ago");
        pushes.gather(&connection, 4, Duration::ZERO);
        for _ in 0..PASSES {
            pushes.note_end(&connection, 4, took, now);
            assert_eq!(pushes.hope(&connection, now), None);
        }
        pushes.note_end(&connection, 4, 100 * took, now);
        assert_eq!(pushes.hope(&connection, now), Some((4, LONGEST_HOPE)));
    }

    #[test]
    fn many_are_enough_and_nobody_waits_for_more() {
        let (pushes, now) = (Pushes::default(), Instant::now());
        let connection: ConnectionId = "api".parse().expect("a name");
        pushes.note_end(&connection, 10 * ENOUGH, LONGEST_HOPE, now);
        assert_eq!(pushes.hope(&connection, now), Some((ENOUGH, LONGEST_HOPE / 2)));
    }

    #[test]
    fn of_which_plans_nothing_waits_is_known_of_one_job() {
        let pushes = Pushes::default();
        let (connection, other): (ConnectionId, ConnectionId) = ("api".parse().unwrap(), "hr".parse().unwrap());
        let (job, renamed): (JobId, JobId) = ("api".parse().unwrap(), "renamed".parse().unwrap());
        pushes.note_plans_over(&connection, &job, 7);
        assert_eq!(pushes.plans_over(&connection, &job), 7);
        assert_eq!(pushes.plans_over(&connection, &renamed), 0);
        assert_eq!(pushes.plans_over(&other, &job), 0);
    }

    #[test]
    fn whoever_queues_while_it_is_delivered_is_delivered_too() {
        let (pushes, api) = (Pushes::default(), "api".parse().unwrap());
        assert!(pushes.begin_to_deliver(&api));
        assert!(!pushes.begin_to_deliver(&api));
        assert!(pushes.go_on(&api));
        assert!(!pushes.go_on(&api));
        assert!(pushes.begin_to_deliver(&api));
    }
}
