//! A few connections with many requests on each, and the tasks that wait for their answers.
//!
//! A directory works on the requests of a connection side by side, and answers in any order. So what must come after something else
//! waits for its answer ([`super::order`]). Tasks are futures: each says what it asks and goes on with the answer. They are
//! driven here, one after the other, whenever answers have come.

pub use super::line::{Ask, Got, Lost};
use super::line::{Line, Rest};
use crate::settings::{Place, Settings};
use rosterd_sdk::{Fault, clock, stream};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// How long to wait for an answer on any of them: short enough for a look afterwards within one call of the host.
const PATIENCE_MS: u32 = 20_000;
/// Requests on one connection that are not answered yet.
const WINDOW: usize = 32;
/// Connections that may break in one batch before it is given up.
const MOST_BREAKS: u32 = 8;

/// Something that is done while others are, too.
pub type Task<'t, T> = Pin<Box<dyn Future<Output = T> + 't>>;

type Slot = u64;
type Answer = Result<Got, Lost>;

#[derive(Debug, Default)]
struct Inner {
    lines: Vec<Line>,
    /// The server of this run: another one may not have yet what was written to it.
    home: Option<Place>,
    queue: VecDeque<(Slot, Ask)>,
    answers: BTreeMap<Slot, Answer>,
    /// Who goes on with which answer.
    asked: BTreeMap<Slot, Waker>,
    last: Slot,
    breaks: u32,
}

/// The connections of one run.
#[derive(Debug)]
pub struct Pool {
    settings: Settings,
    inner: RefCell<Inner>,
}

impl Pool {
    /// Without a connection so far.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), inner: RefCell::default() }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// There is none.
    pub async fn ask(&self, ask: Ask) -> Answer {
        let slot = {
            let mut inner = self.inner.borrow_mut();
            inner.last += 1;
            let slot = inner.last;
            inner.queue.push_back((slot, ask));
            slot
        };
        std::future::poll_fn(|context| {
            let mut inner = self.inner.borrow_mut();
            if let Some(answer) = inner.answers.remove(&slot) {
                return Poll::Ready(answer);
            }
            inner.asked.insert(slot, context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Runs tasks to their ends, so many of them at once, made and begun in their order. None: they waited for each other.
    /// Others may be run while one is made. Only a task that was woken is looked at again.
    pub fn drive<'t, T, I>(&self, tasks: I, at_once: usize) -> Vec<Option<T>>
    where
        I: IntoIterator<Item = Task<'t, T>>,
        I::IntoIter: ExactSizeIterator,
    {
        let tasks = tasks.into_iter();
        let mut results: Vec<Option<T>> = (0..tasks.len()).map(|_| None).collect();
        let mut waiting = tasks.enumerate();
        let mut active: Vec<(usize, Task<'t, T>, Arc<Woken>)> = Vec::new();
        self.inner.borrow_mut().breaks = 0;
        loop {
            let new = waiting.by_ref().take(at_once.saturating_sub(active.len()));
            active.extend(new.map(|(at, task)| (at, task, Arc::new(Woken(AtomicBool::new(true))))));
            active.retain_mut(|(at, task, woken)| {
                if !woken.0.swap(false, Ordering::Relaxed) {
                    return true;
                }
                match task.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(woken)))) {
                    Poll::Ready(result) => {
                        results[*at] = Some(result);
                        false
                    }
                    Poll::Pending => true,
                }
            });
            if active.is_empty() && waiting.len() == 0 {
                return results;
            }
            // Whoever can go on does, before anything is waited for.
            let more = active.len() < at_once && waiting.len() > 0;
            if more || active.iter().any(|(.., woken)| woken.0.load(Ordering::Relaxed)) {
                continue;
            }
            if !self.turn() {
                return results;
            }
        }
    }

    /// Runs one task.
    ///
    /// # Errors
    /// What it comes to.
    pub fn run<T>(&self, task: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let mut task = pin!(task);
        let mut context = Context::from_waker(Waker::noop());
        self.inner.borrow_mut().breaks = 0;
        loop {
            if let Poll::Ready(result) = task.as_mut().poll(&mut context) {
                return result;
            }
            if !self.turn() {
                return Err(Fault::internal("a request waits for nothing"));
            }
        }
    }

    /// Sends what waits, and takes in some answers; false: nothing is under way.
    fn turn(&self) -> bool {
        let inner = &mut *self.inner.borrow_mut();
        if inner.queue.is_empty() && inner.lines.iter().all(Line::is_idle) {
            return false;
        }
        inner.send(&self.settings);
        inner.receive();
        true
    }

    /// Says good-bye on all connections.
    pub fn close(self) {
        self.inner.into_inner().lines.into_iter().for_each(Line::close);
    }
}

/// Whether a task is to be looked at again.
#[derive(Debug)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Inner {
    /// An answer is there.
    fn answer(&mut self, slot: Slot, answer: Answer) {
        self.answers.insert(slot, answer);
        if let Some(waker) = self.asked.remove(&slot) {
            waker.wake();
        }
    }

    fn send(&mut self, settings: &Settings) {
        let under_way: usize = self.queue.len() + self.lines.iter().map(Line::in_flight).sum::<usize>();
        // One for a few requests, all for many.
        let wanted = under_way.div_ceil(4).clamp(1, settings.connections as usize);
        while self.lines.len() < wanted && !self.queue.is_empty() {
            match Line::open(settings, self.home.as_ref()) {
                Ok(line) => {
                    self.home.get_or_insert_with(|| line.place().clone());
                    self.lines.push(line);
                }
                // Those that are open will do.
                Err(_) if !self.lines.is_empty() => break,
                Err(fault) => return self.refuse(&fault),
            }
        }
        loop {
            let free =
                self.lines.iter_mut().filter(|line| line.in_flight() < WINDOW).min_by_key(|line| line.in_flight());
            let Some(line) = free else { break };
            let Some((slot, ask)) = self.queue.pop_front() else { break };
            line.put(slot, ask);
        }
        for at in (0..self.lines.len()).rev() {
            if let Err(fault) = self.lines[at].flush() {
                self.lost(at, &fault);
            }
        }
    }

    fn receive(&mut self) {
        let flying: Vec<usize> = (0..self.lines.len()).filter(|at| !self.lines[*at].is_idle()).collect();
        if flying.is_empty() {
            return;
        }
        let streams: Vec<&stream::Connection> = flying.iter().map(|at| self.lines[*at].stream()).collect();
        let ready = stream::ready(&streams, PATIENCE_MS);
        let mut ready: Vec<usize> = ready.iter().filter_map(|at| flying.get(*at as usize).copied()).collect();
        if ready.is_empty() {
            let text = format!("{} did not answer in {} s", self.lines[flying[0]].name(), PATIENCE_MS / 1000);
            for at in flying.into_iter().rev() {
                self.lost(at, &Fault::timeout(text.clone()));
            }
            return;
        }
        // Those behind are done first: a connection that is gone gives its place to the last one.
        ready.sort_unstable();
        for at in ready.into_iter().rev() {
            match self.lines[at].take_in() {
                Ok(answers) => answers.into_iter().for_each(|(slot, got)| self.answer(slot, Ok(got))),
                Err(fault) => self.lost(at, &fault),
            }
        }
    }

    /// A connection is gone. What only reads is asked again on another one, once.
    fn lost(&mut self, at: usize, fault: &Fault) {
        let line = self.lines.swap_remove(at);
        self.breaks += 1;
        for (slot, rest) in line.rest() {
            match rest {
                Rest::Answered(got) => self.answer(slot, Ok(got)),
                Rest::Again(ask) => self.queue.push_front((slot, ask)),
                Rest::Lost => {
                    let sent = !fault.certainly_not_sent();
                    self.answer(slot, Err(Lost { fault: fault.clone(), sent }));
                }
            }
        }
        if self.breaks > MOST_BREAKS {
            self.refuse(fault);
        }
    }

    /// Nothing more can be sent.
    fn refuse(&mut self, fault: &Fault) {
        for (slot, _) in std::mem::take(&mut self.queue) {
            self.answer(slot, Err(Lost { fault: fault.clone(), sent: false }));
        }
    }
}

/// A batch that takes longer ends: the host ends a call after two minutes.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(u64);

impl Deadline {
    /// So many nanoseconds from now on.
    #[must_use]
    pub fn within(nanoseconds: u64) -> Self {
        Self(clock::monotonic_ns().saturating_add(nanoseconds))
    }

    /// True once it is over.
    #[must_use]
    pub fn is_over(self) -> bool {
        clock::monotonic_ns() > self.0
    }
}
