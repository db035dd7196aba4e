//! A hub in a temporary folder, and the few sentences that tests say to it.

use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_engine::testing::{Scripted, TestClock};
use rosterd_engine::{Engine, EngineError, Events, Policy, Settings};
use rosterd_model::spec::PolicySpec;
use rosterd_model::{Class, Entity};
use rosterd_store::prelude::*;
use rosterd_store::{OpenOptions, Store, Table};
use std::sync::Arc;

/// Hours in milliseconds.
pub(crate) const HOUR: u64 = 3_600_000;

pub(crate) struct Hub {
    pub(crate) engine: Engine,
    pub(crate) remote: Scripted,
    pub(crate) clock: Arc<TestClock>,
    _dir: tempfile::TempDir,
}

const JOB: &str = r#"{
  "jobs": {"hr": {"source": "hr", "account": {
     "correlate": [{"tier": 1, "match": ["employeeNumber"]}],
     "map": {"userName": "source.user", "displayName": "source.name", "employeeNumber": "source.number",
             "lifecycle": "source.status", "title": {"from": "source.title", "on-null": "clear"}}}}},
  "deliver": DELIVER, "authority": {"default": ["hr"]}, "guard": {"on-trip": "apply-safe"}, "protect": {"accounts": ["root"]}
}"#;

const DELIVER: &str = r#"{"app": {"scope": null, "first-delivery": "FIRST", "account": {"map":
   {"login": "account.userName", "name": "account.displayName", "title": "account.title"}}}}"#;

impl Hub {
    /// A hub with one source and no destination.
    pub(crate) fn new() -> Self {
        Self::with(&JOB.replace("DELIVER", "{}"))
    }

    /// A hub that delivers to an application, which may have its first delivery unattended.
    pub(crate) fn delivering() -> Self {
        Self::with(&JOB.replace("DELIVER", &DELIVER.replace("FIRST", "allow")))
    }

    /// A hub whose first delivery a person must see.
    pub(crate) fn delivering_first() -> Self {
        Self::with(&JOB.replace("DELIVER", &DELIVER.replace("FIRST", "hold")))
    }

    /// A hub with any policy, as JSON.
    pub(crate) fn with(policy: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(&dir.path().join("hub.redb"), OpenOptions { cache_bytes: 8 << 20, create: true }).unwrap();
        let clock = Arc::new(TestClock::default());
        clock.set(1_000 * HOUR);
        let remote = Scripted::default();
        let engine = Engine {
            store: Arc::new(store),
            connections: Arc::new(remote.clone()),
            policy: Arc::new(compiled(policy)),
            settings: Settings { page_size: 10, observe_batch: 7, apply_batch: 5, deliver_batch: 3 },
            clock: clock.clone(),
            events: Events::silent(),
            principal: "tester".to_owned(),
            delivering: rosterd_engine::engine::Delivering::default(),
        };
        Self { engine, remote, clock, _dir: dir }
    }

    /// Lets the source show these accounts: `number,user,name,status`.
    pub(crate) fn show(&self, version: &str, lines: &[String]) {
        let accounts: Vec<(String, String)> = lines.iter().map(|line| account(line)).collect();
        let accounts: Vec<(&str, &str)> = accounts.iter().map(|(id, json)| (id.as_str(), json.as_str())).collect();
        self.remote.show(version, &accounts, 3);
    }

    pub(crate) async fn run(&self) -> RunReport {
        self.engine.run("hr", RunOptions::default()).await.unwrap()
    }

    pub(crate) async fn plan(&self) -> RunReport {
        self.engine.run("hr", RunOptions { dry: true, allow_empty: false }).await.unwrap()
    }

    pub(crate) async fn try_run(&self) -> Result<RunReport, EngineError> {
        self.engine.run("hr", RunOptions::default()).await
    }

    pub(crate) fn accounts(&self) -> Vec<Entity> {
        let view = self.engine.store.snapshot().unwrap();
        view.entities(Class::Account, None).unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn active(&self) -> usize {
        self.accounts().iter().filter(|entity| entity.lifecycle.is_active()).count()
    }

    /// Everything but what every run writes: its own record, and the time that policy has seen.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let view = self.engine.store.snapshot().unwrap();
        rosterd_store::digest::content_digest(&view, &[Table::Runs, Table::Meta]).unwrap()
    }

    pub(crate) fn verify(&self) {
        let report = rosterd_store::verify::verify(&self.engine.store.snapshot().unwrap()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

fn compiled(policy: &str) -> Policy {
    let spec: PolicySpec = serde_json::from_str(policy).unwrap();
    Policy::compile(&spec, blake3::hash(policy.as_bytes()).to_hex().to_string()).unwrap()
}

/// `number,user,name,status`; an empty cell says nothing.
pub(crate) fn account(line: &str) -> (String, String) {
    let cells: Vec<&str> = line.split(',').collect();
    let names = ["number", "user", "name", "status", "title"];
    let pairs = names.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
    let object: serde_json::Map<String, serde_json::Value> =
        pairs.map(|(name, cell)| ((*name).to_owned(), (*cell).into())).collect();
    (cells[0].to_owned(), serde_json::Value::Object(object).to_string())
}

/// `count` people with numbers from `from`.
pub(crate) fn people(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|n| format!("{n},user{n},Person {n}")).collect()
}
