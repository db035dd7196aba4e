//! How fast clients of a pushed source are served, every answer durable, on a disk.
//!
//! Measures, and therefore runs only when it is asked for:
//! `cargo nextest run -p rosterd-engine --run-ignored only push_figures --no-capture`.

use crate::hub::HOUR;
use crate::push::{asked, create, eq};
use rosterd_engine::testing::{TestClock, World};
use rosterd_engine::{Engine, Events, Gate, Policy, Settings};
use rosterd_model::Class;
use rosterd_model::spec::PolicySpec;
use rosterd_store::{OpenOptions, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};

const OBJECTS: usize = 100_000;

/// Nothing is held: a client that makes everybody at once would wait for a person.
const POLICY: &str = r#"{"jobs": {"api": {"source": "api", "pushed": true, "account": {
     "correlate": [{"tier": 1, "match": ["employeeNumber"]}],
     "map": {"userName": "source.userName", "displayName": "source.name", "employeeNumber": "source.number"}}},
   "bulk": {"source": "bulk", "pushed": true, "account": {"map": {"userName": "source.userName"}}}},
  "deliver": {}, "authority": {"default": ["api", "bulk"]}, "protect": {},
  "guard": {"on-trip": "apply-safe", "create": {"floor": 10000000, "percent": 100, "cap": null}}}"#;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time"]
async fn push_figures() {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { cache_bytes: 256 << 20, create: true };
    let clock = Arc::new(TestClock::default());
    clock.set(1_000 * HOUR);
    let spec: PolicySpec = serde_json::from_str(POLICY).unwrap();
    let engine = Engine {
        store: Arc::new(Store::open(&dir.path().join("hub.redb"), options).unwrap()),
        connections: Arc::new(World::new()),
        policy: Arc::new(Policy::compile(&spec, "digest".to_owned()).unwrap()),
        settings: Settings::default(),
        clock,
        events: Events::silent(),
        delivering: rosterd_engine::engine::Delivering::default(),
        gate: Gate::default(),
        principal: "tester".to_owned(),
    };
    let directory = engine.directory(&"api".parse().unwrap()).unwrap();
    let begun = Instant::now();
    for first in (0..OBJECTS).step_by(5_000) {
        let answers = directory.submit((first..first + 5_000).map(create).collect()).await;
        assert!(answers.iter().all(Result::is_ok));
    }
    eprintln!("in calls of 5000: {:.0} creates a second", OBJECTS as f64 / begun.elapsed().as_secs_f64());
    let mut times = Vec::new();
    for number in (0..OBJECTS).step_by(97) {
        let query = asked(Some(eq("userName", &format!("USER{number}"))));
        let begun = Instant::now();
        let listing = directory.query(Class::Account, query).await.unwrap();
        times.push(begun.elapsed());
        assert_eq!(listing.total, Some(1));
    }
    eprintln!("userName eq among {OBJECTS}: {:?} at the median", median(times));
    let begun = Instant::now();
    let title = rosterd_model::directory::Filter::Compare {
        attribute: "title".to_owned(),
        is: rosterd_model::directory::Comparison::Pr,
        value: serde_json::Value::Null,
    };
    directory.query(Class::Account, asked(Some(title))).await.unwrap();
    eprintln!("title pr among {OBJECTS}, which no index serves: {:?}", begun.elapsed());
    for clients in [1_usize, 8, 64] {
        let each = 2_000 / clients.max(8);
        let begun = Instant::now();
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let directory = engine.directory(&"api".parse().unwrap()).unwrap();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for number in 0..each {
                        let begun = Instant::now();
                        let number = OBJECTS * (clients + 1) + client * 10_000 + number;
                        assert!(directory.submit(vec![create(number)]).await[0].is_ok());
                        times.push(begun.elapsed());
                    }
                    times
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        let rate = (clients * each) as f64 / begun.elapsed().as_secs_f64();
        eprintln!("{clients} clients: {rate:.0} creates a second, {:?} at the median", median(times));
    }
    // Beside somebody else's bulk: the store has one writer, and the portions of others are what is waited for.
    let bulk = engine.directory(&"bulk".parse().unwrap()).unwrap();
    let busy = tokio::spawn(async move {
        for first in (0..20_000).step_by(5_000) {
            let calls = (first..first + 5_000).map(|number| create(9_000_000 + number)).collect();
            assert!(bulk.submit(calls).await.iter().all(Result::is_ok));
        }
    });
    let mut times = Vec::new();
    while !busy.is_finished() {
        let begun = Instant::now();
        assert!(directory.submit(vec![create(8_000_000 + times.len())]).await[0].is_ok());
        times.push(begun.elapsed());
    }
    busy.await.unwrap();
    let (longest, count) = (times.iter().max().copied().unwrap_or_default(), times.len());
    eprintln!(
        "beside calls of 5000 of another connection: {count} creates, {:?} at the median, at most {longest:?}",
        median(times)
    );
}
