//! Notifications: stored, looked at once, and never believed.

use crate::living::{Living, hint};
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_model::port::Hint;
use rosterd_model::run::RunState;
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;

async fn look(living: &Living) -> RunReport {
    living.engine.run_hints("hr", RunOptions::default()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_makes_the_hub_read_the_object_and_nothing_else() {
    let living = Living::with_people(30);
    living.run().await;
    living.remote.person("105,user105,Renamed");
    living.remote.person("107,user107,Unnoticed");
    let received = living.hint("e1", "105", false);
    assert_eq!((received.new, received.wake), (1, vec!["hr".to_owned()]));
    let report = look(&living).await;
    assert_eq!(report.run.state, RunState::Ok, "{:?}", report.run);
    assert_eq!(living.name("user105").as_deref(), Some("Renamed"));
    assert_eq!(living.name("user107").as_deref(), Some("Person 107"));
    assert_eq!(living.remote.state().read, ["105"]);
    assert_eq!(living.cursor().as_deref(), Some("30"), "a hint moves no cursor");
    assert!(living.engine.run_hints("hr", RunOptions::default()).await.unwrap().is_none(), "the inbox is empty");
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_about_one_object_is_one_look_and_a_repeated_event_is_none() {
    let living = Living::with_people(10);
    living.run().await;
    let storm: Vec<Hint> = (0..500).map(|n| hint(&format!("e{n}"), "105", false)).collect();
    let connection = "hr".parse().unwrap();
    let received = living.engine.receive(&connection, &storm).unwrap();
    assert_eq!((received.new, received.coalesced, received.repeated), (1, 499, 0));
    assert_eq!(living.engine.waiting_hints(&connection).unwrap().objects, 1);
    look(&living).await;
    assert_eq!(living.remote.state().read, ["105"]);
    let received = living.engine.receive(&connection, &storm).unwrap();
    assert_eq!((received.new, received.repeated), (0, 500));
    // Seven days later nobody remembers them.
    living.clock.set((1_000 + 7 * 24) * crate::hub::HOUR);
    assert_eq!(living.engine.receive(&connection, &storm[..1]).unwrap().new, 1);
    let view = living.engine.store.snapshot().unwrap();
    assert_eq!(view.row_count(rosterd_store::Table::HintEvents).unwrap(), 500);
    drop(view);
    living.clock.set((1_001 + 7 * 24) * crate::hub::HOUR);
    living.hint("later", "106", false);
    let view = living.engine.store.snapshot().unwrap();
    assert_eq!(view.row_count(rosterd_store::Table::HintEvents).unwrap(), 2);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn not_found_is_a_departure_after_a_delete_and_a_mark_after_anything_else() {
    let living = Living::with_people(30);
    living.run().await;
    living.remote.remove("105");
    living.remote.remove("106");
    living.hint("e1", "105", true);
    living.hint("e2", "106", false);
    living.remote.state().faults.insert("107".to_owned(), Fault::new(FaultKind::Forbidden, "not for you").about("107"));
    living.hint("e3", "107", true);
    // A delete that is none: the object is there.
    living.hint("e4", "108", true);
    look(&living).await;
    assert!(!living.account("user105").unwrap().lifecycle.is_active());
    assert_eq!(living.active(), 29);
    let view = living.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
    let missing: Vec<u32> =
        view.all_missing(number, Class::Account).unwrap().map(|row| row.unwrap().1.confirmations).collect();
    assert_eq!(missing, [0, 0], "106 and 107 wait for full scans");
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_says_nothing_of_an_object_and_what_was_heard_waits_for_it() {
    let living = Living::with_people(5);
    living.run().await;
    let withdrawn = Fault::new(FaultKind::Forbidden, "the permission to read people is missing");
    living.remote.state().faults.insert("102".to_owned(), withdrawn);
    living.remote.remove("102");
    living.hint("e1", "102", true);
    for _ in 0..10 {
        let report = look(&living).await;
        assert_eq!((report.faults.len(), report.quarantined), (1, 0));
    }
    assert_eq!(living.engine.waiting_hints(&"hr".parse().unwrap()).unwrap().objects, 1);
    assert!(living.account("user102").unwrap().lifecycle.is_active());
    living.remote.state().faults.clear();
    look(&living).await;
    assert!(!living.account("user102").unwrap().lifecycle.is_active());
    assert_eq!(living.engine.waiting_hints(&"hr".parse().unwrap()).unwrap().objects, 0);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_can_not_be_read_stays_in_the_inbox_until_it_is_set_aside() {
    let living = Living::with_people(5);
    living.run().await;
    living.remote.state().faults.insert("102".to_owned(), Fault::new(FaultKind::Invalid, "half of it"));
    living.hint("e1", "102", false);
    let report = look(&living).await;
    assert_eq!(report.faults, ["account 102: half of it (invalid)"]);
    for _ in 0..6 {
        look(&living).await;
    }
    assert_eq!(living.engine.waiting_hints(&"hr".parse().unwrap()).unwrap().objects, 1);
    let report = look(&living).await;
    assert_eq!((report.run.state, report.quarantined), (RunState::Partial { left: 1 }, 1));
    assert_eq!(living.engine.waiting_hints(&"hr".parse().unwrap()).unwrap().objects, 0);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_about_no_object_runs_the_job() {
    let living = Living::with_people(5);
    living.run().await;
    living.remote.person("300,user300,New");
    let wide = Hint { class: None, id: None, ..hint("e1", "", false) };
    living.engine.receive(&"hr".parse().unwrap(), &[wide]).unwrap();
    look(&living).await;
    assert_eq!(living.active(), 6);
    assert_eq!(living.engine.waiting_hints(&"hr".parse().unwrap()).unwrap().objects, 0);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_sets_nobody_aside_however_long_it_lasts() {
    let living = Living::with_people(30);
    living.run().await;
    living.remote.person("105,user105,Renamed");
    living.remote.state().faults.insert("105".to_owned(), Fault::new(FaultKind::Transient, "busy"));
    living.hint("e1", "105", false);
    for _ in 0..20 {
        let report = look(&living).await;
        assert!(report.faults.iter().any(|fault| fault.contains("busy")), "{:?}", report.faults);
    }
    assert_eq!(look(&living).await.quarantined, 0);
    living.remote.state().faults.clear();
    look(&living).await;
    assert_eq!(living.name("user105").as_deref(), Some("Renamed"));
    // What is wrong with the object itself is for a person, after some attempts.
    living.remote.state().faults.insert("106".to_owned(), Fault::new(FaultKind::Invalid, "broken"));
    living.hint("e2", "106", false);
    for _ in 0..8 {
        look(&living).await;
    }
    assert!(living.engine.run_hints("hr", RunOptions::default()).await.unwrap().is_none(), "nothing waits any more");
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_about_several_objects_is_looked_at_for_each() {
    let living = Living::with_people(10);
    living.run().await;
    let both = [hint("e1", "105", false), hint("e1", "106", false)];
    let received = living.engine.receive(&"hr".parse().unwrap(), &both).unwrap();
    assert_eq!((received.new, received.repeated), (2, 0));
    assert_eq!(living.engine.receive(&"hr".parse().unwrap(), &both).unwrap().repeated, 2);
}
