//! Eight weeks on the clock of the test: changes every day, a destination that is down for two days, a mass leave that is
//! held and released, and a store that is restored from yesterday's backup. At the end the hub says what the reference says,
//! and it needs no more memory than in the first week.
//!
//! `make soak` plays it with ten thousand accounts; the usual run has a few hundred.

use crate::company::Company;
use crate::dice::Dice;
use crate::game::{Choice, HOUR, policy};
use crate::{ALONE, rest, setting};
use rosterd_engine::engine::Delivering;
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_engine::testing::{TestClock, World};
use rosterd_engine::{Engine, EngineError, Events, Gate, Settings};
use rosterd_model::record::ScanEnd;
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::{OpenOptions, Store};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

const DAYS: u64 = 56;
/// The application can not be reached on these days.
const DOWN: [u64; 2] = [17, 18];
/// On this day a branch is closed: one in twelve people leaves.
const CLOSED: u64 = 30;
/// On this day the store of the day before is put back.
const RESTORED: u64 = 41;
const CHOICE: Choice = Choice { titles: true, capitals: false };

struct Weeks {
    dice: Dice,
    company: Company,
    world: World,
    clock: Arc<TestClock>,
    now: u64,
    folder: PathBuf,
    engine: Option<Engine>,
    held: u64,
}

fn open(path: &Path, world: &World, clock: &Arc<TestClock>) -> Engine {
    let store = Store::open(path, OpenOptions { cache_bytes: 16 << 20, create: true }).unwrap();
    Engine {
        store: Arc::new(store),
        connections: Arc::new(world.clone()),
        policy: Arc::new(policy(CHOICE)),
        settings: Settings::default(),
        clock: clock.clone(),
        events: Events::silent(),
        gate: Gate::default(),
        principal: "operator".to_owned(),
        delivering: Delivering::default(),
    }
}

impl Weeks {
    fn path(&self) -> PathBuf {
        self.folder.join("hub.redb")
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the store is closed only while it is copied")
    }

    /// A copy of the store, made while nobody has it open.
    fn backup(&mut self) {
        self.engine = None;
        std::fs::copy(self.path(), self.folder.join("backup.redb")).unwrap();
        self.engine = Some(open(&self.path(), &self.world, &self.clock));
    }

    fn restore(&mut self) {
        self.engine = None;
        std::fs::copy(self.folder.join("backup.redb"), self.path()).unwrap();
        self.engine = Some(open(&self.path(), &self.world, &self.clock));
    }

    /// What changes in a day.
    fn changes(&mut self, count: u64) {
        for _ in 0..count {
            let working = self.company.people.len() as u64;
            let number = u32::try_from(1 + self.dice.below(working)).unwrap();
            let person = self.company.people[&number].clone();
            match self.dice.below(20) {
                0 => {
                    self.company.hire(&mut self.dice);
                }
                // Few enough a day that nobody is asked.
                1 if count < 60 || self.dice.percent(30) => self.company.change(number, |person, _| person.left = true),
                2 => self.company.change(number, |person, _| (person.left, person.listed) = (false, true)),
                3..=9 if person.listed => self.company.change(number, |person, fresh| person.title = fresh),
                10..=14 if person.listed => {
                    self.company.change(number, |person, fresh| person.name = format!("P {fresh}"));
                }
                15 if person.listed => self.company.change(number, |person, fresh| person.user = fresh),
                _ => self.company.change(number, |person, fresh| person.mobile = Some(fresh)),
            }
        }
    }

    async fn run(&mut self, job: &'static str) {
        let version = Some(format!("day {}", self.now / (24 * HOUR)));
        let changes = if job == "hr" { self.company.rows() } else { self.company.phones() };
        self.world.with(job, |system| {
            system.shown.changes = changes;
            system.shown.page_size = 500;
            system.shown.end = Some(ScanEnd { complete: vec![Class::Account], ..ScanEnd::default() });
            system.shown.version = version;
        });
        let report = self.engine().run(job, RunOptions::default()).await;
        self.release(report).await;
    }

    /// What waits is looked at by a person, and released.
    async fn release(&mut self, report: Result<RunReport, EngineError>) {
        let report = report.unwrap();
        self.world.with("app", |system| system.journal.clear());
        self.world.with("mail", |system| system.journal.clear());
        drop(self.world.take_sent());
        let waits = matches!(report.run.state.as_str(), "held" | "planned");
        let Some(plan) = report.plan.filter(|_| waits) else { return };
        self.held += 1;
        let mut engine = self.engine().clone();
        engine.principal = "somebody else".to_owned();
        // A plan that waits for a person who applies it needs no approval.
        let _ = engine.approve(&plan.digest.to_string());
        engine.apply(&plan.digest.to_string()).await.unwrap();
        drop(self.world.take_sent());
    }

    async fn day(&mut self, day: u64, changes: u64) {
        self.now += 24 * HOUR;
        self.clock.set(self.now);
        if day == RESTORED {
            self.restore();
        }
        self.changes(changes);
        if day == CLOSED {
            for number in self.company.working() {
                if self.dice.below(12) == 0 {
                    self.company.change(number, |person, _| person.left = true);
                }
            }
        }
        let fault = DOWN.contains(&day).then(|| Fault::new(FaultKind::Transient, "the application is down"));
        self.world.with("app", |system| system.unreachable = fault);
        self.run("hr").await;
        self.run("ad").await;
        if day + 1 == RESTORED {
            self.backup();
        }
    }
}

/// Memory of this process that is in use, in kilobytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4
}

#[test]
#[ignore = "not yet part of the usual run: make soak"]
fn eight_weeks_end_as_the_reference_says() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(eight_weeks());
}

async fn eight_weeks() {
    let (people, changes) = (setting("ACCOUNTS").unwrap_or(300), setting("CHANGES").unwrap_or(12));
    let dir = tempfile::tempdir().unwrap();
    let (world, clock) = (World::new(), Arc::new(TestClock::default()));
    let now = 20_000 * 24 * HOUR;
    clock.set(now);
    let mut dice = Dice::new(8);
    let mut company = Company::default();
    for _ in 0..people {
        company.hire(&mut dice);
    }
    let folder = dir.path().to_owned();
    let engine = Some(open(&folder.join("hub.redb"), &world, &clock));
    let mut weeks = Weeks { dice, company, world, clock, now, folder, engine, held: 0 };
    let (mut memory, mut size) = (Vec::new(), Vec::new());
    for day in 0..DAYS {
        weeks.day(day, changes).await;
        memory.push(resident());
        if day % 7 == 6 {
            size.push(std::fs::metadata(weeks.path()).unwrap().len() / 1024);
        }
    }
    // Three quiet days, so that what was missed is caught up.
    for day in DAYS..DAYS + 3 {
        weeks.day(day, 0).await;
    }
    let view = weeks.engine().store.snapshot().unwrap();
    let report = rosterd_store::verify::verify(&view).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    rest::compare(&view, &weeks.company, &weeks.world, CHOICE).unwrap();
    assert!(weeks.held >= 1, "the closed branch waited for a person");
    let week = |number: usize| {
        let mut days = memory[7 * number..7 * number + 7].to_vec();
        days.sort_unstable();
        days[3]
    };
    let (first, last) = (week(0), week(7));
    println!("{people} accounts, {changes} changes a day, {} plans released by a person", weeks.held);
    println!("resident memory, median of the week: first {first} kB, eighth {last} kB");
    println!("store at the end of each week, in kB: {size:?}");
    if people >= 10_000 {
        assert!(last * 100 <= first * 105, "memory grew from {first} to {last} kB");
    }
}
