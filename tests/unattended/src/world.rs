//! Systems that cost nothing: a source whose records are arithmetic, destinations that answer at once.

use rosterd_engine::{Engine, Events, Policy, Settings};
use rosterd_model::outbox::{Applied, Receipt, Request};
use rosterd_model::port::{BoxFuture, Clock, Connections, Connector, Destination, Probe, Reader, ScanStart, Source};
use rosterd_model::record::{Change, Page, Record, ScanEnd};
use rosterd_model::spec::PolicySpec;
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Timestamp};
use rosterd_store::{OpenOptions, Store};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One account in so many changes from one run to the next.
const CHANGES: u64 = 100;

/// The source, and every destination.
#[derive(Debug, Clone)]
pub(crate) struct World {
    accounts: u64,
    /// Which run this is: it says who changed.
    run: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new(accounts: u64) -> Self {
        Self { accounts, run: Arc::default() }
    }

    /// From now on one account in a hundred is another than before.
    pub(crate) fn next_run(&self) {
        self.run.fetch_add(1, Ordering::SeqCst);
    }

    /// An account as it is now: its title tells the last run in which it changed.
    pub(crate) fn attributes(&self, number: u64) -> String {
        let (run, turn) = (self.run.load(Ordering::SeqCst), number % CHANGES);
        let changed = if run < turn { 0 } else { run - (run - turn) % CHANGES };
        format!(
            r#"{{"user":"User{number:07}","name":"Person {number}","number":"{number}","mail":"User{number:07}@Example.com","mobile":"+86 138 {:04} {:04}","title":"Engineer {changed}","department":"Department {}","city":"Hangzhou"}}"#,
            number / 10_000 % 10_000,
            number % 10_000,
            number % 200,
        )
    }
}

/// The clock of the machine would do as well; one that stands still makes two runs equal.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_767_225_600_000)
    }
}

/// The configuration: `title` is the rule for the title, and these are the destinations.
pub(crate) fn policy(title: &str, destinations: &[&str]) -> Result<Arc<Policy>, String> {
    let deliver: serde_json::Map<String, serde_json::Value> = destinations
        .iter()
        .map(|name| {
            let map = serde_json::json!({
                "login": "account.userName", "name": "account.displayName", "mail": "account.emails.work",
                "title": "account.title",
            });
            let delivery = serde_json::json!({ "scope": null, "first-delivery": "allow", "account": { "map": map } });
            ((*name).to_owned(), delivery)
        })
        .collect();
    let spec = serde_json::json!({
        "jobs": { "hr": { "source": "hr", "account": {
            "correlate": [{ "tier": 1, "match": ["employeeNumber"] }],
            "map": {
                "userName": "ToLower(source.user)", "displayName": "source.name", "employeeNumber": "source.number",
                "emails.work": "ToLower(source.mail)", "phoneNumbers.mobile": "source.mobile", "title": title,
                "department": "source.department", "locality": "source.city",
            },
        } } },
        "deliver": deliver, "authority": { "default": ["hr"] }, "guard": {}, "protect": {},
    });
    let digest = spec.to_string();
    let spec: PolicySpec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    Ok(Arc::new(Policy::compile(&spec, digest).map_err(|error| error.to_string())?))
}

/// An engine over the world, with a new store in `file`.
pub(crate) fn engine(world: &World, policy: Arc<Policy>, file: &Path) -> Result<Engine, String> {
    remove(file)?;
    let options = OpenOptions { create: true, ..OpenOptions::default() };
    let store = Store::open(file, options).map_err(|error| error.to_string())?;
    Ok(Engine {
        store: Arc::new(store),
        connections: Arc::new(world.clone()),
        policy,
        settings: Settings::default(),
        clock: Arc::new(Still),
        events: Events::silent(),
        gate: rosterd_engine::Gate::default(),
        principal: "bench".to_owned(),
        delivering: rosterd_engine::engine::Delivering::default(),
    })
}

/// Removes a file that an earlier measurement left.
pub(crate) fn remove(file: &Path) -> Result<(), String> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("can not remove {}: {error}", file.display()))
        }
        _ => Ok(()),
    }
}

/// One connection of the world.
struct Line {
    world: World,
    /// A destination that refuses everything.
    fails: bool,
}

impl Connections for World {
    fn source<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async { Ok(Box::new(Line { world: self.clone(), fails: false }) as Box<dyn Source>) })
    }

    fn destination<'a>(&'a self, id: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        let fails = id.as_str() == "failing";
        Box::pin(async move { Ok(Box::new(Line { world: self.clone(), fails }) as Box<dyn Destination>) })
    }
}

impl Connector for Line {
    fn identity(&self) -> String {
        "arithmetic".to_owned()
    }

    fn digest(&self) -> String {
        "arithmetic".to_owned()
    }

    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok(r#"{"resume-stable":true}"#.to_owned()) })
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }
}

impl Source for Line {
    fn open(&mut self, _: &[Class], _: ScanStart) -> BoxFuture<'_, Result<Box<dyn Reader>, Fault>> {
        let world = self.world.clone();
        Box::pin(async { Ok(Box::new(Pages { world, next: 0 }) as Box<dyn Reader>) })
    }

    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        let run = self.world.run.load(Ordering::SeqCst);
        Box::pin(async move { Ok(Some(run.to_string())) })
    }

    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { objects.iter().map(|_| Ok(None)).collect() })
    }
}

struct Pages {
    world: World,
    next: u64,
}

impl Reader for Pages {
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        let end = (self.next + u64::from(max)).min(self.world.accounts);
        let record = |number: u64| Record {
            class: Class::Account,
            id: format!("{number:08}").into(),
            previous_id: None,
            version: None,
            attributes: self.world.attributes(number),
            partial: false,
        };
        let changes = (self.next..end).map(|number| Change::Upsert(record(number))).collect();
        self.next = end;
        let over = end == self.world.accounts;
        let end = over.then(|| ScanEnd {
            complete: vec![Class::Account],
            declared_totals: Vec::new(),
            cursor: None,
            note: None,
        });
        Box::pin(async move { Ok(Page { changes, resume: None, end }) })
    }
}

impl Destination for Line {
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>> {
        let fails = self.fails;
        Box::pin(async move {
            let answer = |request: Request| {
                if fails {
                    return Receipt::Failed(Fault::new(FaultKind::Invalid, "nothing is right for this destination"));
                }
                let id = request.id.unwrap_or_else(|| ExternalId::from(request.key));
                Receipt::Applied(Applied { id, version: None, observed: None, problems: Vec::new() })
            };
            requests.into_iter().map(answer).collect()
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
        Box::pin(async move { objects.iter().map(|_| Ok(None)).collect() })
    }
}
