//! What a service that runs day and night needs of the engine: one run of a connection at a time, an end at any moment, a
//! record of what came of each run, and events that say what is worth telling.

use crate::hub::{HOUR, Hub};
use rosterd_engine::run::RunOptions;
use rosterd_engine::schedule::Schedule;
use rosterd_engine::scheduler::{Cause, Chore, Scheduler, Standing, Trigger, Work};
use rosterd_engine::testing::{Scripted, TestClock};
use rosterd_engine::{Events, Gate, RunEvent};
use rosterd_model::port::{BoxFuture, Connections, Destination, Source};
use rosterd_model::run::{ObjectKind, RunState, TallyAction};
use rosterd_model::{ConnectionId, Fault, FaultKind, Rule, Timestamp};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc};

fn lines(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("{n},user{n},Person {n},active")).collect()
}

/// Connections whose sources open only when they are let.
struct Doors {
    scripted: Scripted,
    door: Semaphore,
    waiting: AtomicUsize,
}

impl Connections for Doors {
    fn source<'a>(&'a self, id: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async move {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            self.door.acquire().await.unwrap().forget();
            self.scripted.source(id).await
        })
    }
    fn destination<'a>(&'a self, id: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        self.scripted.destination(id)
    }
}

/// Starts two runs of the same job, and says how many of them were reading at once.
async fn two_runs() -> usize {
    let mut hub = Hub::new();
    hub.show("1", &lines(3));
    let doors = Arc::new(Doors { scripted: hub.remote.clone(), door: Semaphore::new(0), waiting: AtomicUsize::new(0) });
    hub.engine.connections = doors.clone();
    let run = || {
        let engine = hub.engine.clone();
        tokio::spawn(async move { engine.run("hr", RunOptions::default()).await })
    };
    let both = [run(), run()];
    // On one thread, each of them goes as far as it can.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let at_once = doors.waiting.load(Ordering::SeqCst);
    doors.door.add_permits(2);
    let mut ids = Vec::new();
    for one in both {
        ids.push(one.await.unwrap().unwrap().run.id);
    }
    if at_once == 1 {
        assert_ne!(ids[0], ids[1]);
    }
    at_once
}

#[tokio::test]
async fn two_runs_of_a_connection_follow_each_other() {
    assert_eq!(two_runs().await, 1);
}

#[tokio::test]
async fn without_the_rule_both_would_read_at_once() {
    let _off = rosterd_model::rule::Off::new(Rule::OneRunPerConnection);
    assert_eq!(two_runs().await, 2);
}

#[tokio::test]
async fn who_is_asked_to_stop_stops_and_the_next_run_goes_on() {
    let mut hub = Hub::new();
    hub.show("1", &lines(40));
    hub.engine.gate.stop();
    let stopped = hub.run().await.run;
    assert!(matches!(&stopped.state, RunState::Incomplete { because } if because.contains("asked to stop")));
    assert_eq!(hub.accounts().len(), 0);
    hub.engine.gate = Gate::default();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(hub.active(), 40);
    hub.verify();
}

#[tokio::test]
async fn the_record_of_a_run_is_a_matrix() {
    let hub = Hub::delivering();
    hub.show("1", &lines(10));
    let first = hub.run().await.run.tally;
    let cell = |tally: &rosterd_model::run::Tally, action| {
        let counted = tally.get(ObjectKind::Account, action);
        (counted.total, counted.success, counted.failed, counted.skipped)
    };
    assert_eq!(cell(&first, TallyAction::Created), (10, 10, 0, 0));
    assert_eq!(cell(&first, TallyAction::Pushed), (10, 10, 0, 0));
    assert_eq!(cell(&first, TallyAction::Same), (0, 0, 0, 0));
    let mut people = lines(10);
    people[0] = "1,user1,Another Name,active".to_owned();
    hub.show("2", &people);
    let second = hub.run().await.run.tally;
    assert_eq!(cell(&second, TallyAction::Updated), (1, 1, 0, 0));
    assert_eq!(cell(&second, TallyAction::Same), (9, 9, 0, 0));
    assert_eq!(cell(&second, TallyAction::Created), (0, 0, 0, 0));
}

#[tokio::test]
async fn what_waits_for_a_person_is_counted_as_left_out() {
    let hub = Hub::new();
    hub.show("1", &lines(40));
    hub.run().await;
    hub.show("2", &lines(10));
    let run = hub.run().await.run;
    assert_eq!(run.state, RunState::Held);
    let counted = run.tally.get(ObjectKind::Account, TallyAction::Deleted);
    assert_eq!((counted.total, counted.success, counted.skipped), (30, 0, 30));
}

/// The words of the events that are worth telling.
fn listen(hub: &mut Hub) -> Arc<Mutex<Vec<String>>> {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let all = Arc::clone(&heard);
    hub.engine.events = Events::new(move |event| {
        let word = match event {
            RunEvent::Held { hold, .. } => format!("held {}", hold.bucket),
            RunEvent::LicenceRefused { class, .. } => format!("no licence for {class}"),
            RunEvent::QuarantineGrew { before, now, .. } => format!("quarantine {before} to {now}"),
            RunEvent::Recovered { after, .. } => format!("recovered after {after}"),
            RunEvent::Ended(run) => format!("ended {}", run.state.as_str()),
            _ => return,
        };
        all.lock().unwrap().push(word);
    });
    heard
}

#[tokio::test]
async fn events_tell_what_a_person_should_know() {
    let mut hub = Hub::new();
    let heard = listen(&mut hub);
    let take = || std::mem::take(&mut *heard.lock().unwrap());
    hub.show("1", &lines(30));
    hub.run().await;
    assert_eq!(take(), ["ended ok"]);
    // Half of the people are missing: no licence, and the removals that follow are held.
    hub.clock.set(1_100 * HOUR);
    hub.show("2", &lines(10));
    hub.run().await;
    let half = take();
    assert!(half.contains(&"no licence for account".to_owned()), "{half:?}");
    hub.show("3", &lines(30));
    hub.remote.script().fail_at = Some((1, Fault::new(FaultKind::Transient, "the line broke")));
    hub.run().await;
    assert_eq!(take().last().map(String::as_str), Some("ended incomplete"));
    hub.show("4", &lines(30));
    hub.run().await;
    assert_eq!(take(), ["recovered after incomplete", "ended ok"]);
    let mut twice = lines(30);
    twice.push("31,user1,Somebody else,active".to_owned());
    hub.show("5", &twice);
    hub.run().await;
    let set_aside = take();
    assert!(set_aside.contains(&"quarantine 0 to 1".to_owned()), "{set_aside:?}");
}

/// Work that only says what was started.
struct Said(mpsc::UnboundedSender<Trigger>, AtomicUsize);

impl Work for Said {
    fn run(&self, trigger: Trigger) -> BoxFuture<'static, bool> {
        self.0.send(trigger.clone()).unwrap();
        let first = self.1.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            assert!(!(first && trigger.job == "breaks"), "a run that panics");
            true
        })
    }
    fn chore(&self, _: &'static str) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

fn standing(job: &str, every: u64) -> Standing {
    let schedule = Some(Schedule::Interval { every, full: None, jitter: 0 });
    Standing {
        job: job.to_owned(),
        connection: job.parse().unwrap(),
        schedule,
        last: Some(Timestamp(0)),
        last_full: None,
    }
}

#[tokio::test]
async fn jobs_run_by_the_clock_that_is_given_for_eight_weeks() {
    let (sender, mut started) = mpsc::unbounded_channel();
    let clock = Arc::new(TestClock::default());
    let work = Arc::new(Said(sender, AtomicUsize::new(1)));
    let scheduler = Scheduler::new(clock.clone(), work, 2, &[Chore { name: "timers", every: HOUR, after: 0 }]);
    scheduler.replace(vec![standing("hr", 24 * HOUR)]);
    let serving = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.serve().await }
    });
    for day in 1..=56 {
        clock.set(day * 24 * HOUR);
        scheduler.look();
        assert_eq!(started.recv().await.map(|trigger| trigger.cause), Some(Cause::Schedule), "day {day}");
    }
    assert!(scheduler.wake("hr", true, Cause::Person));
    let woken = started.recv().await.unwrap();
    assert_eq!((woken.job.as_str(), woken.full, woken.cause), ("hr", true, Cause::Person));
    scheduler.stop();
    serving.await.unwrap();
    assert!(started.try_recv().is_err(), "nothing else was started");
}

#[tokio::test]
async fn a_run_that_panics_gives_its_connection_back() {
    let (sender, mut started) = mpsc::unbounded_channel();
    let work = Arc::new(Said(sender, AtomicUsize::new(0)));
    let scheduler = Scheduler::new(Arc::new(TestClock::default()), work, 1, &[]);
    scheduler.replace(vec![standing("breaks", HOUR)]);
    let serving = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.serve().await }
    });
    assert!(scheduler.wake("breaks", false, Cause::Hint));
    started.recv().await.unwrap();
    assert!(scheduler.wake("breaks", false, Cause::Hint));
    started.recv().await.unwrap();
    scheduler.stop();
    serving.await.unwrap();
}
