//! A scripted source and destination, and a clock that stands still: everything around the engine, for its tests.

mod world;

pub use world::{Answer, Break, Death, Delta, Gate, Json, Kill, Object, Sent, Shown, System, Trouble, World};

use rosterd_model::outbox::{Action, Applied, Receipt, Request};
use rosterd_model::port::{BoxFuture, Clock, Connections, Connector, Destination, Probe, Reader, ScanStart, Source};
use rosterd_model::record::{Change, Page, Record, ScanEnd};
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A clock that a test sets.
#[derive(Debug, Default)]
pub struct TestClock(AtomicU64);

impl TestClock {
    /// Sets the time, in milliseconds since 1970.
    pub fn set(&self, ms: u64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// What the scripted connections do and saw.
#[derive(Debug, Default)]
pub struct Script {
    /// Pages that a full scan gives.
    pub pages: Vec<Page>,
    /// The scan fails instead of giving the page with this index.
    pub fail_at: Option<(usize, Fault)>,
    /// Version of the source.
    pub version: Option<String>,
    /// Objects at the destination: id to desired JSON, and whether it is usable.
    pub there: BTreeMap<String, (String, bool)>,
    /// Keys of operations that had an effect, in order.
    pub journal: Vec<String>,
    /// Every request that was sent.
    pub sent: Vec<Request>,
    /// Answers that are given instead of doing anything, one for each of the next requests.
    pub answers: Vec<Receipt>,
    /// What the destination says of itself, JSON; none: as little as it may.
    pub describe: Option<String>,
    /// Objects that were looked up or read back.
    pub looked: Vec<String>,
    /// How often the destination was opened.
    pub opened: u32,
}

/// Scripted connections: all of them share one script.
#[derive(Debug, Clone, Default)]
pub struct Scripted(Arc<Mutex<Script>>);

impl Scripted {
    /// The script, to be read or changed.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the accounts that the source shows, in pages of `size`; each is an id and a JSON object.
    pub fn show(&self, version: &str, accounts: &[(&str, &str)], size: usize) {
        let mut pages: Vec<Page> = accounts
            .chunks(size.max(1))
            .enumerate()
            .map(|(index, part)| Page {
                changes: part.iter().map(|(id, attributes)| upsert(id, attributes)).collect(),
                resume: Some(index.to_string()),
                end: None,
            })
            .collect();
        if pages.is_empty() {
            pages.push(Page::default());
        }
        if let Some(last) = pages.last_mut() {
            let complete = vec![Class::Account];
            last.end = Some(ScanEnd { complete, declared_totals: Vec::new(), cursor: None, note: None });
        }
        let mut script = self.script();
        script.pages = pages;
        script.version = Some(version.to_owned());
        script.fail_at = None;
    }
}

/// An account as a source shows it.
#[must_use]
pub fn upsert(id: &str, attributes: &str) -> Change {
    Change::Upsert(Record {
        class: Class::Account,
        id: id.into(),
        previous_id: None,
        version: None,
        attributes: attributes.to_owned(),
        partial: false,
    })
}

impl Connections for Scripted {
    fn source<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async move { Ok(Box::new(self.clone()) as Box<dyn Source>) })
    }
    fn destination<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        self.script().opened += 1;
        Box::pin(async move { Ok(Box::new(self.clone()) as Box<dyn Destination>) })
    }
    fn digest(&self, _: &ConnectionId) -> Option<String> {
        Some(Connector::digest(self))
    }
}

impl Connector for Scripted {
    fn identity(&self) -> String {
        "scripted 1.0.0".to_owned()
    }
    fn digest(&self) -> String {
        "5c".repeat(32)
    }
    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        let described = self.script().describe.clone();
        Box::pin(async { Ok(described.unwrap_or_else(|| r#"{"resume-stable":true}"#.to_owned())) })
    }
    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }
}

struct ScriptedReader {
    script: Scripted,
    next: usize,
}

impl Reader for ScriptedReader {
    fn next(&mut self, _max: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            let script = self.script.script();
            if let Some((at, fault)) = &script.fail_at
                && *at == self.next
            {
                return Err(fault.clone());
            }
            let page = script.pages.get(self.next).cloned();
            self.next += 1;
            page.ok_or_else(|| Fault::new(FaultKind::Internal, "the script has no more pages"))
        })
    }
}

impl Source for Scripted {
    fn open(&mut self, _: &[Class], start: ScanStart) -> BoxFuture<'_, Result<Box<dyn Reader>, Fault>> {
        let next = match start {
            ScanStart::Resume(token) => token.parse::<usize>().map_or(0, |index| index + 1),
            ScanStart::Full | ScanStart::Since(_) => 0,
        };
        let script = self.clone();
        Box::pin(async move { Ok(Box::new(ScriptedReader { script, next }) as Box<dyn Reader>) })
    }
    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        Box::pin(async { Ok(self.script().version.clone()) })
    }
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { objects.iter().map(|_| Ok(None)).collect() })
    }
}

impl Destination for Scripted {
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>> {
        Box::pin(async move {
            let mut script = self.script();
            requests.into_iter().map(|request| script.one(request)).collect()
        })
    }
    fn finish(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
    fn settles_after_finish(&self) -> bool {
        false
    }
    fn find(&mut self, class: Class, attribute: String, value: String) -> BoxFuture<'_, Result<Vec<Record>, Fault>> {
        Box::pin(async move {
            let mut script = self.script();
            script.looked.push(format!("{attribute}={value}"));
            let has = |json: &str| {
                let object: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
                object[&attribute] == value.as_str()
            };
            Ok(script
                .there
                .iter()
                .filter(|(_, (json, _))| has(json))
                .map(|(id, there)| shown(class, id, there))
                .collect())
        })
    }
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let mut script = self.script();
            script.looked.extend(objects.iter().map(|(_, id)| id.to_string()));
            let read = |(class, id): &(Class, ExternalId)| {
                Ok(script.there.get(id.as_str()).map(|there| shown(*class, id.as_str(), there)))
            };
            objects.iter().map(read).collect()
        })
    }
}

/// An object as the destination shows it.
fn shown(class: Class, id: &str, (json, _): &(String, bool)) -> Record {
    let (id, attributes) = (id.into(), json.clone());
    Record { class, id, previous_id: None, version: Some("1".to_owned()), attributes, partial: false }
}

impl Script {
    fn one(&mut self, request: Request) -> Receipt {
        self.sent.push(request.clone());
        if !self.answers.is_empty() {
            return self.answers.remove(0);
        }
        let created = matches!(request.action, Action::Create(_));
        if request.id.is_none() && !created {
            return Receipt::Failed(Fault::new(FaultKind::Invalid, "an operation on nothing"));
        }
        let id = request.id.map_or_else(|| format!("d{}", self.there.len() + 1), |id| id.0.into());
        let usable = self.there.get(&id).is_none_or(|(_, usable)| *usable);
        let known = self.there.get(&id).cloned();
        match request.action {
            Action::Delete => {
                self.there.remove(&id);
            }
            Action::Disable => {
                self.there.insert(id.clone(), (request.desired, false));
            }
            Action::Enable => {
                self.there.insert(id.clone(), (request.desired, true));
            }
            Action::Create(_) | Action::Update(_) | Action::SetPassword | Action::MoveTo(_) => {
                self.there.insert(id.clone(), (request.desired, usable || created));
            }
        }
        let applied = Applied { id: ExternalId::from(id.clone()), version: None, observed: None, problems: Vec::new() };
        if known == self.there.get(&id).cloned() {
            return Receipt::Unchanged(applied);
        }
        self.journal.push(request.key);
        Receipt::Applied(applied)
    }
}
