//! Who may be connected: so many at once. A connection on which nothing is asked for keeps its seat only until somebody else
//! wants it, and the one that has been silent the longest goes first; so whoever opens many and says nothing keeps nobody out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All seats.
pub(crate) struct Seats {
    room: Arc<Semaphore>,
    most: u32,
    silent: Mutex<Silent>,
    /// Told when a connection becomes silent.
    changed: Notify,
}

/// Connections on which nothing is asked for, in the order in which they became so.
#[derive(Default)]
struct Silent {
    next: u64,
    by_age: BTreeMap<u64, Arc<Notify>>,
}

/// The seat of one connection.
pub(crate) struct Seat {
    own: Arc<Own>,
    _permit: OwnedSemaphorePermit,
}

struct Own {
    seats: Arc<Seats>,
    /// Its place among the silent; none while a request is answered.
    place: Mutex<Option<u64>>,
    close: Arc<Notify>,
    served: AtomicBool,
}

/// A request is answered while it lives.
pub(crate) struct Busy(Arc<Own>);

impl Seats {
    pub(crate) fn new(most: u32) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(usize::MAX)));
        Arc::new(Self { room, most, silent: Mutex::default(), changed: Notify::new() })
    }

    /// A seat, of whoever has been silent the longest if there is no free one. None: there will be none any more.
    pub(crate) async fn take(self: &Arc<Self>) -> Option<Seat> {
        if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(self.seat(permit));
        }
        let mut freed = std::pin::pin!(Arc::clone(&self.room).acquire_owned());
        let mut asked = false;
        loop {
            let changed = self.changed.notified();
            // One is enough: it will be free in a moment.
            asked = asked || self.close_oldest();
            tokio::select! {
                permit = freed.as_mut() => return permit.ok().map(|permit| self.seat(permit)),
                () = changed => {}
            }
        }
    }

    /// Waits until nobody is connected.
    pub(crate) async fn emptied(&self) {
        let _ = self.room.acquire_many(self.most).await;
    }

    fn seat(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Seat {
        let own = Own { seats: Arc::clone(self), place: Mutex::default(), close: Arc::default(), served: false.into() };
        own.is_silent();
        Seat { own: Arc::new(own), _permit: permit }
    }

    fn close_oldest(&self) -> bool {
        let oldest = self.silent().by_age.pop_first();
        oldest.map(|(_, close)| close.notify_one()).is_some()
    }

    fn silent(&self) -> MutexGuard<'_, Silent> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Own {
    fn is_silent(&self) {
        let mut silent = self.seats.silent();
        silent.next += 1;
        let place = silent.next;
        silent.by_age.insert(place, Arc::clone(&self.close));
        *self.place() = Some(place);
        drop(silent);
        self.seats.changed.notify_waiters();
    }

    fn is_busy(&self) {
        let mut silent = self.seats.silent();
        if let Some(place) = self.place().take() {
            silent.by_age.remove(&place);
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<u64>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// A request came.
    pub(crate) fn busy(&self) -> Busy {
        self.own.served.store(true, Ordering::Relaxed);
        self.own.is_busy();
        Busy(Arc::clone(&self.own))
    }

    /// Somebody else wants the seat.
    pub(crate) async fn wanted(&self) {
        self.own.close.notified().await;
    }

    /// False: no request ever came.
    pub(crate) fn served(&self) -> bool {
        self.own.served.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.own.is_busy();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // The connection may be gone: then it is not silent either.
        if Arc::strong_count(&self.0) > 1 {
            self.0.is_silent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Looks once.
    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    fn take(seats: &Arc<Seats>) -> Seat {
        now(seats.take()).flatten().expect("a free seat")
    }

    #[test]
    fn the_one_that_is_silent_the_longest_goes_first() {
        let seats = Seats::new(3);
        let (a, b, c) = (take(&seats), take(&seats), take(&seats));
        let busy = a.busy();
        let mut waiting = pin!(seats.take());
        let mut look = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut look).is_pending());
        assert!(now(a.wanted()).is_none(), "it is answered");
        assert!(now(b.wanted()).is_some() && now(c.wanted()).is_none());
        drop(b);
        assert!(waiting.as_mut().poll(&mut look).is_ready());
        drop(busy);
    }

    #[test]
    fn whoever_waits_gets_the_seat_of_the_first_that_becomes_silent() {
        let seats = Seats::new(1);
        let a = take(&seats);
        let busy = a.busy();
        let mut waiting = pin!(seats.take());
        let mut look = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut look).is_pending());
        drop(busy);
        assert!(waiting.as_mut().poll(&mut look).is_pending());
        assert!(now(a.wanted()).is_some());
        drop(a);
        assert!(waiting.as_mut().poll(&mut look).is_ready());
    }

    #[test]
    fn whoever_left_is_not_among_the_silent() {
        let seats = Seats::new(2);
        let a = take(&seats);
        let busy = a.busy();
        drop(a);
        drop(busy);
        assert!(seats.silent().by_age.is_empty());
        assert!(now(seats.emptied()).is_some());
    }
}
