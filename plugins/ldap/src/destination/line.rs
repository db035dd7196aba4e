//! One connection with requests under way.

use crate::link::{Found, Link};
use crate::message::{Answer, Entry, Outcome, Scope, Search};
use crate::settings::{Place, Settings};
use crate::spliced::Spliced;
use crate::writing::Request;
use rosterd_sdk::{Fault, stream};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The answers to one search together may not be longer.
const LARGEST_ANSWER: usize = 16 << 20;

/// What is asked.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Entries.
    Search {
        /// Where.
        base: String,
        /// How deep.
        scope: Scope,
        /// Which, as [`crate::filter`] makes it.
        filter: Vec<u8>,
        /// Attributes to be given.
        attributes: Vec<String>,
        /// It was asked before on a connection that broke.
        again: bool,
    },
    /// A change.
    Write {
        /// The change.
        request: Request,
        /// Values that are there already, or are not, are no error.
        permissive: bool,
        /// The control that asks for the entry behind it, where the server can do that; empty: none.
        shown: Rc<[u8]>,
    },
}

/// An answer.
#[derive(Debug)]
pub enum Got {
    /// To a search.
    Found(Found),
    /// To a change, with the entry behind it.
    Written(Outcome, Option<Entry>),
}

/// There is no answer.
#[derive(Debug, Clone)]
pub struct Lost {
    /// Why.
    pub fault: Fault,
    /// True: it may have arrived.
    pub sent: bool,
}

impl Ask {
    /// A search.
    #[must_use]
    pub fn search(base: &str, scope: Scope, filter: Vec<u8>, attributes: &[String]) -> Self {
        Self::Search { base: base.to_owned(), scope, filter, attributes: attributes.to_vec(), again: false }
    }

    /// The same to be asked again, if that can do no harm and was not done before.
    fn again(self) -> Option<Self> {
        match self {
            Self::Search { base, scope, filter, attributes, again: false } => {
                Some(Self::Search { base, scope, filter, attributes, again: true })
            }
            _ => None,
        }
    }

    fn message(&self, id: i64) -> Spliced {
        match self {
            Self::Search { base, scope, filter, attributes, .. } => {
                let search =
                    Search { base, scope: *scope, most: 0, filter, attributes, types_only: false, controls: &[] };
                Spliced::from(search.message(id))
            }
            Self::Write { request, permissive, shown } => request.message(id, *permissive, shown),
        }
    }
}

#[derive(Debug)]
struct Flight {
    slot: u64,
    ask: Ask,
    found: Found,
    bytes: usize,
}

/// What is left of a request when its connection is gone.
#[derive(Debug)]
pub(super) enum Rest {
    /// Its answer came before.
    Answered(Got),
    /// It only reads, and can be asked again.
    Again(Ask),
    /// Nobody knows what became of it.
    Lost,
}

/// The connection.
#[derive(Debug)]
pub(super) struct Line {
    link: Link,
    flights: BTreeMap<i64, Flight>,
    unsent: Spliced,
    /// Answered before it broke.
    answered: Vec<(u64, Got)>,
}

impl Line {
    /// To the first server that answers, or to the one that is named and to no other.
    pub(super) fn open(settings: &Settings, only: Option<&Place>) -> Result<Self, Fault> {
        let link = match only {
            Some(place) => Link::enter(place.clone(), settings)?,
            None => Link::open(settings)?,
        };
        Ok(Self { link, flights: BTreeMap::new(), unsent: Spliced::default(), answered: Vec::new() })
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    pub(super) fn stream(&self) -> &stream::Connection {
        self.link.stream()
    }

    /// Where it leads.
    pub(super) fn place(&self) -> &Place {
        self.link.place()
    }

    pub(super) fn name(&self) -> String {
        self.link.name()
    }

    /// Takes a request, to be sent with the others.
    pub(super) fn put(&mut self, slot: u64, ask: Ask) {
        let id = self.link.next_id();
        self.unsent.append(&ask.message(id));
        self.flights.insert(id, Flight { slot, ask, found: Found::default(), bytes: 0 });
    }

    /// Sends what was taken, in one go.
    pub(super) fn flush(&mut self) -> Result<(), Fault> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.unsent);
        let segments: Vec<_> = unsent.segments().collect();
        self.link.send(&segments)
    }

    /// The requests that were answered by what came.
    pub(super) fn take_in(&mut self) -> Result<Vec<(u64, Got)>, Fault> {
        for (id, answer, length) in self.link.arrived()? {
            let Some(flight) = self.flights.get_mut(&id) else { return Err(self.link.unasked(id, &answer)) };
            flight.bytes += length;
            if flight.bytes > LARGEST_ANSWER {
                return Err(Fault::transient(format!(
                    "the answer to one search has more than {LARGEST_ANSWER} bytes; the server's administrator looks for what is so large"
                )));
            }
            let got = match (&flight.ask, answer) {
                (Ask::Search { .. }, Answer::Entry(entry)) => {
                    flight.found.entries.push(entry);
                    continue;
                }
                (Ask::Search { .. }, Answer::Reference(_)) => {
                    flight.found.referrals.0 += 1;
                    continue;
                }
                (Ask::Search { .. }, Answer::Done(outcome, _)) => {
                    flight.found.outcome = Some(outcome);
                    Got::Found(std::mem::take(&mut flight.found))
                }
                (Ask::Write { request: Request::Password { .. }, .. }, Answer::Extended(outcome)) => {
                    Got::Written(outcome, None)
                }
                (Ask::Write { .. }, Answer::Written(outcome, entry)) => Got::Written(outcome, entry),
                (_, answer) => return Err(self.link.unasked(id, &answer)),
            };
            if let Some(flight) = self.flights.remove(&id) {
                self.answered.push((flight.slot, got));
            }
        }
        Ok(std::mem::take(&mut self.answered))
    }

    /// What was under way when it broke.
    pub(super) fn rest(self) -> impl Iterator<Item = (u64, Rest)> {
        let answered = self.answered.into_iter().map(|(slot, got)| (slot, Rest::Answered(got)));
        let open = |flight: Flight| (flight.slot, flight.ask.again().map_or(Rest::Lost, Rest::Again));
        answered.chain(self.flights.into_values().map(open))
    }

    pub(super) fn close(self) {
        self.link.close();
    }
}
