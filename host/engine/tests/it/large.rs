//! Something large that a client of a pushed source submits in parts: what follows is decided together, and answered when it is
//! on the disk.

use crate::push::{Api, api, asked, create, edit, eq, gone, on};
use rosterd_model::directory::{LargePart, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::record::Edit;
use rosterd_model::{Class, Fault};
use rosterd_store::prelude::*;
use rosterd_store::testing::Recorder;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

type Stored<'d> = BoxFuture<'d, Vec<Result<(), Fault>>>;

fn part(submissions: Vec<Submission>, follows: bool) -> LargePart {
    LargePart { submissions, follows, room: None }
}

fn people(numbers: Range<usize>, follows: bool) -> LargePart {
    part(numbers.map(create).collect(), follows)
}

/// Lets a call come to where it waits.
fn begin<T>(call: &mut BoxFuture<'_, T>) {
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// Submits parts while nobody has the turn, one behind the other.
async fn all(api: &Api, parts: Vec<LargePart>) {
    let directory = api.directory();
    let turn = api.engine.gate.run(&self::api()).await;
    let mut calls: Vec<Stored<'_>> = parts.into_iter().map(|part| directory.store(part)).collect();
    calls.iter_mut().for_each(begin);
    drop(turn);
    for call in calls {
        let answers = call.await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_follow_each_other_are_decided_by_one_run() {
    let api = Api::new();
    all(&api, vec![people(0..5_100, true), people(5_100..5_200, true), people(5_200..5_300, false)]).await;
    assert_eq!(api.runs(), 1);
    let view = api.engine.store.snapshot().unwrap();
    assert_eq!(view.entities(Class::Account, None).unwrap().count(), 5_300);
    api.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_between_parts_is_not_left_behind_the_rest() {
    let api = Api::new();
    let (directory, other) = (api.directory(), api.directory());
    let turn = api.engine.gate.run(&self::api()).await;
    let mut first = directory.store(people(0..5_100, true));
    begin(&mut first);
    let mut small = other.submit(vec![create(20_000)]);
    begin(&mut small);
    let mut rest = directory.store(people(5_100..10_200, false));
    begin(&mut rest);
    drop(turn);
    assert!(small.await[0].is_ok());
    assert!(first.await.iter().chain(&rest.await).all(Result::is_ok));
    assert_eq!(api.runs(), 3, "what came first, who came between, and the rest");
    api.verify();
}

/// Says when it is dropped.
struct Room(Arc<AtomicUsize>);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_part_is_free_once_it_is_taken_in_though_nothing_is_decided() {
    let api = Api::new();
    let freed = Arc::new(AtomicUsize::new(0));
    let room = |number: usize| {
        let room: Box<dyn Send> = Box::new(Room(Arc::clone(&freed)));
        LargePart { room: Some(room), ..people(number..number + 1, true) }
    };
    let directory = api.directory();
    let mut calls: Vec<Stored<'_>> = Vec::new();
    // The last one is waited for in vain: whoever said that it comes has no room for it before the others have left theirs.
    for number in 0..3 {
        calls.push(directory.store(room(number)));
        begin(calls.last_mut().unwrap());
        while freed.load(Ordering::SeqCst) <= number {
            tokio::task::yield_now().await;
        }
    }
    for call in calls {
        assert!(call.await[0].is_ok());
    }
    api.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_may_change_what_one_before_it_made() {
    let api = Api::new();
    let renamed =
        Edit { attribute: "userName".to_owned(), replace: Some("\"renamed\"".to_owned()), add: None, remove: None };
    let rename = part(vec![edit(Class::Account, "id-7", renamed)], false);
    all(&api, vec![people(0..5_100, true), rename]).await;
    assert_eq!(api.runs(), 1);
    let found = |name: &'static str| {
        let directory = api.directory();
        async move { directory.query(Class::Account, asked(Some(eq("userName", name)))).await.unwrap().objects.len() }
    };
    assert_eq!((found("user7").await, found("renamed").await, found("user8").await), (0, 1, 1));
    api.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_with_very_many_is_found_by_his_name_of_now_before_and_after_housekeeping() {
    let api = Api::new();
    api.engine.store.make_runs_from(100);
    all(&api, vec![people(0..5_100, true), people(5_100..5_200, false)]).await;
    all(&api, vec![people(6_000..11_100, false)]).await;
    let runs = || {
        let view = api.engine.store.whole_snapshot().unwrap();
        view.shadow_key_runs(view.connection_number(&self::api()).unwrap().unwrap()).unwrap()
    };
    assert_eq!(runs(), 2);
    let renamed =
        Edit { attribute: "userName".to_owned(), replace: Some("\"user9\"".to_owned()), add: None, remove: None };
    let directory = api.directory();
    let found = |name: &'static str| {
        let directory = api.directory();
        async move { directory.query(Class::Account, asked(Some(eq("userName", name)))).await.unwrap().objects }
    };
    assert!(directory.submit(vec![gone("id-9")]).await[0].is_ok());
    assert!(directory.submit(vec![edit(Class::Account, "id-6007", renamed)]).await[0].is_ok());
    let mut seen = Vec::new();
    for _ in 0..2 {
        let named = [found("user7").await, found("user9").await, found("user6007").await, found("user6008").await];
        seen.push(named.map(|objects| objects.iter().map(|object| object.id.to_string()).collect::<Vec<_>>()));
        api.verify();
        api.engine.housekeeping().unwrap();
    }
    assert_eq!(runs(), 0);
    let expected = ["id-7", "id-6007", "", "id-6008"].map(|id| Vec::from_iter((!id.is_empty()).then(|| id.to_owned())));
    assert_eq!(seen, [expected.clone(), expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_of_parts_is_on_the_disk_whenever_the_machine_dies() {
    let api = Api::new();
    let directory = api.directory();
    let turn = api.engine.gate.run(&self::api()).await;
    let mut calls: Vec<Stored<'_>> =
        (0..3).map(|number| directory.store(people(30 * number..30 * number + 30, number < 2))).collect();
    calls.iter_mut().for_each(begin);
    drop(turn);
    let mut answered = Vec::new();
    for (number, call) in calls.into_iter().enumerate() {
        assert!(call.await.iter().all(Result::is_ok));
        answered.push((api.disk.syncs(), number));
    }
    for sync in 3..=api.disk.syncs() {
        let killed = [1, 4].map(|writes| api.disk.killed_image(sync, writes));
        for image in [api.disk.image(sync), api.disk.torn_image(sync, sync as u64)].into_iter().chain(killed) {
            let after = on(&Recorder::of_image(image));
            after.verify();
            for (_, number) in answered.iter().filter(|(at, _)| *at <= sync) {
                for one in 30 * number..30 * number + 30 {
                    let id = format!("id-{one}");
                    assert!(after.get(Class::Account, &id).await.is_some(), "{id} was answered before sync {sync}");
                }
            }
            assert!(after.directory().submit(vec![create(999)]).await[0].is_ok());
            after.verify();
        }
    }
}
