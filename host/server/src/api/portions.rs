//! The lines of an import, read into portions that are stored at once.
//!
//! A portion costs the hub the same few writes whatever its size, and pages of its trees that were changed for the one
//! before as well. So while an import goes on, its portions grow; but others who change something wait as long as one takes.

use super::call::Api;
use super::desk::{text_of, written};
use super::kind::{Kind, checked};
use super::lines::{Line, Lines};
use super::object::given_id;
use super::problem::Refused;
use super::read;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Objects of the first portion, and of each one while another import has large ones.
const FIRST: usize = 10_000;
/// Objects of a portion at most.
const LARGEST: usize = 60_000;
/// Bytes of a portion at most, so that long lines do not add up.
const FIRST_BYTES: usize = 8 << 20;
const LARGEST_BYTES: usize = 48 << 20;
/// If nothing comes for so long, what came is stored: whoever sends slowly is answered soon.
const PAUSE: Duration = Duration::from_secs(1);

/// One line, read.
pub(super) struct Item {
    pub(super) line: u64,
    /// The id, if it could be told.
    pub(super) id: Option<String>,
    /// What the directory is to keep of a new object.
    pub(super) object: Result<String, Refused>,
}

/// Lines that are stored at once.
pub(super) struct Portion {
    pub(super) items: Vec<Item>,
    /// True: something of it is about an object of the portion before, and builds on what that one says.
    pub(super) builds: bool,
}

impl Portion {
    const fn new() -> Self {
        Self { items: Vec::new(), builds: false }
    }
}

/// What is read of an import, and not stored yet.
pub(super) struct Reading {
    lines: Lines,
    portion: Portion,
    ids: HashSet<String>,
    /// Those of the portion before.
    before: HashSet<String>,
    bytes: usize,
    /// Objects of this portion at most.
    most: usize,
    api: Api,
    /// This is the one import whose portions grow.
    grows: Option<OwnedSemaphorePermit>,
    /// When what the portion brings was made.
    made: String,
}

impl Reading {
    pub(super) fn begin(lines: Lines, api: Api) -> Self {
        let (ids, before, made) = (HashSet::new(), HashSet::new(), written(api.hub.now()));
        Self { lines, portion: Portion::new(), ids, before, bytes: 0, most: FIRST, api, grows: None, made }
    }

    /// Reads until the body ends or nobody takes portions any more. A portion is read while one is stored, and no further one.
    pub(super) async fn all<K: Kind>(mut self, to: mpsc::Sender<Portion>) {
        let mut number = 0_u64;
        let Ok(mut seat) = to.reserve().await else { return };
        loop {
            let next = if self.portion.items.is_empty() {
                Ok(self.lines.next().await)
            } else {
                tokio::time::timeout(PAUSE, self.lines.next()).await
            };
            let (more, last) = match next {
                Ok(Ok(Some(more))) => (more, false),
                Ok(Ok(None)) => break,
                Ok(Err(problem)) => (vec![Err(problem)], true),
                Err(_) => {
                    seat.send(self.depart());
                    match to.reserve().await {
                        Ok(free) => seat = free,
                        Err(_) => return,
                    }
                    continue;
                }
            };
            for line in more {
                number += 1;
                let bytes = line.as_ref().map_or(0, Vec::len);
                let Some(item) = item::<K>(number, line, &self.made) else { continue };
                if self.is_full(&item) {
                    seat.send(self.depart());
                    match to.reserve().await {
                        Ok(free) => seat = free,
                        Err(_) => return,
                    }
                }
                self.bytes += bytes;
                self.add(item);
            }
            if last {
                break;
            }
        }
        if !self.portion.items.is_empty() {
            seat.send(self.portion);
        }
    }

    /// True if the next portion begins with this one.
    fn is_full(&self, next: &Item) -> bool {
        // Of two lines about one object the second one builds on the first.
        let twice = next.id.as_ref().is_some_and(|id| self.ids.contains(id));
        let most = if self.most > FIRST { LARGEST_BYTES } else { FIRST_BYTES };
        !self.portion.items.is_empty() && (twice || self.portion.items.len() >= self.most || self.bytes > most)
    }

    fn add(&mut self, item: Item) {
        if let Some(id) = &item.id {
            self.portion.builds |= self.before.contains(id);
            self.ids.insert(id.clone());
        }
        self.portion.items.push(item);
    }

    /// Hands the portion out, and begins the next one.
    fn depart(&mut self) -> Portion {
        let full = self.portion.items.len() >= self.most;
        if full && self.grows.is_none() {
            self.grows = Arc::clone(&self.api.large).try_acquire_owned().ok();
        }
        if full && self.grows.is_some() {
            self.most = (2 * self.most).min(LARGEST);
        }
        self.before = std::mem::take(&mut self.ids);
        (self.bytes, self.made) = (0, written(self.api.hub.now()));
        std::mem::replace(&mut self.portion, Portion::new())
    }
}

/// What a line says; none: nothing stands in it.
fn item<K: Kind>(line: u64, bytes: Line, made: &str) -> Option<Item> {
    let bytes = match bytes {
        Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => return None,
        Ok(bytes) => bytes,
        Err(problem) => return Some(Item { line, id: None, object: Err(problem) }),
    };
    let mut id = None;
    let object = (|| {
        let mut body = read::parsed_object(&bytes)?;
        id = given_id(&mut body)?;
        let object: K = read::fitted_object(body)?;
        checked(&object)?;
        Ok(text_of(&object, made))
    })();
    Some(Item { line, id, object })
}
