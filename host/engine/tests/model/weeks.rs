//! Eight weeks on the clock of the test: changes every day, a destination that is down for two days, a mass leave that is
//! held and released, and a store that is restored from yesterday's backup. At the end the hub says what the reference says,
//! and it needs no more memory than in the first week.
//!
//! `make soak` plays it with ten thousand accounts; the usual run has a few hundred.

use crate::company::Company;
use crate::dice::Dice;
use crate::game::{Choice, HOUR, policy_with};
use crate::hands::Hands;
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
/// On the evening of this day the store of the day before is put back.
const RESTORED: u64 = 41;
const CHOICE: Choice = Choice::FIRST;
/// What is over is kept so long: short enough that eight weeks show it go.
const RETENTION: &str = r#"{"retention":{"history":"14d","runs":"14d","plans":"7d","tombstones":"30d"}}"#;

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
        policy: Arc::new(policy_with(CHOICE, &serde_json::from_str(RETENTION).unwrap())),
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

    /// A copy of the store as it is.
    fn backup(&self) {
        let path = self.folder.join("backup.redb");
        let _ = std::fs::remove_file(&path);
        self.engine().store.backup(&path).unwrap();
    }

    /// The copy takes the place of the store, as `rosterd store restore` does it.
    fn restore(&mut self) {
        self.engine = None;
        Store::restore(&self.folder.join("backup.redb"), &self.path(), true).unwrap();
        self.engine = Some(open(&self.path(), &self.world, &self.clock));
    }

    /// What is over goes, and the file is written anew: `rosterd store compact`. Sizes before and after, in kilobytes.
    fn compact(&mut self) -> (u64, u64) {
        let path = self.path();
        let size = || std::fs::metadata(&path).unwrap().len() / 1024;
        let before = size();
        self.engine().housekeeping().unwrap();
        self.engine().store.rewrite().unwrap();
        self.engine = None;
        self.engine = Some(open(&self.path(), &self.world, &self.clock));
        (before, size())
    }

    /// What changes in a day.
    fn changes(&mut self, count: u64) {
        for _ in 0..count {
            let working = self.company.people.len() as u64;
            let number = u32::try_from(1 + self.dice.below(working)).unwrap();
            let person = self.company.people[&number].clone();
            match self.dice.below(20) {
                0 if self.dice.percent(50) => {
                    self.company.hire(&mut self.dice);
                }
                0 => {
                    let unit = self.company.some_unit(&mut self.dice);
                    self.company.change(number, |person, _| person.unit = unit);
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
            system.shown.end = Some(ScanEnd { complete: vec![Class::Account, Class::OrgUnit], ..ScanEnd::default() });
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
        self.engine().housekeeping().unwrap();
        if day == RESTORED {
            // Of what was done today the store knows nothing any more.
            self.restore();
        }
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
fn eight_weeks_of_a_small_company_end_as_the_reference_says() {
    play(200, 8);
}

#[test]
#[ignore = "takes minutes: make soak"]
fn eight_weeks_end_as_the_reference_says() {
    play(setting("ACCOUNTS").unwrap_or(1_000), setting("CHANGES").unwrap_or(20));
}

fn play(people: u64, changes: u64) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(eight_weeks(people, changes));
}

async fn eight_weeks(people: u64, changes: u64) {
    let dir = tempfile::tempdir().unwrap();
    let (world, clock) = (World::new(), Arc::new(TestClock::default()));
    let now = 20_000 * 24 * HOUR;
    clock.set(now);
    let mut dice = Dice::new(8);
    let mut company = Company::founded();
    for unit in 1..=people / 50 {
        company.found(Some(u32::try_from(1 + unit / 8).unwrap()));
    }
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
            size.push(weeks.compact());
        }
    }
    // Three quiet days, so that what was missed is caught up.
    for day in DAYS..DAYS + 3 {
        weeks.day(day, 0).await;
    }
    let view = weeks.engine().store.snapshot().unwrap();
    let report = rosterd_store::verify::verify(&view).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    rest::compare(&view, &weeks.company, &weeks.world, CHOICE, &Hands::new()).unwrap();
    assert!(weeks.held >= 1, "the closed branch waited for a person");
    let week = |number: usize| {
        let mut days = memory[7 * number..7 * number + 7].to_vec();
        days.sort_unstable();
        days[3]
    };
    let (first, last) = (week(0), week(7));
    println!("{people} accounts, {changes} changes a day, {} plans released by a person", weeks.held);
    let each: Vec<u64> = (0..8).map(week).collect();
    println!("resident memory, median of each week, in kB: {each:?}");
    println!("week  store before and after it is compacted, in kB");
    for (week, (before, after)) in size.iter().enumerate() {
        println!("{:>4}  {before:>8} {after:>8}", week + 1);
    }
    if people >= 10_000 {
        assert!(last * 100 <= first * 105, "memory grew from {first} to {last} kB");
        assert!(size[7].1 * 100 <= size[2].1 * 105, "the store grew: {size:?}");
    }
}
