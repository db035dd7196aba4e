//! The stage of a scenario: a world, a store on a disk in memory, an engine, a clock.

use crate::file::merge;
use rosterd_engine::engine::{Delivering, Overlap};
use rosterd_engine::run::RunReport;
use rosterd_engine::testing::{Sent, TestClock, World};
use rosterd_engine::{Engine, EngineError, Events, Gate, Policy, RunEvent, Settings};
use rosterd_model::spec::PolicySpec;
use rosterd_store::testing::Recorder;
use rosterd_store::{Snapshot, Table as StoreTable};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use toml::Table;

/// Where the clock of a scenario begins: 2026-01-05 00:00 UTC, a Monday.
pub(crate) const START_MS: u64 = 1_767_571_200_000;

/// What the last command came to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) report: Option<RunReport>,
    pub(crate) error: Option<String>,
    /// What a command without a run would print.
    pub(crate) lines: Vec<String>,
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) now: u64,
    pub(crate) engine: Engine,
    pub(crate) config: Table,
    pub(crate) last: Outcome,
    /// Digests of plans, by the names that steps gave them, and `last`.
    pub(crate) plans: BTreeMap<String, String>,
    /// What was asked of destinations and not looked at yet.
    pub(crate) sent: Vec<Sent>,
    /// True: a step looked at what was sent, so that everything must be looked at.
    pub(crate) watches: bool,
    /// Versions that sources got by themselves.
    pub(crate) version: u64,
    /// Content of the store before the present step.
    pub(crate) before: [u8; 32],
    /// What the engine told, as text, since the step began.
    pub(crate) told: Arc<Mutex<Vec<String>>>,
    /// Copies of the store, by name.
    pub(crate) copies: BTreeMap<String, Vec<u8>>,
    disk: Recorder,
}

impl Stage {
    pub(crate) fn new(config: Table) -> Result<Self, String> {
        let (world, clock, disk) = (World::new(), Arc::new(TestClock::default()), Recorder::new());
        clock.set(START_MS);
        let told = Arc::default();
        let engine = open(&disk, &world, &clock, &config, &told)?;
        let mut stage = Self {
            world,
            clock,
            now: START_MS,
            engine,
            config,
            last: Outcome::default(),
            plans: BTreeMap::new(),
            sent: Vec::new(),
            watches: false,
            version: 0,
            before: [0; 32],
            told,
            copies: BTreeMap::new(),
            disk,
        };
        stage.before = stage.digest()?;
        Ok(stage)
    }

    /// The process is gone, and a new one opens what the disk holds.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        let image = self.image();
        self.restart_on(image)
    }

    /// A new process on another store.
    pub(crate) fn restart_on(&mut self, image: Vec<u8>) -> Result<(), String> {
        self.disk = Recorder::of_image(image);
        self.engine = open(&self.disk, &self.world, &self.clock, &self.config, &self.told)?;
        Ok(())
    }

    /// The store's file as it is now.
    pub(crate) fn image(&self) -> Vec<u8> {
        self.disk.killed_image(self.disk.syncs(), usize::MAX)
    }

    /// Another configuration for the running process.
    pub(crate) fn configure(&mut self, change: Table, remove: &[String]) -> Result<(), String> {
        merge(&mut self.config, change);
        for path in remove {
            remove_key(&mut self.config, path)?;
        }
        self.engine.policy = Arc::new(compile(&self.config)?);
        Ok(())
    }

    pub(crate) fn view(&self) -> Result<Snapshot, String> {
        self.engine.store.snapshot().map_err(text)
    }

    /// Everything but what every command writes: runs, and the time that policy has seen.
    pub(crate) fn digest(&self) -> Result<[u8; 32], String> {
        let view = self.view()?;
        rosterd_store::digest::content_digest(&view, &[StoreTable::Runs, StoreTable::Meta]).map_err(text)
    }

    /// Keeps what a command of the engine came to.
    pub(crate) fn came_to(&mut self, result: Result<RunReport, EngineError>) {
        self.last = Outcome::default();
        match result {
            Ok(report) => {
                if let Some(plan) = &report.plan {
                    self.plans.insert("last".to_owned(), plan.digest.to_string());
                }
                self.last.report = Some(report);
            }
            Err(error) => self.last.error = Some(error.to_string()),
        }
    }

    /// What the engine told since the step began.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Before a step.
    pub(crate) fn begin(&mut self) -> Result<(), String> {
        self.before = self.digest()?;
        self.last = Outcome::default();
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// After a step: what was sent is taken in, and the store must be sound.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        self.sent.extend(self.world.take_sent());
        let report = rosterd_store::verify::verify(&self.view()?).map_err(text)?;
        if report.problems.is_empty() {
            return Ok(());
        }
        Err(format!("the store is not sound: {}", report.problems.join("; ")))
    }

    /// After the last step nothing may be left that nobody looked at.
    pub(crate) fn end(&self) -> Result<(), String> {
        if !self.watches || self.sent.is_empty() {
            return Ok(());
        }
        let sent: Vec<String> = self.sent.iter().map(ToString::to_string).collect();
        Err(format!("sent, and no step expects it: {}", sent.join("; ")))
    }
}

fn open(
    disk: &Recorder,
    world: &World,
    clock: &Arc<TestClock>,
    config: &Table,
    told: &Arc<Mutex<Vec<String>>>,
) -> Result<Engine, String> {
    let told = told.clone();
    let listener = move |event: &RunEvent| {
        told.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{event:?}"));
    };
    Ok(Engine {
        store: Arc::new(disk.open().map_err(text)?),
        connections: Arc::new(world.clone()),
        policy: Arc::new(compile(config)?),
        // Small, so that everything takes several pages and transactions.
        settings: Settings { page_size: 10, observe_batch: 7, apply_batch: 5, deliver_batch: 3 },
        clock: clock.clone(),
        events: Events::new(listener),
        gate: Gate::default(),
        principal: "alice".to_owned(),
        delivering: Delivering::default().in_order(Overlap::AnswersFirst),
    })
}

/// The configuration, with the shape of rosterd.toml, compiled.
pub(crate) fn compile(config: &Table) -> Result<Policy, String> {
    let mut config = config.clone();
    if let Some(jobs) = config.remove("job") {
        config.insert("jobs".to_owned(), jobs);
    }
    let defaults = serde_json::to_value(PolicySpec::default()).map_err(text)?;
    let mut policy = serde_json::to_value(config).map_err(text)?;
    if let (Some(policy), serde_json::Value::Object(defaults)) = (policy.as_object_mut(), defaults) {
        for (key, value) in defaults {
            policy.entry(key).or_insert(value);
        }
    }
    let digest = blake3::hash(policy.to_string().as_bytes()).to_hex().to_string();
    let spec: PolicySpec = serde_json::from_value(policy).map_err(text)?;
    Policy::compile(&spec, digest).map_err(text)
}

fn remove_key(table: &mut Table, path: &str) -> Result<(), String> {
    let (folder, key) = path.rsplit_once('.').map_or((None, path), |(folder, key)| (Some(folder), key));
    let mut inner = table;
    for part in folder.into_iter().flat_map(|folder| folder.split('.')) {
        inner = inner.get_mut(part).and_then(toml::Value::as_table_mut).ok_or_else(|| format!("there is no {path}"))?;
    }
    inner.remove(key).map(drop).ok_or_else(|| format!("there is no {path}"))
}

/// An error as its sentence.
pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
