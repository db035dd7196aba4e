//! The connections of a recorded run, as the hub saw them: every call is answered as it was answered then. No component runs.

use super::read::{Place, Tape};
use super::words::{Answer, Call, Ended};
use crate::tape::format::Kind;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::{Class, ConnectionId, ExternalId};
use rosterd_model::outbox::{Receipt, Request};
use rosterd_model::port::{self, BoxFuture, Connections, Probe, ScanStart};
use rosterd_model::record::{Page, Record};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the hub gets its connections from when it replays a tape.
#[derive(Clone)]
pub struct TapedConnections(Arc<Inner>);

struct Inner {
    tape: Tape,
    desks: Mutex<BTreeMap<String, Desk>>,
}

/// What is left to answer of one connection.
#[derive(Default)]
struct Desk {
    /// Calls of a source, a destination or a plain connection, by their names, each with its answer.
    calls: BTreeMap<&'static str, VecDeque<(Place, Place)>>,
    /// Scans: the call that began each, and its pages.
    scans: VecDeque<VecDeque<(Place, Place)>>,
}

impl TapedConnections {
    /// The connections of this tape.
    ///
    /// # Errors
    /// A frame of it can not be read.
    pub fn new(tape: &Tape) -> Result<Self, super::TapeError> {
        let mut desks: BTreeMap<String, Desk> = BTreeMap::new();
        for track in tape.tracks() {
            let desk = desks.entry(track.opening.connection.clone()).or_default();
            let calls = track.places.iter().filter(|place| place.kind != Kind::Import).copied().collect::<Vec<_>>();
            let mut scan = VecDeque::new();
            for pair in calls.windows(2).filter(|pair| pair[0].kind == Kind::Call && pair[1].kind == Kind::Answer) {
                let [asked, answered] = [pair[0], pair[1]];
                match tape.value(asked)? {
                    Call::Open { .. } | Call::Next { .. } => scan.push_back((asked, answered)),
                    call => desk.calls.entry(call.name()).or_default().push_back((asked, answered)),
                }
            }
            if !scan.is_empty() {
                desk.scans.push_back(scan);
            }
        }
        Ok(Self(Arc::new(Inner { tape: tape.clone(), desks: Mutex::new(desks) })))
    }

    fn desks(&self) -> MutexGuard<'_, BTreeMap<String, Desk>> {
        self.0.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections for TapedConnections {
    fn source<'a>(&'a self, connection: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn port::Source>, Fault>> {
        Box::pin(async move { Ok(Box::new(TapedConnection::new(self, connection)?) as Box<dyn port::Source>) })
    }

    fn destination<'a>(
        &'a self,
        connection: &'a ConnectionId,
    ) -> BoxFuture<'a, Result<Box<dyn port::Destination>, Fault>> {
        Box::pin(async move { Ok(Box::new(TapedConnection::new(self, connection)?) as Box<dyn port::Destination>) })
    }
}

/// One connection, in whatever role it is asked for.
struct TapedConnection {
    all: TapedConnections,
    name: String,
    identity: String,
    digest: String,
}

impl TapedConnection {
    fn new(all: &TapedConnections, connection: &ConnectionId) -> Result<Self, Fault> {
        let name = connection.to_string();
        let found = all.0.tape.tracks().iter().find(|track| track.opening.connection == name);
        let missing = || {
            let text = format!("connection {name} was not used in the recorded run; the tape has no answers of it");
            Fault::new(FaultKind::Internal, text)
        };
        let opening = &found.ok_or_else(missing)?.opening;
        Ok(Self { all: all.clone(), identity: opening.identity.clone(), digest: opening.digest.clone(), name })
    }

    /// The next recorded answer to this call. Another question is an error.
    fn ask(&self, call: &Call) -> Result<Answer, Fault> {
        let taken = match self.all.desks().get_mut(&self.name).and_then(|desk| desk.calls.get_mut(call.name())) {
            // What a connector is stays the same; a hub may ask for it more often than before.
            Some(left) if left.len() == 1 && matches!(call, Call::Describe | Call::Discover | Call::Version) => {
                left.front().copied()
            }
            Some(left) => left.pop_front(),
            None => None,
        };
        let (asked, answered) = taken.ok_or_else(|| {
            Fault::new(
                FaultKind::Internal,
                format!("the tape has no further {} of connection {}", call.name(), self.name),
            )
        })?;
        answer(&self.all.0.tape, call, asked, answered)
    }
}

/// What is on the tape, if the question is the same.
fn answer(tape: &Tape, call: &Call, asked: Place, answered: Place) -> Result<Answer, Fault> {
    let broken = |error: super::TapeError| Fault::new(FaultKind::Internal, error.to_string());
    let was: Call = tape.value(asked).map_err(broken)?;
    // Pages may be asked for in other sizes; the answer is the recorded page all the same.
    let same = was == *call || matches!((&was, call), (Call::Next { .. }, Call::Next { .. }));
    if !same {
        let text = format!(
            "the replay differs from the tape at frame {}: another {} was asked for",
            asked.number,
            call.name()
        );
        return Err(Fault::new(FaultKind::Internal, text));
    }
    let ended: Ended = tape.value(answered).map_err(broken)?;
    ended.answer
}

fn odd<T>(call: &Call) -> Result<T, Fault> {
    Err(Fault::new(FaultKind::Internal, format!("the tape has an answer of another kind to {}", call.name())))
}

/// Unpacks the one kind of answer that a call has.
macro_rules! unpack {
    ($outcome:expr, $call:expr, $pattern:pat => $value:expr) => {
        match $outcome {
            Ok($pattern) => Ok($value),
            Ok(_) => odd(&$call),
            Err(fault) => Err(fault),
        }
    };
}

impl port::Connector for TapedConnection {
    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn digest(&self) -> String {
        self.digest.clone()
    }

    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        let text = unpack!(self.ask(&Call::Describe), Call::Describe, Answer::Text(text) => text);
        Box::pin(std::future::ready(text))
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        let probes = unpack!(self.ask(&Call::Check), Call::Check, Answer::Probes(probes) => probes);
        Box::pin(std::future::ready(probes))
    }

    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        let text = unpack!(self.ask(&Call::Discover), Call::Discover, Answer::Text(text) => text);
        Box::pin(std::future::ready(text))
    }
}

impl port::Source for TapedConnection {
    fn open(&mut self, classes: &[Class], start: ScanStart) -> BoxFuture<'_, Result<Box<dyn port::Reader>, Fault>> {
        let call = Call::Open { classes: classes.to_vec(), start };
        let opened = (|| {
            let scan = self.all.desks().get_mut(&self.name).and_then(|desk| desk.scans.pop_front());
            let none = || Fault::new(FaultKind::Internal, format!("the tape has no further scan of {}", self.name));
            let mut scan = scan.ok_or_else(none)?;
            let (asked, answered) = scan.pop_front().ok_or_else(none)?;
            answer(&self.all.0.tape, &call, asked, answered)?;
            Ok(Box::new(TapedReader { tape: self.all.0.tape.clone(), pages: scan }) as Box<dyn port::Reader>)
        })();
        Box::pin(std::future::ready(opened))
    }

    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        let version = unpack!(self.ask(&Call::Version), Call::Version, Answer::Version(version) => version);
        Box::pin(std::future::ready(version))
    }

    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        let count = objects.len();
        let records = self.records(&Call::Read { objects }, count);
        Box::pin(std::future::ready(records))
    }
}

impl TapedConnection {
    fn records(&self, call: &Call, count: usize) -> Vec<Result<Option<Record>, Fault>> {
        let records = unpack!(self.ask(call), *call, Answer::Records(records) => records);
        records.unwrap_or_else(|fault| (0..count).map(|_| Err(fault.clone())).collect())
    }
}

struct TapedReader {
    tape: Tape,
    pages: VecDeque<(Place, Place)>,
}

impl port::Reader for TapedReader {
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        let call = Call::Next { max };
        let page = match self.pages.pop_front() {
            Some((asked, answered)) => {
                unpack!(answer(&self.tape, &call, asked, answered), call, Answer::Page(page) => page)
            }
            None => Err(Fault::new(FaultKind::Incomplete, "the tape ends here: the recording broke off in this scan")),
        };
        Box::pin(std::future::ready(page))
    }
}

impl port::Destination for TapedConnection {
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>> {
        let (count, call) = (requests.len(), Call::Apply { requests });
        let receipts = unpack!(self.ask(&call), call, Answer::Receipts(receipts) => receipts);
        let none = |fault: Fault| (0..count).map(|_| Receipt::NotAttempted(fault.clone())).collect();
        Box::pin(std::future::ready(receipts.unwrap_or_else(none)))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        let finished = unpack!(self.ask(&Call::Finish), Call::Finish, Answer::Done => ());
        Box::pin(std::future::ready(finished))
    }

    fn settles_after_finish(&self) -> bool {
        false
    }

    fn find(&mut self, class: Class, attribute: String, value: String) -> BoxFuture<'_, Result<Vec<Record>, Fault>> {
        let call = Call::Find { class, attribute, value };
        let found = unpack!(self.ask(&call), call, Answer::Found(found) => found);
        Box::pin(std::future::ready(found))
    }

    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        let count = objects.len();
        let records = self.records(&Call::LookAt { objects }, count);
        Box::pin(std::future::ready(records))
    }
}
