//! One destination: batches are computed, sent and settled, until nothing is due or the connection must be left alone.
//!
//! While a batch is under way the next one is computed. One transaction stores the answers to a batch and notes that the
//! next one is about to be sent, so that a process which dies looks before it makes anything again.

use super::batch::{self, Batch, Cursor, Flying};
use super::look::Answered;
use super::pace::Pace;
use super::request::Prepared;
use super::ring;
use super::send::send;
use super::traits::Traits;
use super::turn::{self, Gate};
use super::verify::Samples;
use super::{CountReceipts, Delivered};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::policy::Delivery;
use crate::scan::blocking;
use rosterd_model::circuit::CircuitWindow;
use rosterd_model::port::Destination;
use rosterd_model::run::DeliveryCounts;
use rosterd_model::{ConnectionId, effect};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, InFlight};
use std::sync::Arc;

/// Passes over a destination whose receipts count only once it published everything: each may free what waited for the
/// one before.
const MOST_ROUNDS: usize = 64;

/// The way to one destination.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) engine: Engine,
    /// Place among the deliveries of the policy.
    pub(super) index: usize,
    pub(super) name: ConnectionId,
    pub(super) number: ConnectionNumber,
    pub(super) traits: Arc<Traits>,
}

impl Route {
    pub(super) fn delivery(&self) -> &Delivery {
        &self.engine.policy.deliveries[self.index]
    }
}

/// Drains the outbox of one destination.
pub(super) async fn drain(engine: Engine, index: usize) -> Result<Delivered, EngineError> {
    let name = engine.policy.deliveries[index].destination.clone();
    // One at a time: an object is never under way twice.
    let lock = engine.delivering.lock_of(&name);
    let _alone = lock.lock().await;
    let number = engine.number(&name)?;
    let mut delivered = Delivered::default();
    let view = engine.store.snapshot()?;
    if !view.has_outbox(number)? {
        return Ok(delivered);
    }
    let now = view.policy_now(engine.clock.now())?;
    let probe = match turn::gate(&view, &name, number, now)? {
        Gate::Shut(text) => {
            delivered.faults.push(text);
            return Ok(delivered);
        }
        gate => gate == Gate::Probe,
    };
    drop(view);
    let mut route = Route { engine, index, name, number, traits: Arc::default() };
    turn::recover(&route)?;
    ring::release(&route, now)?;
    let digest = route.engine.connections.digest(&route.name);
    if !batch::anything_due(&route.engine.store.snapshot()?, number, now, digest.as_deref())? {
        return Ok(delivered);
    }
    for _ in 0..MOST_ROUNDS {
        let more = Pass::new(route.clone(), probe).run(&mut delivered, &mut route).await?;
        if !more {
            break;
        }
    }
    Ok(delivered)
}

/// One opened destination.
struct Pass {
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
    fn new(route: Route, probe: bool) -> Self {
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
    async fn run(mut self, delivered: &mut Delivered, route: &mut Route) -> Result<bool, EngineError> {
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
        let (mut answered, mut cursor) = (Vec::new(), Cursor::default());
        let (mut batch, back) = self.next(cursor, Flying::default()).await?;
        cursor = back;
        while !(batch.is_empty() && answered.is_empty()) {
            self.counts.stale += batch.stale;
            let ready = std::mem::take(&mut batch.ready);
            let outcome =
                self.turn(std::mem::take(&mut answered), std::mem::take(&mut batch), &ready, delivered).await?;
            self.pace.probing(outcome.gate == Gate::Probe);
            if let Gate::Shut(text) = outcome.gate {
                delivered.faults.push(text);
                break;
            }
            if outcome.discarded {
                match self.open(delivered).await? {
                    Some(fresh) => *destination = fresh,
                    None => break,
                }
            }
            if ready.is_empty() {
                (batch, cursor) = self.next(cursor, self.flying.clone()).await?;
                continue;
            }
            let flying = if self.route.traits.late {
                self.flying.add_late(&ready);
                self.flying.clone()
            } else {
                Flying::new(&ready)
            };
            let ahead = self.next(cursor, flying);
            let ((next, back), answers) = {
                let route = self.route.clone();
                let begun = self.pace.begin();
                let (ahead, answers) = tokio::join!(ahead, send(&route, &mut **destination, ready));
                self.pace.end(begun, answers.len());
                (ahead?, answers)
            };
            (batch, cursor) = (next, back);
            self.sent += answers.len() as u64;
            self.counts.count(&answers);
            self.samples.take(&answers);
            self.route
                .engine
                .events
                .emit(&RunEvent::Delivered { destination: self.route.name.clone(), done: self.sent });
            if self.route.traits.late {
                self.late.extend(answers);
            } else {
                answered = answers;
            }
        }
        self.counts.stale += batch.stale;
        Ok(())
    }

    /// The next batch, computed on a thread of its own.
    fn next(
        &self,
        mut cursor: Cursor,
        flying: Flying,
    ) -> impl Future<Output = Result<(Batch, Cursor), EngineError>> + use<> {
        let (route, most) = (self.route.clone(), self.pace.most());
        blocking(move || {
            // What was answered is still stored; what was not sent waits in the outbox.
            let stop = route.engine.gate.is_stopping();
            let batch = if stop { Batch::default() } else { batch::next(&route, &mut cursor, &flying, most)? };
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
