//! The running program: one vendor and its desk behind a lock, and the task that sends what is due.

use crate::exchange::{Answer, Outcome, Reply, Request};
use crate::push;
use crate::vendor::{Desk, Vendor};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the program looks what is due; virtual time may be much faster.
const TICK: Duration = Duration::from_millis(20);

/// A vendor and its desk.
pub struct Inside {
    /// What is the same for all vendors.
    pub desk: Desk,
    /// The vendor.
    pub vendor: Box<dyn Vendor>,
}

/// What all connections share.
pub struct Program {
    inside: Mutex<Inside>,
    /// Held while pushes are under way, so that they leave in order.
    sending: tokio::sync::Mutex<()>,
}

impl Program {
    /// A program for a vendor.
    #[must_use]
    pub fn new(desk: Desk, vendor: Box<dyn Vendor>) -> Arc<Self> {
        Arc::new(Self { inside: Mutex::new(Inside { desk, vendor }), sending: tokio::sync::Mutex::new(()) })
    }

    /// The vendor and its desk. Never held across an await.
    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        // A handler that panicked left values behind that are still values.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call of the vendor's interface and writes it down.
    pub async fn answer(&self, request: &Request) -> Reply {
        let (answer, caller) = {
            let Inside { desk, vendor } = &mut *self.inside();
            desk.caller = None;
            (vendor.answer(desk, request), desk.caller.take())
        };
        let reply = match answer {
            Answer::Now(reply) => reply,
            Answer::After(pushed) => {
                let outcome = push::send(&pushed).await;
                self.report(pushed.id, outcome)
                    .unwrap_or_else(|| Reply::other(500, "text/plain", "nobody waits for this"))
            }
        };
        let Inside { desk, .. } = &mut *self.inside();
        let now = desk.clock.now();
        desk.journal.note(now, caller.as_deref(), request, &reply);
        reply
    }

    fn report(&self, id: u64, outcome: Outcome) -> Option<Reply> {
        let Inside { desk, vendor } = &mut *self.inside();
        vendor.pushed(desk, id, outcome)
    }

    /// Sends everything that is due, one after the other, and returns how many that were.
    pub async fn settle(&self) -> usize {
        let _order = self.sending.lock().await;
        let mut sent = 0;
        loop {
            let due = {
                let Inside { desk, vendor } = &mut *self.inside();
                vendor.due(desk)
            };
            if due.is_empty() {
                return sent;
            }
            for pushed in due {
                let outcome = push::send(&pushed).await;
                // Only calls wait for replies.
                let _ = self.report(pushed.id, outcome);
                sent += 1;
            }
        }
    }

    /// Sends what is due, for ever.
    pub async fn tick(self: Arc<Self>) {
        loop {
            self.settle().await;
            tokio::time::sleep(TICK).await;
        }
    }
}
