//! Who takes in what waits, and what belongs to a run of it.

use super::queue::{Call, Pushes};
use super::together::Asked;
use super::{Answer, Told, fault_of, together};
use crate::engine::Engine;
use crate::scan::Off;
use rosterd_model::ConnectionId;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Submissions of something large that are decided together at most. Whoever comes meanwhile waits until they are.
const LARGE: usize = 150_000;

/// Takes in what waits, until nothing does, on a thread that may wait: to wait for the turn there is cheaper than to be given
/// one when it comes, and all of a run is done there, which takes less time than it would take to hand it on.
pub(super) fn see_to(engine: Engine, connection: ConnectionId) {
    // A client that goes away takes nobody's answer with it.
    drop(tokio::task::spawn_blocking(move || {
        let _off = Off::begin();
        let mut seeing = Seeing { engine, connection, left: true };
        while seeing.left {
            Handle::current().block_on(seeing.next());
        }
    }));
}

/// Whoever takes in what waits.
struct Seeing {
    engine: Engine,
    connection: ConnectionId,
    /// True: somebody waits, and nobody else sees to him.
    left: bool,
}

impl Drop for Seeing {
    /// If a run panics, those that wait behind it must not wait for ever.
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("clients of a pushed source were not served: a thread of the engine panicked");
            self.engine.gate.pushes().set_whole(&self.connection, false);
            if let Err(error) = self.engine.store.store_all_kept() {
                tracing::error!(%error, "what the thread had taken in was not stored");
            }
            if self.left {
                see_to(self.engine.clone(), self.connection.clone());
            }
        }
    }
}

impl Seeing {
    /// Decides what goes together, and answers.
    async fn next(&mut self) {
        let _turn = self.engine.gate.run(&self.connection).await;
        let pushes = self.engine.gate.pushes();
        if let Some((wanted, patience)) = pushes.hope(&self.connection, Instant::now()) {
            // Clients of which some are answered while others wait would else be two halves for ever, each of which waits for
            // the disk alone. Timers of the runtime are too slow for it.
            pushes.gather(&self.connection, wanted, patience);
        }
        let (calls, more) = pushes.take(&self.connection);
        self.left = more;
        // The one that came last knows the newest configuration.
        let Some(newest) = calls.last().map(|call| call.engine.clone()) else { return };
        let (mut told, mut all) = (Vec::new(), Vec::new());
        let by = names(calls.iter().map(|call| call.engine.principal.as_str()));
        let engine = Engine { principal: by, ..newest };
        let large = match calls.as_slice() {
            [call] if call.told == Told::Outcome => Some(call.follows),
            _ => None,
        };
        let mut rooms = Vec::new();
        for call in calls {
            // Of a call that nobody could read its client hears at once, because its answer is dropped here.
            let Some(read) = call.submissions.end().await else { continue };
            told.push((call.answer, call.count));
            rooms.extend(call.room);
            all.extend(read.into_iter().map(|said| Asked { said, told: call.told }));
        }
        let begun = Instant::now();
        let count = all.len();
        let following = Following { pushes, connection: &self.connection, engine: &engine, large, count, rooms, told };
        let (told, decided) = together::decide(&engine, &self.connection, all, following).await;
        let decided = decided.unwrap_or_else(|error| {
            pushes.set_whole(&self.connection, false);
            let fault = fault_of(&error);
            let count = told.iter().map(|(_, count)| *count).sum();
            (0..count).map(|_| Err(fault.clone())).collect()
        });
        pushes.note_end(&self.connection, told.len(), begun.elapsed(), Instant::now());
        let mut decided = decided.into_iter();
        for (answer, count) in told {
            // Who went away does not hear it.
            drop(answer.send(decided.by_ref().take(count).collect()));
        }
    }
}

/// What belongs to a run: who is told of it, and what may still follow.
pub(super) struct Following<'s> {
    pushes: &'s Pushes,
    connection: &'s ConnectionId,
    engine: &'s Engine,
    /// Where a part of something large is taken in: whether the next one comes at once.
    large: Option<bool>,
    count: usize,
    /// The room of what is being taken in.
    rooms: Vec<Box<dyn Send>>,
    told: Vec<Waits>,
}

impl Following<'_> {
    /// What was submitted until now is taken in. Returns what is to be taken in as well before all of it is decided.
    pub(super) async fn next(&mut self) -> Option<Vec<Asked>> {
        self.rooms.clear();
        let follows = self.large?;
        if self.count >= LARGE {
            return None;
        }
        // One run has one principal and one configuration.
        let same = |call: &Call| {
            call.engine.principal == self.engine.principal && Arc::ptr_eq(&call.engine.policy, &self.engine.policy)
        };
        let call = self.pushes.take_following(self.connection, follows, same)?;
        let read = call.submissions.end().await?;
        self.large = Some(call.follows);
        self.count += call.count;
        self.rooms.extend(call.room);
        self.told.push((call.answer, call.count));
        Some(read.into_iter().map(|said| Asked { said, told: call.told }).collect())
    }

    /// Who is told, and of how many submissions each.
    pub(super) fn told(self) -> Vec<Waits> {
        self.told
    }
}

/// Who waits for an answer, and to how many submissions.
pub(super) type Waits = (oneshot::Sender<Vec<Answer>>, usize);

/// Who acts, where several do.
fn names<'n>(all: impl Iterator<Item = &'n str>) -> String {
    /// More are counted.
    const NAMED: usize = 3;
    let mut names: Vec<&str> = all.collect();
    names.sort_unstable();
    names.dedup();
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} others", names[..NAMED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acts_is_named_once_and_many_are_counted() {
        assert_eq!(names(["okta", "api", "okta"].into_iter()), "api, okta");
        assert_eq!(names(["d", "c", "b", "a", "e"].into_iter()), "a, b, c and 2 others");
    }
}
