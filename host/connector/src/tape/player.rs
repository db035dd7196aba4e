//! Playing one track: what the component asks is answered with what was answered then.

use super::format::Kind;
use super::read::{Place, Tape};
use super::stage::role;
use super::words::{Call, Ended, Import};
use crate::manifest::Role;
use rosterd_model::fault::{Fault, FaultKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest part of an argument that is shown in a sentence.
const SHOWN: usize = 300;

/// The host's side of one track. Cheap to clone; clones share the place on the tape.
#[derive(Clone)]
pub(crate) struct Player(Arc<Mutex<Inner>>);

struct Inner {
    tape: Tape,
    places: Vec<Place>,
    next: usize,
    /// Frames of this call that were answered out of turn.
    taken: Vec<usize>,
    /// A component of another version: what it asks is looked for anywhere in the call.
    lenient: bool,
    divergence: Option<Divergence>,
}

/// Where a replay went another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// Number of the frame, from 1; 0: the tape was at its end.
    pub frame: u64,
    /// What is different, as a sentence.
    pub what: String,
}

/// Why a replayed call does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    /// It ended here when it was recorded.
    #[error("{0}")]
    AsRecorded(Fault),
    /// It asks something else.
    #[error("the replay differs from the tape: {0}")]
    Diverged(String),
}

impl Player {
    pub(crate) fn new(tape: &Tape, track: usize, lenient: bool) -> Self {
        let places = tape.tracks().get(track).map(|own| own.places.clone()).unwrap_or_default();
        let inner = Inner { tape: tape.clone(), places, next: 0, taken: Vec::new(), lenient, divergence: None };
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first thing that was different.
    pub(crate) fn divergence(&self) -> Option<Divergence> {
        self.inner().divergence.clone()
    }

    /// Answers a call of the host.
    pub(crate) fn import<T: DeserializeOwned>(&self, call: &str, with: &Value) -> Result<T, Halt> {
        let mut inner = self.inner();
        let (number, answer) = inner.answer(call, with)?;
        serde_json::from_value(answer)
            .map_err(|error| inner.diverge(number, format!("the answer to {call} can not be read: {error}")))
    }

    /// The role that the instance had: that of its first call that not every connector answers.
    pub(super) fn part(&self) -> Result<Option<Role>, Fault> {
        let inner = self.inner();
        for place in inner.places.iter().filter(|place| place.kind == Kind::Call) {
            let call: Call = inner.tape.value(*place).map_err(|error| unreadable(&error.to_string()))?;
            if let Some(role) = role(&call) {
                return Ok(Some(role));
            }
        }
        Ok(None)
    }

    /// The next call of the component on this track; none at its end.
    pub(crate) fn call(&self) -> Result<Option<(u64, Call)>, Fault> {
        let mut inner = self.inner();
        let Some(place) = inner.places.get(inner.next).copied() else { return Ok(None) };
        if place.kind != Kind::Call {
            return Err(unreadable(&format!("frame {} is no call", place.number)));
        }
        inner.next += 1;
        inner.taken.clear();
        let call = inner.tape.value(place).map_err(|error| unreadable(&error.to_string()))?;
        Ok(Some((place.number, call)))
    }

    /// What the call that is under way came to; none: the recording was killed in it. What it did not ask this time is passed
    /// over, and noted.
    pub(crate) fn answer(&self) -> Result<Option<(u64, Ended)>, Fault> {
        let mut inner = self.inner();
        let mut left = None;
        while let Some(place) = inner.places.get(inner.next).copied() {
            if place.kind == Kind::Import && !inner.taken.contains(&inner.next) {
                left = left.or(Some(place));
            }
            // Nobody waited for the answer: the run was being stopped.
            if place.kind == Kind::Call {
                return Ok(None);
            }
            inner.next += 1;
            if place.kind == Kind::Answer {
                let ended: Ended = inner.tape.value(place).map_err(|error| unreadable(&error.to_string()))?;
                if let Some(left) = left.filter(|_| !ended.trapped) {
                    let was = inner.tape.value::<Import>(left).map_or_else(|_| String::new(), |import| import.call);
                    let _ = inner.diverge(left.number, format!("it did not call {was} this time"));
                }
                return Ok(Some((place.number, ended)));
            }
        }
        Ok(None)
    }
}

impl Inner {
    fn answer(&mut self, call: &str, with: &Value) -> Result<(u64, Value), Halt> {
        while self.taken.contains(&self.next) {
            self.next += 1;
        }
        let Some(place) = self.places.get(self.next).copied() else {
            return Err(self.diverge(0, format!("it called {call} where the tape ends: the recording broke off")));
        };
        if place.kind != Kind::Import {
            // The host ended the call here, by a limit or a stop.
            if let Ok(Ended { trapped: true, answer: Err(fault) }) = self.tape.value::<Ended>(place) {
                return Err(Halt::AsRecorded(fault));
            }
            return self.elsewhere(call, with).ok_or_else(|| {
                self.diverge(place.number, format!("it called {call}{} where it had answered", shown(with)))
            });
        }
        let import = self.import_at(place)?;
        if import.call == call && import.with == *with {
            self.next += 1;
            return Ok((place.number, import.answer));
        }
        if let Some(found) = self.elsewhere(call, with) {
            return Ok(found);
        }
        let text = format!("it called {call}{}; the tape has {}{}", shown(with), import.call, shown(&import.with));
        Err(self.diverge(place.number, text))
    }

    /// For a component of another version: the same question further on in this call, or, where the answer is as good as any
    /// other, the last one that there was.
    fn elsewhere(&mut self, call: &str, with: &Value) -> Option<(u64, Value)> {
        if !self.lenient {
            return None;
        }
        let ahead = self.places.iter().enumerate().skip(self.next).take_while(|(_, place)| place.kind == Kind::Import);
        let ahead: Vec<(usize, Place)> = ahead.map(|(index, place)| (index, *place)).collect();
        for (index, place) in ahead {
            if self.taken.contains(&index) {
                continue;
            }
            let import: Import = self.tape.value(place).ok()?;
            if import.call == call && import.with == *with {
                self.taken.push(index);
                return Some((place.number, import.answer));
            }
        }
        if !call.starts_with("clock.") && !call.starts_with("settings.") {
            return None;
        }
        let before = self.places.iter().take(self.next).rev().filter(|place| place.kind == Kind::Import);
        let before: Vec<Place> = before.copied().collect();
        before.into_iter().find_map(|place| {
            let import: Import = self.tape.value(place).ok()?;
            (import.call == call).then_some((place.number, import.answer))
        })
    }

    fn import_at(&mut self, place: Place) -> Result<Import, Halt> {
        let read = self.tape.value(place);
        read.map_err(|error| self.diverge(place.number, error.to_string()))
    }

    fn diverge(&mut self, frame: u64, what: String) -> Halt {
        let place = if frame == 0 { String::new() } else { format!("frame {frame}: ") };
        let text = format!("{place}{what}");
        self.divergence.get_or_insert(Divergence { frame, what });
        Halt::Diverged(text)
    }
}

fn unreadable(why: &str) -> Fault {
    Fault::new(FaultKind::Internal, format!("the tape can not be replayed: {why}"))
}

/// Arguments for a sentence.
fn shown(with: &Value) -> String {
    if with.is_null() {
        return String::new();
    }
    let text = with.to_string();
    let cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() { format!(" with {cut}…") } else { format!(" with {cut}") }
}
