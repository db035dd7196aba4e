//! Deliveries: one for each application and way. An address that does not answer with `success` is asked again after 10
//! and after another 30 seconds; then the event waits in the list of failures. A socket that does not acknowledge gets
//! the frame again after a minute.

use super::{Event, body};
use crate::clock::{MINUTE, Millis};
use crate::crypto::Envelope;
use crate::dingtalk::callbacks::accepted;
use crate::dingtalk::world::World;
use crate::exchange::{Outcome, Push};
use crate::vendor::Desk;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long after the last attempt an event can be fetched from the list of failures; the vendor says 3 to 5 minutes.
const FETCHABLE: Millis = 3 * MINUTE;

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dingtalk) enum Progress {
    /// It is sent at a time.
    Waiting,
    /// It is kept back by a test.
    Held,
    /// It was acknowledged.
    Done,
    /// It failed, and can be fetched from a time on.
    Failed,
    /// It was fetched.
    Fetched,
    /// It was lost by a test.
    Lost,
}

/// One event on its way to one application.
#[derive(Clone, Debug)]
pub(in crate::dingtalk) struct Delivery {
    pub(in crate::dingtalk) number: u64,
    pub(in crate::dingtalk) app: String,
    pub(in crate::dingtalk) event: Event,
    /// To a socket instead of to an address.
    pub(in crate::dingtalk) stream: bool,
    pub(in crate::dingtalk) progress: Progress,
    pub(in crate::dingtalk) attempts: u32,
    pub(in crate::dingtalk) due: Millis,
    pub(in crate::dingtalk) said: String,
}

/// What a test does to an event to come, on all its ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dingtalk) enum Mischief {
    /// It vanishes.
    Lose,
    /// It comes so many times more.
    Repeat(u32),
}

/// All deliveries.
#[derive(Debug, Default)]
pub(in crate::dingtalk) struct Deliveries {
    pub(in crate::dingtalk) list: Vec<Delivery>,
    /// New deliveries are kept back.
    pub(in crate::dingtalk) holding: bool,
    /// Events that go through first, and what happens then.
    pub(in crate::dingtalk) mischief: Vec<(u64, Mischief)>,
    sending: BTreeMap<u64, u64>,
}

impl Deliveries {
    /// A delivery by its number.
    pub(in crate::dingtalk) fn get(&mut self, number: u64) -> Option<&mut Delivery> {
        self.list.iter_mut().find(|delivery| delivery.number == number)
    }

    /// Failures of an application that can be fetched, and whether there are more than `most`.
    pub(in crate::dingtalk) fn take_failed(&mut self, app: &str, now: Millis, most: usize) -> (Vec<Event>, bool) {
        let failed = |delivery: &&mut Delivery| {
            delivery.app == app && delivery.progress == Progress::Failed && delivery.due <= now
        };
        let count = self.list.iter_mut().filter(failed).count();
        let taken = self.list.iter_mut().filter(failed).take(most).map(|delivery| {
            delivery.progress = Progress::Fetched;
            delivery.event.clone()
        });
        (taken.collect(), count > most)
    }

    /// Everything, for the control port.
    pub(in crate::dingtalk) fn shown(&self) -> Value {
        let shown = self.list.iter().map(|delivery| {
            json!({
                "number": delivery.number, "app": delivery.app, "type": delivery.event.kind, "event": delivery.event.id,
                "users": delivery.event.users, "departments": delivery.event.departments,
                "way": if delivery.stream { "stream" } else { "http" },
                "progress": format!("{:?}", delivery.progress).to_lowercase(),
                "attempts": delivery.attempts, "due": delivery.due, "said": delivery.said,
            })
        });
        shown.collect()
    }

    fn misled(&mut self) -> Option<Mischief> {
        let mut met = None;
        self.mischief.retain_mut(|(after, mischief)| {
            if *after == 0 && met.is_none() {
                met = Some(*mischief);
                return false;
            }
            *after = after.saturating_sub(1);
            true
        });
        met
    }
}

/// Puts an event on its way to everybody who wants it.
pub(in crate::dingtalk) fn enqueue(world: &mut World, desk: &mut Desk, event: &Event) {
    let now = desk.clock.now();
    let mut ways = Vec::new();
    for (key, app) in &world.org.apps {
        let tags = app.callback.as_ref().map(|callback| &callback.tags);
        if tags.is_some_and(|tags| tags.is_empty() || tags.contains(&event.kind)) {
            ways.push((key.clone(), false));
        }
        if app.stream {
            ways.push((key.clone(), true));
        }
    }
    let deliveries = &mut world.deliveries;
    let mischief = if ways.is_empty() { None } else { deliveries.misled() };
    for (app, stream) in ways {
        let (progress, times) = match mischief {
            Some(Mischief::Lose) => (Progress::Lost, 1),
            Some(Mischief::Repeat(times)) => (Progress::Waiting, times + 1),
            None => (Progress::Waiting, 1),
        };
        let held = deliveries.holding && progress == Progress::Waiting;
        for _ in 0..times {
            deliveries.list.push(Delivery {
                number: desk.number(),
                app: app.clone(),
                event: event.clone(),
                stream,
                progress: if held { Progress::Held } else { progress },
                attempts: 0,
                due: now,
                said: String::new(),
            });
        }
    }
}

/// Callbacks that are due.
pub(in crate::dingtalk) fn due(world: &mut World, desk: &mut Desk, now: Millis) -> Vec<Push> {
    let World { org, deliveries, .. } = world;
    let mut pushes = Vec::new();
    for delivery in &mut deliveries.list {
        if delivery.stream || delivery.progress != Progress::Waiting || delivery.due > now {
            continue;
        }
        let callback = org.apps.get(&delivery.app).and_then(|app| app.callback.as_ref());
        let keys = callback.and_then(|one| Some((one, Envelope::new(&one.token, &one.aes_key, &one.owner)?)));
        let Some((callback, keys)) = keys else {
            delivery.progress = Progress::Lost;
            delivery.said = "no subscription with usable keys".to_owned();
            continue;
        };
        let id = desk.number();
        deliveries.sending.insert(id, delivery.number);
        delivery.attempts += 1;
        // Not again before its outcome is known.
        delivery.due = Millis::MAX;
        let message = body::plain(&delivery.event, &org.corp_id, callback.spelling);
        pushes.push(body::sealed(id, callback, &keys, &message, now));
    }
    pushes
}

/// What became of a callback.
pub(in crate::dingtalk) fn pushed(world: &mut World, now: Millis, id: u64, outcome: &Outcome) {
    let World { org, deliveries, .. } = world;
    let Some(number) = deliveries.sending.remove(&id) else { return };
    let Some(delivery) = deliveries.get(number) else { return };
    let callback = org.apps.get(&delivery.app).and_then(|app| app.callback.as_ref());
    let keys = callback.and_then(|one| Envelope::new(&one.token, &one.aes_key, &one.owner));
    let answer = keys.ok_or_else(|| "no subscription".to_owned()).and_then(|keys| accepted(&keys, outcome));
    match answer {
        Ok(()) => delivery.progress = Progress::Done,
        Err(why) => {
            delivery.said = why;
            match body::next_attempt(delivery.attempts) {
                Some(pause) => delivery.due = now + pause,
                None => {
                    delivery.progress = Progress::Failed;
                    delivery.due = now + FETCHABLE;
                }
            }
        }
    }
}
