//! One visit to an opened destination: batches are computed, sent and settled.
//!
//! ```text
//! destination   1             2             3             4
//! transaction      2 goes out    1, 3 go in    2, 4 go in
//! computing     2, 3             4             5
//! ```
//!
//! What goes out is noted in the store before it is sent, so that a process which dies looks before it makes anything
//! again. The transaction that stores the answers to one batch notes the batch behind the next one, too: so the next one can
//! go out at once, and the destination does not wait for the disk. That is done only where every answer was a success and
//! the gate is open; otherwise answers are stored, and judged, before anything else is sent.
//!
//! Batches are computed ahead, over a view in which what is under way is not answered: they leave alone what it is about,
//! and where something in them waits it is computed once more, when the answers are there.

use super::ahead::Ahead;
use super::batch::{Batch, Flying};
use super::look::Answered;
use super::pace::Pace;
use super::request::Prepared;
use super::send::send;
use super::traits::Traits;
use super::turn::{self, Gate};
use super::verify::Samples;
use super::worker::Route;
use super::{CountReceipts, Delivered, Overlap};
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::scan::blocking;
use rosterd_model::circuit::CircuitWindow;
use rosterd_model::effect;
use rosterd_model::port::Destination;
use rosterd_model::run::DeliveryCounts;
use rosterd_store::{InFlight, Snapshot};
use std::sync::Arc;

/// Batches that are computed behind the one that goes out. Where answers count only at the end, what is computed must know
/// of every batch before it.
const DEPTH: usize = 2;

/// One opened destination.
pub(super) struct Pass {
    route: Route,
    pace: Pace,
    /// Answers that count only once everything is published, and what they are about.
    late: Vec<Answered>,
    flights: Vec<InFlight>,
    flying: Flying,
    samples: Samples,
    sent: u64,
    counts: DeliveryCounts,
    /// What was answered so far, also where nothing failed.
    window: CircuitWindow,
}

impl Pass {
    pub(super) fn new(route: Route, probe: bool) -> Self {
        let mut pace = Pace::new(route.engine.settings.deliver_batch);
        pace.probing(probe);
        Self {
            route,
            pace,
            late: Vec::new(),
            flights: Vec::new(),
            flying: Flying::default(),
            samples: Samples::default(),
            sent: 0,
            counts: DeliveryCounts::default(),
            window: CircuitWindow::default(),
        }
    }

    /// True: another pass may find more to do.
    pub(super) async fn run(mut self, delivered: &mut Delivered, route: &mut Route) -> Result<bool, EngineError> {
        let Some(mut destination) = self.open(delivered).await? else { return Ok(false) };
        *route = self.route.clone();
        let drained = self.drain(&mut destination, delivered).await;
        effect::point("finish");
        let finished = destination.finish().await;
        effect::point("finished");
        drained?;
        match finished {
            Ok(()) => {
                let more = self.settle_late(delivered).await?;
                self.samples.check(&self.route, destination.as_mut(), &mut self.counts, delivered).await;
                delivered.add(&self.counts);
                Ok(more)
            }
            Err(fault) => {
                if self.route.traits.late {
                    // Nothing was published: every receipt of this run is void, and the entries stay as they were.
                    let unknown = self.late.len() as u64;
                    self.counts = DeliveryCounts { unknown, ..DeliveryCounts::default() };
                    turn::landed(&self.route)?;
                }
                delivered.faults.push(format!("connection {}: {fault}", self.route.name));
                delivered.add(&self.counts);
                Ok(false)
            }
        }
    }

    async fn open(&mut self, delivered: &mut Delivered) -> Result<Option<Box<dyn Destination>>, EngineError> {
        match self.route.engine.connections.destination(&self.route.name).await {
            Ok(mut destination) => {
                self.route.traits = Arc::new(Traits::of(destination.as_mut()).await);
                Ok(Some(destination))
            }
            Err(fault) => {
                delivered.faults.push(format!("connection {}: {fault}", self.route.name));
                turn::unreachable(&self.route, &fault)?;
                Ok(None)
            }
        }
    }

    async fn drain(
        &mut self,
        destination: &mut Box<dyn Destination>,
        delivered: &mut Delivered,
    ) -> Result<(), EngineError> {
        let (mut ahead, mut answered, mut noted) = (Ahead::default(), Vec::new(), false);
        loop {
            if self.route.engine.gate.is_stopping() {
                // What was answered is still stored; what was not sent waits in the outbox.
                ahead = Ahead::default();
            }
            let mut batch = match ahead.pop() {
                Some(batch) => batch,
                // Whoever waits may wait for something that was answered meanwhile.
                None => self.compute(&mut ahead, &answered).await?,
            };
            self.counts.stale += batch.stale;
            if batch.is_empty() && answered.is_empty() {
                return Ok(());
            }
            let ready = std::mem::take(&mut batch.ready);
            if self.route.traits.late {
                self.flying.add_late(&ready);
            }
            let beside = noted && !ready.is_empty() && self.may_go_at_once(&answered);
            let flights = self.flights(&batch, &ready, &ahead);
            noted = flights.len() > 1 && !self.route.traits.late;
            let filling = self.fill(ahead, self.under_way(&answered, &ready), !ready.is_empty())?;
            let turning = self.turn(std::mem::take(&mut answered), batch, flights, beside);
            let (filled, sent) = match beside {
                true => {
                    let order = self.route.engine.delivering.overlap();
                    let sending = self.send(destination, ready);
                    // One after the other: beside a connector and its thread, two more would keep both waiting on a
                    // machine of two processors, and the destination with them.
                    let storing = async { (turning.await, filling.await) };
                    let ((turned, filled), answers) = side_by_side(order, storing, sending).await;
                    (filled, self.go_on(turned?, answers, delivered).await?)
                }
                false => {
                    let sending = self.settle_and_send(turning, ready, destination, delivered);
                    let (filled, sent) = tokio::join!(filling, sending);
                    (filled, sent?)
                }
            };
            ahead = filled?;
            let Some(answers) = sent else { return Ok(()) };
            match self.route.traits.late {
                true => self.late.extend(answers),
                false => answered = answers,
            }
        }
    }

    /// True: what was noted may be sent while these answers are stored, because they change nothing about that.
    fn may_go_at_once(&self, answered: &[Answered]) -> bool {
        let fine = |one: &Answered| one.failed.is_none() && one.found.is_none();
        !self.route.traits.late && !self.pace.is_probing() && answered.iter().all(fine)
    }

    /// What the store must know of before the next batch goes out, or the one behind it.
    fn flights(&mut self, batch: &Batch, ready: &[Prepared], ahead: &Ahead) -> Vec<InFlight> {
        let own = batch.flight.filter(|_| !ready.is_empty());
        if self.route.traits.late {
            self.flights.extend(own);
            return self.flights.clone();
        }
        own.map_or_else(Vec::new, |own| [own].into_iter().chain(ahead.flight()).collect())
    }

    /// Stores the answers to one batch, then sends the next. None: nothing more may be sent.
    async fn settle_and_send(
        &mut self,
        turning: impl Future<Output = Result<turn::Outcome, EngineError>>,
        ready: Vec<Prepared>,
        destination: &mut Box<dyn Destination>,
        delivered: &mut Delivered,
    ) -> Result<Option<Vec<Answered>>, EngineError> {
        let outcome = turning.await?;
        self.turned(&outcome, delivered);
        if let Gate::Shut(text) = outcome.gate {
            delivered.faults.push(text);
            return Ok(None);
        }
        if outcome.discarded {
            match self.open(delivered).await? {
                Some(fresh) => *destination = fresh,
                None => return Ok(None),
            }
        }
        Ok(Some(self.send(destination, ready).await))
    }

    /// After answers were stored while a batch was sent: if the gate is shut, the answers to that one are the last.
    async fn go_on(
        &mut self,
        outcome: turn::Outcome,
        answers: Vec<Answered>,
        delivered: &mut Delivered,
    ) -> Result<Option<Vec<Answered>>, EngineError> {
        self.turned(&outcome, delivered);
        let Gate::Shut(text) = outcome.gate else { return Ok(Some(answers)) };
        delivered.faults.push(text);
        let last = self.turn(answers, Batch::default(), Vec::new(), false).await?;
        self.turned(&last, delivered);
        Ok(None)
    }

    async fn send(&mut self, destination: &mut Box<dyn Destination>, ready: Vec<Prepared>) -> Vec<Answered> {
        if ready.is_empty() {
            return Vec::new();
        }
        let begun = self.pace.begin();
        let answers = send(&self.route, &mut **destination, ready).await;
        self.pace.end(begun, answers.len());
        self.sent += answers.len() as u64;
        self.counts.count(&answers);
        self.samples.take(&answers);
        self.route.engine.events.emit(&RunEvent::Delivered { destination: self.route.name.clone(), done: self.sent });
        answers
    }

    fn view(&self) -> Result<Snapshot, EngineError> {
        Ok(self.route.engine.store.snapshot()?)
    }

    /// What no batch may touch while these answers are not stored and these entries are not answered.
    fn under_way(&self, answered: &[Answered], ready: &[Prepared]) -> Flying {
        if self.route.traits.late {
            return self.flying.clone();
        }
        Flying::default().and(answered.iter().map(|answered| &answered.prepared)).and(ready)
    }

    /// The next batch, computed on a thread of its own.
    async fn compute(&self, ahead: &mut Ahead, answered: &[Answered]) -> Result<Batch, EngineError> {
        if self.route.engine.gate.is_stopping() {
            return Ok(Batch::default());
        }
        let (route, view, most) = (self.route.clone(), self.view()?, self.pace.most());
        let (mut own, flying) = (std::mem::take(ahead), self.under_way(answered, &[]));
        let (batch, own) = blocking(move || Ok((own.now(&route, &view, &flying, most)?, own))).await?;
        *ahead = own;
        Ok(batch)
    }

    /// The batches behind, computed on a thread of its own. The view is from before the transaction that comes now, so that
    /// what is computed does not depend on which of the two is quicker.
    fn fill(
        &self,
        mut ahead: Ahead,
        flying: Flying,
        wanted: bool,
    ) -> Result<impl Future<Output = Result<Ahead, EngineError>> + use<>, EngineError> {
        let (route, view) = (self.route.clone(), self.view()?);
        let depth = if route.traits.late { 1 } else { DEPTH };
        let most = self.pace.most();
        Ok(blocking(move || {
            // Where nothing is sent, nothing is gained, and what comes next may depend on what is stored now.
            if wanted && !route.engine.gate.is_stopping() {
                ahead.fill(&route, &view, flying, (most, depth))?;
            }
            Ok(ahead)
        }))
    }

    /// Stores what was answered, and what is about to be sent; or that it goes out at this moment, whatever comes of this.
    fn turn(
        &self,
        answered: Vec<Answered>,
        batch: Batch,
        flights: Vec<InFlight>,
        beside: bool,
    ) -> impl Future<Output = Result<turn::Outcome, EngineError>> + use<> {
        let (route, window) = (self.route.clone(), self.window.clone());
        let certain = match (route.traits.late, beside) {
            (true, _) => flights.len(),
            (false, beside) => usize::from(beside),
        };
        blocking(move || turn::turn(&route, &answered, &batch, (&flights, certain), &window))
    }

    /// Takes in what a transaction came to.
    fn turned(&mut self, outcome: &turn::Outcome, delivered: &mut Delivered) {
        self.window = outcome.window.clone();
        self.pace.probing(outcome.gate == Gate::Probe);
        delivered.tell(outcome.told.iter().cloned());
        delivered.wait(&outcome.waiting);
        for event in &outcome.events {
            self.route.engine.events.emit(event);
        }
    }

    /// Settles what was published; true if it freed something.
    async fn settle_late(&mut self, delivered: &mut Delivered) -> Result<bool, EngineError> {
        if !self.route.traits.late {
            turn::landed(&self.route)?;
            return Ok(false);
        }
        self.flights.clear();
        let (step, mut freed) = (self.route.engine.settings.apply_batch.max(1), false);
        let mut rest = std::mem::take(&mut self.late).into_iter().peekable();
        while rest.peek().is_some() {
            let part: Vec<_> = rest.by_ref().take(step).collect();
            let outcome = self.turn(part, Batch::default(), Vec::new(), false).await?;
            self.turned(&outcome, delivered);
            freed |= outcome.freed;
        }
        Ok(freed)
    }
}

/// A transaction and a batch that goes out, at the same time unless a test wants an order.
async fn side_by_side<T, S>(
    order: Overlap,
    turning: impl Future<Output = T>,
    sending: impl Future<Output = S>,
) -> (T, S) {
    match order {
        Overlap::Both => tokio::join!(turning, sending),
        Overlap::AnswersFirst => {
            let turned = turning.await;
            (turned, sending.await)
        }
        Overlap::SendFirst => {
            let sent = sending.await;
            (turning.await, sent)
        }
    }
}
