//! Rehearsing: a component is called as it was called when the tape was recorded, in the real sandbox, and the host answers it
//! from the tape. The component of the tape must answer the same, call for call; of another version the differences are told.

use super::player::{Divergence, Player};
use super::read::Tape;
use super::stage::Stage;
use super::words::{Answer, Call, Ended};
use crate::config::ConnectionConfig;
use crate::host::Loaded;
use crate::limit::Limits;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::{Class, ConnectionId};
use rosterd_model::record::{Change, Page};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Differences that are kept; the rest is counted.
const SHOWN: usize = 100;

/// One difference between what a component answered then and what it answers now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Number of the frame with the recorded answer, from 1.
    pub frame: u64,
    /// The call.
    pub call: String,
    /// What is different, as a sentence.
    pub what: String,
}

/// What a rehearsal came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rehearsal {
    /// Instances that were rehearsed.
    pub instances: u64,
    /// Calls that were made.
    pub calls: u64,
    /// Changes that pages of the recording held.
    pub changes: u64,
    /// The first differences.
    pub differences: Vec<Difference>,
    /// How many there were.
    pub count: u64,
    /// Calls that the recording broke off in.
    pub broken_off: u64,
}

impl Rehearsal {
    fn differs(&mut self, frame: u64, call: &str, what: String) {
        self.count += 1;
        if self.differences.len() < SHOWN {
            self.differences.push(Difference { frame, call: call.to_owned(), what });
        }
    }
}

/// Rehearses every instance of a connection. `lenient` is for a component of another version: it may ask in another order, and
/// pages may be cut elsewhere.
///
/// # Errors
/// The connection is not on the tape, or the component can not be started at all.
pub async fn rehearse(
    tape: &Tape,
    connection: &str,
    loaded: &Loaded,
    limits: &Limits,
    lenient: bool,
) -> Result<Rehearsal, Fault> {
    let mut rehearsal = Rehearsal::default();
    let name: ConnectionId = connection.parse().map_err(|error| internal(format!("{connection}: {error}")))?;
    for (index, track) in tape.tracks().iter().enumerate() {
        if track.opening.connection != connection {
            continue;
        }
        rehearsal.instances += 1;
        let player = Player::new(tape, index, lenient);
        let mut config = ConnectionConfig::new(name.clone(), PathBuf::from("."));
        config.limits = limits.clone();
        config.player = Some(player.clone());
        let connection = loaded.connect(config)?;
        let mut stage = Stage::new(&connection, player.part()?)?;
        let mut pages = Pages::default();
        while let Some((_, call)) = player.call()? {
            rehearsal.calls += 1;
            let now = stage.call(&call).await;
            let Some((frame, ended)) = player.answer()? else {
                rehearsal.broken_off += 1;
                continue;
            };
            if let Some(Divergence { frame, what }) = player.divergence().filter(|_| !lenient) {
                rehearsal.differs(frame, call.name(), what);
                break;
            }
            if let Ok(Answer::Page(page)) = &ended.answer {
                rehearsal.changes += page.changes.len() as u64;
            }
            match (&now, &ended.answer) {
                _ if matches!(call, Call::Version) => {}
                (Ok(Answer::Page(new)), Ok(Answer::Page(old))) if lenient => pages.compare(frame, old, new),
                _ => {
                    if let Some(what) = difference(&now, &ended) {
                        rehearsal.differs(frame, call.name(), what);
                    }
                }
            }
        }
        pages.finish(&mut rehearsal);
        if let Some(Divergence { frame, what }) = player.divergence().filter(|_| lenient) {
            rehearsal.differs(frame, "a call of the host", what);
        }
    }
    if rehearsal.instances == 0 {
        return Err(internal(format!("connection {connection} is not on the tape")));
    }
    Ok(rehearsal)
}

fn internal(text: String) -> Fault {
    Fault::new(FaultKind::Internal, text)
}

/// What is different, if anything is.
fn difference(now: &Result<Answer, Fault>, then: &Ended) -> Option<String> {
    match (now, &then.answer) {
        (now, was) if now == was => None,
        // The sentence names limits and times, which are this machine's.
        (Err(now), Err(was)) if now.kind == was.kind && (then.trapped || now.subject == was.subject) => None,
        (Err(now), Err(was)) => Some(format!("it failed with {now}, and before with {was}")),
        (Err(now), Ok(_)) => Some(format!("it failed: {now}")),
        (Ok(_), Err(was)) => Some(format!("it succeeded where it failed before: {was}")),
        (Ok(now), Ok(was)) => Some(unlike(was, now)),
    }
}

fn unlike(was: &Answer, now: &Answer) -> String {
    if let (Answer::Page(was), Answer::Page(now)) = (was, now) {
        let pairs = was.changes.iter().zip(&now.changes);
        if let Some((was, now)) = pairs.into_iter().find(|(was, now)| was != now) {
            return format!(
                "{} is different: {} instead of {}",
                key(was).1,
                brief(&format!("{now:?}")),
                brief(&format!("{was:?}"))
            );
        }
        return format!("{} changes instead of {}, or another end", now.changes.len(), was.changes.len());
    }
    format!("{} instead of {}", brief(&format!("{now:?}")), brief(&format!("{was:?}")))
}

fn brief(text: &str) -> String {
    let cut: String = text.chars().take(200).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// Pages of a component of another version: compared by what they say of each object, wherever it stands.
#[derive(Default)]
struct Pages {
    /// Digest of what was said of an object then, and is not said now yet; and the other way round.
    then: BTreeMap<(u8, String), (u64, blake3::Hash)>,
    now: BTreeMap<(u8, String), (u64, blake3::Hash)>,
    different: Vec<(u64, String)>,
}

impl Pages {
    fn compare(&mut self, frame: u64, was: &Page, is: &Page) {
        for change in &was.changes {
            meet(frame, change, &mut self.now, &mut self.then, &mut self.different);
        }
        for change in &is.changes {
            meet(frame, change, &mut self.then, &mut self.now, &mut self.different);
        }
    }

    fn finish(self, rehearsal: &mut Rehearsal) {
        for (frame, id) in self.different {
            rehearsal.differs(frame, "next page", format!("{id} is different"));
        }
        for ((_, id), (frame, _)) in self.then {
            rehearsal.differs(frame, "next page", format!("{id} is missing"));
        }
        for ((_, id), (frame, _)) in self.now {
            rehearsal.differs(frame, "next page", format!("{id} is new"));
        }
    }
}

type Side = BTreeMap<(u8, String), (u64, blake3::Hash)>;

/// Meets the other side's statement about the same object, or waits for it.
fn meet(frame: u64, change: &Change, other: &mut Side, own: &mut Side, different: &mut Vec<(u64, String)>) {
    let hash = blake3::hash(&serde_json::to_vec(change).unwrap_or_default());
    let key = key(change);
    match other.remove(&key) {
        Some((_, theirs)) if theirs == hash => {}
        Some(_) => different.push((frame, key.1)),
        None => {
            own.insert(key, (frame, hash));
        }
    }
}

fn key(change: &Change) -> (u8, String) {
    let of = |class: &Class, id: &str| (class.code(), format!("{class} {id}"));
    match change {
        Change::Upsert(record) => of(&record.class, record.id.as_str()),
        Change::Amend(amendment) => of(&amendment.class, amendment.id.as_str()),
        Change::Gone { class, id, .. } => of(class, id.as_str()),
        Change::Rejected(rejection) => (0, format!("the rejection at {}", rejection.position)),
    }
}
