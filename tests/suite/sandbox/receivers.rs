//! Requests, which share threads: what one of them does ends where its limit says, and the others are answered meanwhile.

use super::desk::{Desk, limits, masked};
use insta::assert_snapshot;
use rosterd_connector::ConnectionConfig;
use rosterd_model::directory::{Directory, Listing, Query, Submission};
use rosterd_model::port::{BoxFuture, Call, Receiver};
use rosterd_model::record::{Change, Record};
use rosterd_model::{Class, ExternalId, Fault, FaultKind};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Barrier, Notify};

/// Far more than there are threads for them.
fn many() -> usize {
    32 + 8 * std::thread::available_parallelism().map_or(2, usize::from)
}

/// Threads of this process on which requests are answered.
fn threads() -> usize {
    let all = std::fs::read_dir("/proc/self/task").expect("the system lists threads").flatten();
    all.filter(|one| std::fs::read_to_string(one.path().join("comm")).is_ok_and(|name| name.trim() == "rosterd-calls"))
        .count()
}

fn call(path: &str, body: &str) -> Call {
    let context = json!({ "base-url": "https://hub.example/receive/hr", "client": { "id": "okta", "scopes": ["accounts:write"] } });
    let headers = vec![("Content-Type".to_owned(), "application/scim+json".to_owned())];
    let (method, path, query) = ("POST".to_owned(), path.to_owned(), String::new());
    Call { method, path, query, headers, body: body.into(), context: context.to_string() }
}

fn receiver(desk: &Desk, component: &str, config: ConnectionConfig) -> Box<dyn Receiver> {
    desk.load(component).connect(config).and_then(|connection| connection.receiver()).expect("a connection opens")
}

fn behaving(desk: &Desk, behaviour: &str, changed: &str) -> Box<dyn Receiver> {
    let mut config = desk.config("hr", &json!({ "behaviour": behaviour }));
    config.limits = limits(&format!("call-wall = \"60 s\"\n{changed}"));
    receiver(desk, "hostile", config)
}

fn said(desk: &Desk, behaviour: &str) -> String {
    let mut hostile = behaving(desk, behaviour, "");
    let first = desk.run(hostile.handle(call("/", ""))).expect_err("it does not end well");
    let again = desk.run(hostile.handle(call("/", ""))).expect_err("nor in a fresh instance");
    assert_eq!(first.message, again.message);
    masked(&first)
}

#[test]
fn a_request_ends_where_its_limit_says() {
    let desk = Desk::new();
    assert_snapshot!(said(&desk, "trap"), @"internal: hostile 1.2.3 (sha256 ...…): handle: it panicked or gave up; see its log, and report this to the author of the connector");
    assert_snapshot!(said(&desk, "endless-loop"), @r#"timeout: hostile 1.2.3 (sha256 ...…): handle: used more than 200ms of processor time in one call (limit call-cpu = "200ms", raise it in [connection.hr.limits])"#);
    assert_snapshot!(said(&desk, "memory-eater"), @r#"internal: hostile 1.2.3 (sha256 ...…): handle: used more than 32 MiB of memory (limit memory = "32 MiB", raise it in [connection.hr.limits])"#);
    assert_snapshot!(said(&desk, "deep-recursion"), @"internal: hostile 1.2.3 (sha256 ...…): handle: its stack or memory was overrun, most likely by a recursion without end; report this to the author of the connector");
    assert_snapshot!(said(&desk, "call-flood"), @"internal: hostile 1.2.3 (sha256 ...…): handle: used more than 5000 calls of the host in one call (limit host-calls = 5000, raise it in [connection.hr.limits])");
    let answer = desk.run(behaving(&desk, "good", "").handle(call("/", ""))).expect("the process goes on");
    assert_eq!(answer.status, 200);
}

#[test]
fn whoever_computes_or_sleeps_lets_others_be_answered() {
    let desk = Desk::new();
    for behaviour in ["endless-loop", "endless-sleep"] {
        let mut good = behaving(&desk, "good", "");
        // Twice as many as there are threads: without giving way some would have to end before there is a thread.
        let count = 2 * std::thread::available_parallelism().map_or(2, usize::from);
        let hostile: Vec<_> = (0..count)
            .map(|_| {
                let mut hostile = behaving(&desk, behaviour, "call-cpu = \"2 s\"");
                desk.spawn(async move { hostile.handle(call("/", "")).await })
            })
            .collect();
        let answer = desk.run(desk.spawn(async move { good.handle(call("/", "")).await }));
        assert_eq!(answer.expect("the task ends").expect("it is answered").status, 200);
        assert!(hostile.iter().all(|one| !one.is_finished()), "{behaviour}: it waited for others");
        hostile.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// A hub that answers a submission when so many wait.
struct Hub {
    waiting: Barrier,
    /// How many threads there were when all of them did.
    threads: AtomicUsize,
    /// Told when somebody asks, and when somebody no longer waits.
    asked: Notify,
    left: Arc<Notify>,
}

impl Hub {
    fn for_waiting(count: usize) -> Arc<Self> {
        Arc::new(Self {
            waiting: Barrier::new(count),
            threads: AtomicUsize::new(0),
            asked: Notify::new(),
            left: Arc::default(),
        })
    }
}

struct Leaves(Arc<Notify>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Directory for Hub {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let _leaves = Leaves(Arc::clone(&self.left));
            self.asked.notify_one();
            if self.waiting.wait().await.is_leader() {
                self.threads.store(threads(), Ordering::SeqCst);
            }
            submissions
                .into_iter()
                .map(|one| match one.change {
                    Change::Upsert(record) => Ok(Some(record)),
                    _ => Err(Fault::new(FaultKind::Internal, "only upserts are expected here")),
                })
                .collect()
        })
    }

    fn get(&self, _: Class, _: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async { Ok(None) })
    }

    fn query(&self, _: Class, _: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async { Ok(Listing { total: Some(0), ..Listing::default() }) })
    }
}

fn served(desk: &Desk, hub: &Arc<Hub>) -> Box<dyn Receiver> {
    let name = "hr".parse().expect("a name of a connection");
    let mut config = ConnectionConfig::new(name, desk.folder.path().to_owned());
    config.directory = Some(Arc::<Hub>::clone(hub));
    config.grants.directory = true;
    receiver(desk, "scim", config)
}

fn user(number: usize) -> Call {
    call("/Users", &json!({ "userName": format!("user{number}"), "displayName": "P" }).to_string())
}

#[test]
fn whoever_waits_for_the_hub_holds_no_thread() {
    let (desk, hub) = (Desk::new(), Hub::for_waiting(many()));
    let waiting: Vec<_> = (0..many())
        .map(|number| {
            let mut receiver = served(&desk, &hub);
            desk.spawn(async move { receiver.handle(user(number)).await })
        })
        .collect();
    for (number, one) in waiting.into_iter().enumerate() {
        let answer = desk.run(one).expect("the task ends").expect("it is answered");
        let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!((answer.status, &body["userName"]), (201, &json!(format!("user{number}"))));
    }
    let threads = hub.threads.load(Ordering::SeqCst);
    assert!((1..many() / 2).contains(&threads), "{threads} threads for {} who waited", many());
}

#[test]
fn a_call_ends_when_nobody_waits_for_its_answer() {
    // Whoever gave up waiting is counted as well.
    let (desk, hub) = (Desk::new(), Hub::for_waiting(3));
    let mut receiver = served(&desk, &hub);
    desk.run(async {
        tokio::select! {
            _ = receiver.handle(user(1)) => panic!("nobody answered it"),
            () = hub.asked.notified() => {}
        }
        hub.left.notified().await;
    });
    // The next call is made in a fresh instance.
    let mut other = served(&desk, &hub);
    let both = desk.run(async { tokio::join!(receiver.handle(user(2)), other.handle(user(3))) });
    assert_eq!([both.0, both.1].map(|answer| answer.expect("it is answered").status), [201, 201]);
}
