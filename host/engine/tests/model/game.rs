//! One history: a company, the systems around it, a hub that may die, and what was seen on the way.

use crate::company::{Company, Shown};
use crate::count::Counts;
use crate::dice::Dice;
use crate::events::DEADLY;
use crate::hands::Hands;
use crate::ledger::Ledger;
use rosterd_engine::engine::{Delivering, Overlap};
use rosterd_engine::run::RunReport;
use rosterd_engine::testing::{Death, Kill, Sent, TestClock, World};
use rosterd_engine::{Engine, EngineError, Events, Gate, Policy, Settings};
use rosterd_model::spec::PolicySpec;
use rosterd_store::testing::Recorder;
use rosterd_store::{Snapshot, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

/// An hour in milliseconds.
pub(crate) const HOUR: u64 = 3_600_000;

/// What of the configuration changes in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The application is told titles.
    pub(crate) titles: bool,
    /// Names go in capitals.
    pub(crate) capitals: bool,
    /// What the second source calls people comes first.
    pub(crate) nicks: bool,
}

impl Choice {
    /// How a history begins.
    pub(crate) const FIRST: Self = Self { titles: true, capitals: false, nicks: false };
}

/// The first source tells what changed since a cursor, and who is deleted.
const DELTAS: &str = r#"{"resume-stable":true,"delta":{"supported":true,"includes-deletes":true}}"#;

pub(crate) struct Game {
    pub(crate) dice: Dice,
    pub(crate) company: Company,
    pub(crate) world: World,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) now: u64,
    pub(crate) engine: Engine,
    pub(crate) choice: Choice,
    /// What the first source showed, one after the other; a cursor is a place in it.
    pub(crate) shown: Vec<Shown>,
    pub(crate) ledger: Ledger,
    pub(crate) counts: Counts,
    /// What people changed at destinations by hand.
    pub(crate) hands: Hands,
    /// People of whom hints wait, and whether one called them deleted.
    pub(crate) hinted: BTreeMap<u32, bool>,
    /// Events of hints so far.
    pub(crate) events: u64,
    /// The process died since the invariants were checked: what it left is done by the next one.
    pub(crate) died: bool,
    /// What was sent since it was looked at.
    pub(crate) sent: Vec<Sent>,
    /// Digest of the last plan.
    pub(crate) plan: Option<String>,
    /// What happened, for whoever looks at a failure.
    pub(crate) diary: Vec<String>,
    disk: Recorder,
    overlap: Overlap,
}

impl Game {
    pub(crate) fn new(seed: u64, people: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut company = Company::founded();
        for _ in 0..people {
            company.hire(&mut dice);
        }
        let (world, clock, disk) = (World::new(), Arc::new(TestClock::default()), Recorder::new());
        let (now, choice) = (20_000 * 24 * HOUR, Choice::FIRST);
        clock.set(now);
        world.with("hr", |system| DELTAS.clone_into(&mut system.description));
        for name in ["app", "mail"] {
            world.with(name, |system| {
                (system.keeps_versions, system.observes) = (dice.percent(50), dice.percent(50));
                system.looks_up = dice.percent(30);
            });
        }
        // Both orders are played, and a seed always in the same one.
        let overlap = if seed.is_multiple_of(2) { Overlap::AnswersFirst } else { Overlap::SendFirst };
        let engine = engine(disk.open().unwrap(), &world, &clock, choice, overlap);
        Self {
            dice,
            company,
            world,
            clock,
            now,
            engine,
            choice,
            shown: Vec::new(),
            ledger: Ledger::default(),
            counts: Counts::default(),
            hands: Hands::new(),
            hinted: BTreeMap::new(),
            events: 0,
            died: false,
            sent: Vec::new(),
            plan: None,
            diary: Vec::new(),
            disk,
            overlap,
        }
    }

    pub(crate) fn note(&mut self, line: impl Into<String>) {
        self.diary.push(line.into());
    }

    pub(crate) fn view(&self) -> Snapshot {
        self.engine.store.snapshot().unwrap()
    }

    pub(crate) fn wait(&mut self, hours: u64) {
        self.now += hours * HOUR;
        self.clock.set(self.now);
    }

    pub(crate) fn configure(&mut self, choice: Choice) {
        self.choice = choice;
        self.engine.policy = Arc::new(policy(choice));
    }

    /// Runs a command, in a process that may die in the middle of it. None: it died, or was refused, or had nothing to do.
    pub(crate) async fn command<F, R>(
        &mut self,
        death: Option<Death>,
        work: impl FnOnce(Engine) -> F,
    ) -> Option<RunReport>
    where
        F: Future<Output = Result<R, EngineError>> + Send + 'static,
        R: Into<Option<RunReport>> + Send + 'static,
    {
        let armed = death.map(|death| Kill::new(Some(death)));
        let result = tokio::spawn(work(self.engine.clone())).await;
        let died = armed.as_ref().and_then(Kill::died_at);
        if let Some(effect) = died {
            // Only who follows a dead process passes there.
            let often = DEADLY.contains(&effect) && effect != "recover";
            self.counts.crash(if often { effect } else { "elsewhere" });
            self.note(format!("  died at {effect}"));
            self.died = true;
            self.reopen();
            drop(armed);
            self.take_sent();
            return None;
        }
        match result {
            Ok(result) => self.reported(result.map(Into::into)),
            Err(panic) => {
                self.take_sent();
                self.counts.outcome("panicked");
                self.ledger.panicked = Some(panic.to_string());
                None
            }
        }
    }

    /// Takes the report of a command in.
    pub(crate) fn reported(&mut self, result: Result<Option<RunReport>, EngineError>) -> Option<RunReport> {
        self.take_sent();
        match result {
            Ok(Some(report)) => {
                self.counts.outcome(report.run.state.as_str());
                let plan = report.plan.iter().flat_map(|plan| &plan.counts);
                let plan: Vec<String> = plan.map(|(bucket, count)| format!("{bucket}: {count}")).collect();
                let refused = report.run.licences.iter().filter(|note| !note.licensed);
                let refused: Vec<&String> = refused.flat_map(|note| note.reasons.first()).collect();
                let (state, waiting) = (&report.run.state, report.waiting);
                let line = format!("  {state:?} {plan:?} waiting {waiting} {refused:?} {:?}", report.faults);
                self.note(line);
                self.plan = report.plan.as_ref().map(|plan| plan.digest.to_string()).or(self.plan.take());
                Some(report)
            }
            Ok(None) => {
                self.counts.outcome("nothing to do");
                None
            }
            Err(error) => {
                self.counts.outcome("refused");
                self.note(format!("  refused: {error}"));
                None
            }
        }
    }

    fn take_sent(&mut self) {
        self.sent.extend(self.world.take_sent());
    }

    /// A new process opens what the old one left: all that was written, or a part of what was not synced.
    fn reopen(&mut self) {
        let syncs = self.disk.syncs();
        let image = if self.dice.percent(50) {
            self.disk.killed_image(syncs, usize::MAX)
        } else {
            self.disk.torn_image(syncs, self.dice.next())
        };
        self.disk = Recorder::of_image(image);
        self.engine = engine(self.disk.open().unwrap(), &self.world, &self.clock, self.choice, self.overlap);
    }
}

fn engine(store: Store, world: &World, clock: &Arc<TestClock>, choice: Choice, overlap: Overlap) -> Engine {
    Engine {
        store: Arc::new(store),
        connections: Arc::new(world.clone()),
        policy: Arc::new(policy(choice)),
        settings: Settings { page_size: 10, observe_batch: 9, apply_batch: 7, deliver_batch: 5 },
        clock: clock.clone(),
        events: Events::silent(),
        gate: Gate::default(),
        principal: "model".to_owned(),
        delivering: Delivering::default().in_order(overlap),
    }
}

pub(crate) fn policy(choice: Choice) -> Policy {
    policy_with(choice, &json!({}))
}

/// With further tables.
pub(crate) fn policy_with(choice: Choice, more: &Value) -> Policy {
    let name = if choice.capitals { "ToUpper(account.displayName)" } else { "account.displayName" };
    let mut app = json!({"login": "account.userName", "name": name, "number": "account.employeeNumber",
        "unit": "account.orgUnit"});
    if choice.titles {
        app["title"] = Value::from("account.title");
    }
    let mail = json!({"login": "account.userName", "number": "account.employeeNumber", "mobile": "account.mobile"});
    let unit = json!({"name": "orgUnit.displayName", "number": "orgUnit.code", "parent": "orgUnit.parent"});
    let tiers = json!([{"tier": 1, "match": ["employeeNumber"]}]);
    let names = if choice.nicks { json!(["ad", "hr"]) } else { json!(["hr", "ad"]) };
    let text = json!({
        "jobs": {
            "hr": {"source": "hr", "account": {"key-space": "acme", "correlate": tiers, "map": {
                "userName": "source.user", "displayName": "source.name", "employeeNumber": "source.number",
                "title": "source.title", "orgUnit": "source.unit", "lifecycle": "source.status"}},
                "org-unit": {"map": {"displayName": "source.name", "code": "source.code", "parent": "source.parent"}}},
            "ad": {"source": "ad", "account": {"key-space": "acme", "correlate": tiers, "unmatched": "report", "map": {
                "employeeNumber": "source.number", "mobile": "source.mobile", "displayName": "source.nick"}}},
        },
        "deliver": {
            "app": {"first-delivery": "allow", "on-missing": "create",
                "account": {"match": ["number"], "map": app}, "org-unit": {"match": ["number"], "map": unit}},
            "mail": {"first-delivery": "allow", "account": {"match": ["number"], "map": mail}},
        },
        "authority": {"default": ["hr", "ad"], "displayName": names},
        "lifecycle": {"holding-unit": crate::company::unit_id(1)},
        "guard": serde_json::to_value(rosterd_model::spec::GuardSpec::default()).unwrap(),
        "protect": {"accounts": []},
    });
    let mut policy = serde_json::to_value(PolicySpec::default()).unwrap();
    policy.as_object_mut().unwrap().extend(text.as_object().unwrap().clone());
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let digest = blake3::hash(policy.to_string().as_bytes()).to_hex().to_string();
    let spec: PolicySpec = serde_json::from_value(policy).unwrap();
    Policy::compile(&spec, digest).unwrap()
}
