//! The writing role: people, org units and groups of a directory.
//!
//! A change reads what is there and sends only differences, so that the same operation again changes nothing. Many operations are
//! under way at once, over a few connections; what must come after something waits for it ([`order`]). An answer that is lost is no
//! answer: what came of it is looked at once, and then said to be unknown.
//!
//! Pure: [`name`], [`wish`], [`change`], [`rules`], [`protect`], [`codes`], [`order`]. Effects: [`pool`], [`session`], and the actions
//! in `create`, `update`, `members`, `access`, `show`; this file keeps the batch.

mod access;
pub mod change;
mod class;
pub mod codes;
mod create;
pub mod describe;
pub mod done;
mod line;
mod members;
pub mod name;
pub mod order;
pub mod places;
pub mod pool;
pub mod protect;
pub mod rules;
pub mod session;
mod show;
pub mod trouble;
mod update;
pub mod wish;

use crate::settings::Settings;
use done::{Done, Outcome, receipt};
use order::{Order, Wait};
use pool::{Deadline, Task};
use rosterd_sdk::{Action, Class, Fault, Object, ObjectRef, Operation, Receipt};
use session::{Session, TOGETHER};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use trouble::Trouble;

/// Operations in one call. Between two calls nothing is under way, so that there should be few.
pub const BATCH: u32 = 2_000;
/// A batch that takes longer ends, and the rest is sent next: the host ends a call after two minutes.
const LONGEST_NS: u64 = 45_000_000_000;
/// Operations under way on each connection.
const PER_CONNECTION: usize = 24;
/// Operations that are read at once: the first of them go out while the others are not read yet.
const PORTION: usize = 128;

/// Writes to one directory, for one run.
#[derive(Debug)]
pub struct Writer {
    session: Session,
}

/// A batch under way.
struct Batch<'b> {
    session: &'b Session,
    /// What each operation wants, until it is tried for the first time.
    wishes: RefCell<Vec<Option<wish::Wish>>>,
    finished: RefCell<Vec<bool>>,
    /// Operations that wait for others.
    waiting: RefCell<Vec<Waker>>,
    /// So many of the first are all finished.
    up_to: Cell<usize>,
    stopped: RefCell<Option<Fault>>,
    deadline: Deadline,
}

impl Writer {
    /// For a connection.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { session: Session::new(settings) }
    }

    /// Says good-bye.
    pub fn close(self) {
        self.session.pool.close();
    }

    fn at_once(&self) -> usize {
        self.session.settings.connections as usize * PER_CONNECTION
    }

    /// Applies a batch. What would meet all of them ends it.
    pub fn apply(&mut self, operations: &[Operation]) -> Vec<Receipt> {
        let deadline = Deadline::within(LONGEST_NS);
        self.session.ahead.borrow_mut().clear();
        let batch = Batch {
            session: &self.session,
            wishes: RefCell::new(vec![None; operations.len()]),
            finished: RefCell::new(vec![false; operations.len()]),
            waiting: RefCell::default(),
            up_to: Cell::new(0),
            stopped: RefCell::default(),
            deadline,
        };
        // What is read while names change may be wrong at once.
        let portion = if operations.iter().any(order::changes_names) { operations.len() } else { PORTION };
        let (mut order, mut waits) = (Order::new(&self.session.settings), VecDeque::new());
        let one = |(at, operation): (usize, _)| -> Task<'_, Receipt> {
            if waits.is_empty() {
                let next = &operations[at..operations.len().min(at + portion)];
                waits.extend(self.read_portion(&batch, &mut order, (at, next)));
            }
            Box::pin(batch.task(at, operation, waits.pop_front().unwrap_or(Wait::All)))
        };
        let receipts = self.session.pool.drive(operations.iter().enumerate().map(one), self.at_once());
        self.session.ahead.borrow_mut().clear();
        let stuck = || Receipt::Unknown(Fault::internal("operations of a batch wait for each other"));
        receipts.into_iter().map(|receipt| receipt.unwrap_or_else(stuck)).collect()
    }

    /// Reads the next portion of a batch: what each operation wants, and waits for.
    fn read_portion<'o>(
        &self,
        batch: &Batch<'_>,
        order: &mut Order<'o>,
        (at, operations): (usize, &'o [Operation]),
    ) -> Vec<Wait> {
        let wishes: Vec<Option<wish::Wish>> = operations.iter().map(|operation| order.wish(operation)).collect();
        if batch.stopped.borrow().is_none()
            && let Err(trouble) = self.read_ahead(order, operations, &wishes)
        {
            batch.stopped.borrow_mut().get_or_insert(*trouble.fault);
        }
        let waits = operations.iter().zip(&wishes).map(|(operation, wish)| order.wait(operation, wish.as_ref()));
        let waits = waits.collect();
        for (place, wish) in batch.wishes.borrow_mut().iter_mut().skip(at).zip(wishes) {
            *place = wish;
        }
        waits
    }

    /// Entries that operations are about, and the names of those that they refer to: all together, before any of them begins.
    /// What an earlier one of the batch changes is read when that one is done.
    fn read_ahead(
        &self,
        order: &Order<'_>,
        operations: &[Operation],
        wishes: &[Option<wish::Wish>],
    ) -> Result<(), Trouble> {
        let session = &self.session;
        let mut own: BTreeMap<Option<&'static str>, (Option<Class>, Vec<String>)> = BTreeMap::new();
        for operation in operations {
            let Some(id) = operation.id.as_ref().filter(|id| !order.is_changed(id)) else { continue };
            let of_class = own.entry(Some(operation.class.as_str())).or_insert((Some(operation.class), Vec::new()));
            of_class.1.push(id.clone());
        }
        let referred = wishes.iter().flatten().flat_map(wish::Wish::ids);
        let referred = referred.filter(|id| !session.knows(id) && !order.is_changed(id)).map(str::to_owned);
        own.insert(None, (None, referred.collect()));
        type Look<'l> = Task<'l, Result<(), Trouble>>;
        let mut looks: Vec<Look<'_>> = vec![Box::pin(async { session.root().await.map(|_| ()) })];
        for (class, mut ids) in own.into_values() {
            ids.sort_unstable();
            ids.dedup();
            for some in ids.chunks(TOGETHER) {
                let some = some.to_vec();
                looks.push(Box::pin(async move {
                    let found = session.by_ids(&some, class).await?;
                    if class.is_some() {
                        session.ahead.borrow_mut().extend(found);
                    }
                    Ok(())
                }));
            }
        }
        session.pool.drive(looks, self.at_once()).into_iter().flatten().collect()
    }

    /// Objects with a value.
    ///
    /// # Errors
    /// `unsupported` if they can not be looked up by this attribute.
    pub fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Fault> {
        let find = async { self.session.find(class, attribute, value).await.map_err(|trouble| *trouble.fault) };
        self.session.pool.run(find)
    }

    /// Objects as they are now.
    pub fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        type Look<'l> = Task<'l, Result<Option<Object>, Trouble>>;
        let session = &self.session;
        session.ahead.borrow_mut().clear();
        let one = |object: &ObjectRef| -> Look<'_> {
            let (class, id) = (object.class, object.id.clone());
            Box::pin(async move { session.read(class, &id).await })
        };
        let looks = objects.iter().map(one);
        let answers = session.pool.drive(looks, self.at_once()).into_iter();
        let none = || Err(Fault::internal("a look waits for nothing"));
        answers.map(|answer| answer.map_or_else(none, |answer| answer.map_err(|trouble| *trouble.fault))).collect()
    }
}

impl Batch<'_> {
    /// One operation, in its turn.
    async fn task(&self, at: usize, operation: &Operation, wait: Wait) -> Receipt {
        poll_fn(|context| {
            if self.may_go(at, &wait) {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
        let stop = self.stopped.borrow().clone().or_else(|| self.deadline.is_over().then(slow));
        let receipt = match stop {
            Some(fault) => Receipt::NotAttempted(fault),
            None => {
                let outcome = self.carry_out(at, operation).await;
                if let Err(trouble) = &outcome
                    && trouble.stops()
                {
                    self.stopped.borrow_mut().get_or_insert_with(|| (*trouble.fault).clone());
                }
                receipt(outcome)
            }
        };
        if let Some(finished) = self.finished.borrow_mut().get_mut(at) {
            *finished = true;
        }
        self.waiting.take().into_iter().for_each(Waker::wake);
        receipt
    }

    fn may_go(&self, at: usize, wait: &Wait) -> bool {
        let finished = self.finished.borrow();
        match wait {
            Wait::For(others) => others.iter().all(|other| finished[*other]),
            Wait::All => {
                let more = finished[self.up_to.get()..].iter().take_while(|one| **one).count();
                self.up_to.set(self.up_to.get() + more);
                self.up_to.get() >= at
            }
        }
    }

    /// Carries an operation out; if nobody knows what came of it, once more, as what was sent before.
    async fn carry_out(&self, at: usize, operation: &Operation) -> Outcome {
        let wish = self.wishes.borrow_mut().get_mut(at).and_then(Option::take);
        let lost = match self.once(operation, wish, operation.attempt).await {
            Err(trouble) if trouble.unknown && trouble.code == 0 => trouble,
            outcome => return outcome,
        };
        match self.once(operation, None, operation.attempt.max(1) + 1).await {
            Ok(done) => Ok(Done { changed: true, ..done }),
            // The look failed, or the server says no to a change that may have been carried out.
            Err(_) => Err(lost),
        }
    }

    /// `wish`: what it wants, if that was read already.
    async fn once(&self, operation: &Operation, wish: Option<wish::Wish>, attempt: u32) -> Outcome {
        let session = self.session;
        match &operation.action {
            Action::Create(json) => session.create(operation, json, wish, attempt).await,
            Action::Update(edits) => session.update(operation, edits, wish).await,
            Action::Enable => session.set_enabled(operation, true).await,
            Action::Disable => session.set_enabled(operation, false).await,
            Action::SetPassword => session.set_password(operation).await,
            Action::MoveTo(unit) => session.move_to(operation, unit.as_ref().map(|unit| unit.id.as_str())).await,
            Action::Delete => session.delete(operation).await,
        }
    }
}

fn slow() -> Fault {
    Fault::transient("the server is slow: this batch took too long, and the rest is sent with the next")
}
