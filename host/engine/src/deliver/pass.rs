//! One visit to an opened destination: batches are computed, sent and settled.
//!
//! ```text
//! transaction   answers 1, 2 goes out   answers 2, 3 goes out   ...
//! destination                        2                       3
//! computing     3                       4
//! ```
//!
//! One transaction stores the answers to a batch and notes that the next one is about to be sent, so that a process which
//! dies looks before it makes anything again. While it is stored, and while that batch is sent, the one behind it is
//! computed, over a view in which neither is answered: it leaves alone what they are about, and where something in it
//! waits it is computed once more, when the answers are there.

use super::batch::{self, Batch, Cursor, Flying};
use super::look::Answered;
use super::pace::Pace;
use super::request::Prepared;
use super::send::send;
use super::traits::Traits;
use super::turn::{self, Gate};
use super::verify::Samples;
use super::worker::Route;
use super::{CountReceipts, Delivered};
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::scan::blocking;
use rosterd_model::circuit::CircuitWindow;
use rosterd_model::effect;
use rosterd_model::port::Destination;
use rosterd_model::run::DeliveryCounts;
use rosterd_store::{InFlight, Snapshot};
use std::sync::Arc;

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
        let mut answered = Vec::new();
        let (mut batch, mut cursor) = self.next(self.view()?, Cursor::default(), Flying::default()).await?;
        while !(batch.is_empty() && answered.is_empty()) {
            self.counts.stale += batch.stale;
            let ready = std::mem::take(&mut batch.ready);
            if self.route.traits.late {
                self.flying.add_late(&ready);
            }
            // The view is from before the transaction that comes now, so that what is computed does not depend on which of
            // the two is quicker.
            let ahead = match ready.is_empty() {
                true => None,
                false => Some(self.next(self.view()?, cursor, self.under_way(&answered, &ready))),
            };
            let settled = self.settle_and_send(std::mem::take(&mut answered), batch, ready, destination, delivered);
            let (ahead, sent) = match ahead {
                Some(ahead) => {
                    let (ahead, sent) = tokio::join!(ahead, settled);
                    (Some(ahead?), sent?)
                }
                None => (None, settled.await?),
            };
            let Some(answers) = sent else { return Ok(()) };
            (batch, cursor) = match ahead {
                // Whoever waits may wait for something that was answered meanwhile.
                Some((ahead, back)) if !ahead.waits() => (ahead, back),
                _ => self.next(self.view()?, cursor, self.under_way(&answers, &[])).await?,
            };
            match self.route.traits.late {
                true => self.late.extend(answers),
                false => answered = answers,
            }
        }
        self.counts.stale += batch.stale;
        Ok(())
    }

    /// Stores the answers to one batch and sends the next. None: nothing more may be sent.
    async fn settle_and_send(
        &mut self,
        answered: Vec<Answered>,
        batch: Batch,
        ready: Vec<Prepared>,
        destination: &mut Box<dyn Destination>,
        delivered: &mut Delivered,
    ) -> Result<Option<Vec<Answered>>, EngineError> {
        let outcome = self.turn(answered, batch, &ready, delivered).await?;
        self.pace.probing(outcome.gate == Gate::Probe);
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
        if ready.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let begun = self.pace.begin();
        let answers = send(&self.route, &mut **destination, ready).await;
        self.pace.end(begun, answers.len());
        self.sent += answers.len() as u64;
        self.counts.count(&answers);
        self.samples.take(&answers);
        self.route.engine.events.emit(&RunEvent::Delivered { destination: self.route.name.clone(), done: self.sent });
        Ok(Some(answers))
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
    fn next(
        &self,
        view: Snapshot,
        mut cursor: Cursor,
        flying: Flying,
    ) -> impl Future<Output = Result<(Batch, Cursor), EngineError>> + use<> {
        let (route, most) = (self.route.clone(), self.pace.most());
        blocking(move || {
            // What was answered is still stored; what was not sent waits in the outbox.
            let stop = route.engine.gate.is_stopping();
            let batch = if stop { Batch::default() } else { batch::next(&route, &view, &mut cursor, &flying, most)? };
            Ok((batch, cursor))
        })
    }

    /// Stores what was answered, and what is about to be sent.
    async fn turn(
        &mut self,
        answered: Vec<Answered>,
        batch: Batch,
        ready: &[Prepared],
        delivered: &mut Delivered,
    ) -> Result<turn::Outcome, EngineError> {
        let mut flights: Vec<InFlight> = batch.flight.into_iter().filter(|_| !ready.is_empty()).collect();
        if self.route.traits.late {
            self.flights.append(&mut flights);
            flights = self.flights.clone();
        }
        let (route, window) = (self.route.clone(), self.window.clone());
        let outcome = blocking(move || turn::turn(&route, &answered, &batch, &flights, &window)).await?;
        self.window = outcome.window.clone();
        delivered.tell(outcome.told.iter().cloned());
        delivered.wait(&outcome.waiting);
        for event in &outcome.events {
            self.route.engine.events.emit(event);
        }
        Ok(outcome)
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
            let outcome = self.turn(part, Batch::default(), &[], delivered).await?;
            freed |= outcome.freed;
        }
        Ok(freed)
    }
}
