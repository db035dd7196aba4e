//! The lines of an import, read into portions that are submitted at once.

use super::call::Api;
use super::desk::{text_of, written};
use super::kind::{Kind, checked};
use super::lines::{Line, Lines};
use super::object::given_id;
use super::problem::Refused;
use super::{apart, read};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::mpsc;

/// Objects of a portion.
const PORTION: usize = 10_000;
/// Bytes of a portion at most, so that long lines do not add up.
const PORTION_BYTES: usize = 8 << 20;
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

/// Lines that are submitted at once. Each is about another object.
pub(super) struct Portion {
    pub(super) items: Vec<Item>,
    /// True: the next portion comes at once.
    pub(super) follows: bool,
}

/// What is read of an import, and not submitted yet.
pub(super) struct Reading {
    lines: Lines,
    items: Vec<Item>,
    ids: HashSet<String>,
    bytes: usize,
    api: Api,
    /// When what the portion brings was made.
    made: String,
}

impl Reading {
    pub(super) fn begin(lines: Lines, api: Api) -> Self {
        let made = written(api.hub.now());
        Self { lines, items: Vec::new(), ids: HashSet::new(), bytes: 0, api, made }
    }

    /// Reads until the body ends or nobody takes portions any more.
    pub(super) async fn all<K: Kind>(mut self, to: mpsc::Sender<Portion>) {
        let mut number = 0_u64;
        loop {
            let (more, last) = match self.next().await {
                Some(Ok(Some(more))) => (more, false),
                Some(Ok(None)) => break,
                Some(Err(problem)) => (vec![Err(problem)], true),
                None if to.send(self.depart(false)).await.is_ok() => continue,
                None => return,
            };
            for line in more {
                number += 1;
                let bytes = line.as_ref().map_or(0, Vec::len);
                let Some(item) = item::<K>(number, line, &self.made) else { continue };
                if self.is_full(&item) && to.send(self.depart(true)).await.is_err() {
                    return;
                }
                self.bytes += bytes;
                self.ids.extend(item.id.clone());
                self.items.push(item);
            }
            if last {
                break;
            }
        }
        if !self.items.is_empty() {
            drop(to.send(self.depart(false)).await);
        }
    }

    /// The next lines; none: they are long in coming, while others wait.
    async fn next(&mut self) -> Option<Result<Option<Vec<Line>>, Refused>> {
        if self.items.is_empty() {
            return Some(self.lines.next().await);
        }
        tokio::time::timeout(PAUSE, self.lines.next()).await.ok()
    }

    /// True if the next portion begins with this one.
    fn is_full(&self, next: &Item) -> bool {
        // Of two lines about one object the second one builds on the first.
        let twice = next.id.as_ref().is_some_and(|id| self.ids.contains(id));
        !self.items.is_empty() && (twice || self.items.len() >= PORTION || self.bytes > PORTION_BYTES)
    }

    /// Hands the portion out, and begins the next one.
    fn depart(&mut self, follows: bool) -> Portion {
        self.ids.clear();
        (self.bytes, self.made) = (0, written(self.api.hub.now()));
        Portion { items: std::mem::take(&mut self.items), follows }
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
        let object: K = match apart::read(&bytes) {
            Some((given, object)) => {
                id = given;
                object
            }
            None => {
                let mut body: Map<String, Value> = read::parsed(&bytes)?;
                id = given_id(&mut body)?;
                read::fitted(Value::Object(body))?
            }
        };
        checked(&object)?;
        Ok(text_of(&object, made))
    })();
    Some(Item { line, id, object })
}
