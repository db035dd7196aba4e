//! A remote system that goes on living while it is read: it knows what changed since a cursor, shows single objects, and
//! is changed by a test between two pages.

use crate::hub::HOUR;
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_engine::testing::TestClock;
use rosterd_engine::{Engine, Events, Policy, Settings};
use rosterd_model::outbox::{Action, Applied, Receipt, Request};
use rosterd_model::port::{BoxFuture, Connections, Connector, Destination, Hint, Probe, Reader, ScanStart, Source};
use rosterd_model::record::{Change, DepartureCause, Page, Record, ScanEnd};
use rosterd_model::spec::PolicySpec;
use rosterd_model::{Class, ConnectionId, Entity, ExternalId, Fault, FaultKind};
use rosterd_store::prelude::*;
use rosterd_store::{OpenOptions, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens right before a page is given.
type Between = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

#[derive(Default)]
pub(crate) struct State {
    /// Objects by id: JSON and version.
    pub(crate) objects: BTreeMap<String, (String, u64)>,
    /// Changes in order: the id and the number of the change.
    log: Vec<(u64, String)>,
    /// Cursors before this change are no longer known.
    pub(crate) forgotten: u64,
    pub(crate) describe: String,
    /// What happens before the page with this index of the next reader.
    pub(crate) between: BTreeMap<usize, Between>,
    /// The reader fails instead of giving this page.
    pub(crate) fail_at: Option<(usize, Fault)>,
    /// How each reader started.
    pub(crate) opened: Vec<ScanStart>,
    /// Objects that were read one by one.
    pub(crate) read: Vec<String>,
    /// Faults of reading single objects.
    pub(crate) faults: BTreeMap<String, Fault>,
    /// True: it can not be opened for writing.
    pub(crate) down: bool,
    /// What was asked of the destination side.
    pub(crate) sent: Vec<Request>,
    /// What the system makes of a value that is written.
    pub(crate) spelling: Option<fn(&str) -> String>,
}

#[derive(Clone, Default)]
pub(crate) struct Remote(Arc<Mutex<State>>);

const DELTAS: &str = r#"{"resume-stable":true,"delta":{"supported":true,"includes-deletes":true},
  "classes":{"account":{"versions":"number"}}}"#;

impl Remote {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an object.
    pub(crate) fn put(&self, id: &str, json: &str) {
        let mut state = self.state();
        let change = state.log.len() as u64 + 1;
        state.log.push((change, id.to_owned()));
        state.objects.insert(id.to_owned(), (json.to_owned(), change));
    }

    /// Puts `number,user,name`.
    pub(crate) fn person(&self, line: &str) {
        let (id, json) = crate::hub::account(line);
        self.put(&id, &json);
    }

    pub(crate) fn remove(&self, id: &str) {
        let mut state = self.state();
        let change = state.log.len() as u64 + 1;
        state.log.push((change, id.to_owned()));
        state.objects.remove(id);
    }

    pub(crate) fn between(&self, page: usize, what: impl FnOnce() -> BoxFuture<'static, ()> + Send + 'static) {
        self.state().between.insert(page, Box::new(what));
    }
}

fn record(id: &str, (json, version): &(String, u64)) -> Record {
    Record {
        class: Class::Account,
        id: id.into(),
        previous_id: None,
        version: Some(version.to_string()),
        attributes: json.clone(),
        partial: false,
    }
}

/// `hr`, and `ad` for every other name.
struct Remotes {
    hr: Remote,
    ad: Remote,
}

impl Remotes {
    fn of(&self, connection: &ConnectionId) -> Remote {
        if connection.as_str() == "hr" { self.hr.clone() } else { self.ad.clone() }
    }
}

impl Connections for Remotes {
    fn source<'a>(&'a self, of: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async move { Ok(Box::new(self.of(of)) as Box<dyn Source>) })
    }
    fn destination<'a>(&'a self, of: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        Box::pin(async move {
            if self.of(of).state().down {
                return Err(Fault::new(FaultKind::Transient, "the system is down"));
            }
            Ok(Box::new(self.of(of)) as Box<dyn Destination>)
        })
    }
}

impl Connector for Remote {
    fn identity(&self) -> String {
        "living 1.0.0".to_owned()
    }
    fn digest(&self) -> String {
        "1f".repeat(32)
    }
    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok(self.state().describe.clone()) })
    }
    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }
}

/// The pages are those of the moment at which the reader was opened.
struct Pages {
    remote: Remote,
    pages: Vec<Page>,
    next: usize,
}

impl Reader for Pages {
    fn next(&mut self, _: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            let between = self.remote.state().between.remove(&self.next);
            if let Some(between) = between {
                between().await;
            }
            if let Some((at, fault)) = &self.remote.state().fail_at
                && *at == self.next
            {
                return Err(fault.clone());
            }
            self.next += 1;
            self.pages.get(self.next - 1).cloned().ok_or_else(|| Fault::new(FaultKind::Internal, "no more pages"))
        })
    }
}

fn pages(changes: &[(Change, Option<String>)], end: ScanEnd) -> Vec<Page> {
    let mut pages: Vec<Page> = changes
        .chunks(3)
        .map(|part| Page {
            changes: part.iter().map(|(change, _)| change.clone()).collect(),
            resume: part.last().and_then(|(_, cursor)| cursor.clone()),
            end: None,
        })
        .collect();
    pages.push(Page { changes: Vec::new(), resume: None, end: Some(end) });
    pages
}

impl Source for Remote {
    fn open(&mut self, _: &[Class], start: ScanStart) -> BoxFuture<'_, Result<Box<dyn Reader>, Fault>> {
        Box::pin(async move {
            let mut state = self.state();
            state.opened.push(start.clone());
            let cursor = Some(state.log.len().to_string());
            let pages = match start {
                ScanStart::Since(since) => {
                    let since: u64 = since.parse().unwrap();
                    if since < state.forgotten {
                        return Err(Fault::new(FaultKind::CursorInvalid, "the change log does not reach back so far"));
                    }
                    let new = state.log.iter().filter(|(change, _)| *change > since);
                    let changes = new.map(|(change, id)| {
                        let class = Class::Account;
                        let said = match state.objects.get(id) {
                            Some(object) => Change::Upsert(record(id, object)),
                            None => Change::Gone { class, id: id.as_str().into(), cause: DepartureCause::Deleted },
                        };
                        (said, Some(change.to_string()))
                    });
                    pages(&changes.collect::<Vec<_>>(), ScanEnd { cursor, ..ScanEnd::default() })
                }
                start => {
                    let behind = match start {
                        ScanStart::Resume(last) => last,
                        _ => String::new(),
                    };
                    let all = state.objects.iter().filter(|(id, _)| **id > behind);
                    let all = all.map(|(id, object)| (Change::Upsert(record(id, object)), Some(id.clone())));
                    let complete = vec![Class::Account];
                    pages(&all.collect::<Vec<_>>(), ScanEnd { complete, cursor, ..ScanEnd::default() })
                }
            };
            Ok(Box::new(Pages { remote: self.clone(), pages, next: 0 }) as Box<dyn Reader>)
        })
    }
    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        Box::pin(async { Ok(Some(self.state().log.len().to_string())) })
    }
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { self.state().answers(&objects) })
    }
}

impl State {
    fn answers(&mut self, objects: &[(Class, ExternalId)]) -> Vec<Result<Option<Record>, Fault>> {
        objects
            .iter()
            .map(|(_, id)| {
                self.read.push(id.to_string());
                match self.faults.get(id.as_str()) {
                    Some(fault) => Err(fault.clone()),
                    None => Ok(self.objects.get(id.as_str()).map(|object| record(id.as_str(), object))),
                }
            })
            .collect()
    }

    fn one(&mut self, request: Request) -> Receipt {
        self.sent.push(request.clone());
        let id = request.id.map_or_else(|| format!("made-{}", self.sent.len()), |id| id.to_string());
        let spelling = self.spelling.unwrap_or(str::to_owned);
        let now = self.objects.get(&id).map(|(json, _)| json.clone()).unwrap_or_else(|| "{}".to_owned());
        let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&now).unwrap();
        match request.action {
            Action::Delete => {
                self.objects.remove(&id);
            }
            Action::Disable | Action::Enable => {
                object.insert("active".to_owned(), (request.action == Action::Enable).into());
            }
            _ => {
                let wanted: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(&request.desired).unwrap();
                for (name, value) in wanted {
                    let value = value.as_str().map_or(value.clone(), |text| spelling(text).into());
                    object.insert(name, value);
                }
            }
        }
        let text = serde_json::Value::Object(object).to_string();
        let change = self.log.len() as u64 + 1;
        self.log.push((change, id.clone()));
        if request.action != Action::Delete {
            self.objects.insert(id.clone(), (text.clone(), change));
        }
        let (id, observed) = (ExternalId::from(id), Some(text));
        Receipt::Applied(Applied { id, version: None, observed, problems: Vec::new() })
    }
}

impl Destination for Remote {
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>> {
        Box::pin(async move {
            let mut state = self.state();
            requests.into_iter().map(|request| state.one(request)).collect()
        })
    }
    fn finish(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
    fn settles_after_finish(&self) -> bool {
        false
    }
    fn find(&mut self, _: Class, _: String, _: String) -> BoxFuture<'_, Result<Vec<Record>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { self.state().answers(&objects) })
    }
}

/// A hub over a system `hr` and, where it is configured, a system `ad`.
pub(crate) struct Living {
    pub(crate) engine: Engine,
    pub(crate) remote: Remote,
    pub(crate) ad: Remote,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) dir: tempfile::TempDir,
}

const HR: &str = r#"{"jobs": {"hr": {"source": "hr", "account": {
     "correlate": [{"tier": 1, "match": ["employeeNumber"]}],
     "map": {"userName": "source.user", "displayName": "source.name", "employeeNumber": "source.number"}}}},
  "deliver": {}, "authority": {"default": ["hr"]}, "guard": {"on-trip": "apply-safe"}, "protect": {"accounts": []}}"#;

impl Living {
    /// A hub that reads a system with `count` people.
    pub(crate) fn with_people(count: usize) -> Self {
        let living = Self::configured(HR);
        for line in crate::hub::people(100, count) {
            living.remote.person(&line);
        }
        living
    }

    pub(crate) fn configured(policy: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = OpenOptions { cache_bytes: 8 << 20, create: true };
        let store = Store::open(&dir.path().join("hub.redb"), options).unwrap();
        let clock = Arc::new(TestClock::default());
        clock.set(1_000 * HOUR);
        let (remote, ad) = (Remote::default(), Remote::default());
        remote.state().describe = DELTAS.to_owned();
        ad.state().describe = DELTAS.to_owned();
        let spec: PolicySpec = serde_json::from_str(policy).unwrap();
        let engine = Engine {
            store: Arc::new(store),
            connections: Arc::new(Remotes { hr: remote.clone(), ad: ad.clone() }),
            policy: Arc::new(Policy::compile(&spec, "digest".to_owned()).unwrap()),
            settings: Settings { page_size: 4, observe_batch: 7, apply_batch: 5, deliver_batch: 3 },
            clock: clock.clone(),
            events: Events::silent(),
            delivering: rosterd_engine::engine::Delivering::default(),
            gate: rosterd_engine::gate::Gate::default(),
            principal: "tester".to_owned(),
        };
        Self { engine, remote, ad, clock, dir }
    }

    pub(crate) async fn run(&self) -> RunReport {
        self.run_of("hr").await
    }

    pub(crate) async fn run_of(&self, job: &str) -> RunReport {
        // The first run of a job is one with another configuration.
        let options = RunOptions { accept_configuration: true, ..RunOptions::default() };
        self.engine.run(job, options).await.unwrap()
    }

    pub(crate) fn account(&self, user: &str) -> Option<Entity> {
        self.engine.account(user).ok()
    }

    pub(crate) fn name(&self, user: &str) -> Option<String> {
        Some(self.account(user)?.attributes.get("displayName")?.to_text().to_string())
    }

    pub(crate) fn active(&self) -> usize {
        let view = self.engine.store.snapshot().unwrap();
        view.entities(Class::Account, None)
            .unwrap()
            .filter(|entity| entity.as_ref().unwrap().lifecycle.is_active())
            .count()
    }

    pub(crate) fn cursor(&self) -> Option<String> {
        let view = self.engine.store.snapshot().unwrap();
        let number = view.connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
        view.cursor(number).unwrap()
    }

    /// A hint arrives.
    pub(crate) fn hint(&self, event: &str, id: &str, deleted: bool) -> rosterd_engine::inbox::Received {
        let hint = hint(event, id, deleted);
        self.engine.receive(&"hr".parse().unwrap(), &[hint]).unwrap()
    }

    pub(crate) fn verify(&self) {
        let report = rosterd_store::verify::verify(&self.engine.store.snapshot().unwrap()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

pub(crate) fn hint(event: &str, id: &str, deleted: bool) -> Hint {
    Hint {
        class: Some(Class::Account),
        id: Some(id.into()),
        event_id: Some(event.to_owned()),
        occurred_at: None,
        detail: if deleted { r#"{"deleted":true}"#.to_owned() } else { "{}".to_owned() },
    }
}
