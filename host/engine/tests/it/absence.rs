//! Absence is never deletion: only a licensed scan, confirmed by another, or a person.

use crate::hub::{HOUR, Hub, people};
use rosterd_model::plan::PlanState;
use rosterd_model::run::RunState;
use rosterd_model::{Fault, FaultKind};

/// A hub with a hundred people.
async fn hundred() -> Hub {
    let hub = Hub::new();
    hub.show("v1", &people(1, 100));
    hub.run().await;
    assert_eq!(hub.active(), 100);
    hub
}

#[tokio::test(flavor = "multi_thread")]
async fn half_the_people_missing_is_held_twice_over_and_a_person_can_release_it() {
    let hub = hundred().await;
    for version in ["v2", "v2", "v3"] {
        hub.clock.set(2_000 * HOUR);
        hub.show(version, &people(1, 50));
        let report = hub.run().await;
        assert_eq!(report.run.state, RunState::Held, "{:?}", report.run);
        assert_eq!(hub.active(), 100);
    }
    let plan = hub.run().await.plan.unwrap();
    assert_eq!(plan.state, PlanState::Held);
    let refused = hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!((refused.run.state, hub.active()), (RunState::Held, 100));
    hub.engine.approve(&plan.digest.short()).unwrap();
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!(hub.active(), 50);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_people_who_are_missing_are_held_like_everybody() {
    let hub = Hub::new();
    let mut lines = people(1, 100);
    for line in &mut lines[60..] {
        line.push_str(",suspended");
    }
    hub.show("v1", &lines);
    hub.run().await;
    let before = hub.accounts();
    hub.show("v2", &lines[..50]);
    assert_eq!(hub.run().await.run.state, RunState::Held);
    assert_eq!(hub.accounts(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_clears_itself_when_the_people_are_back() {
    let hub = hundred().await;
    hub.show("v2", &people(1, 50));
    let plan = hub.run().await.plan.unwrap();
    hub.show("v3", &people(1, 100));
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok);
    assert!(hub.engine.approve(&plan.digest.short()).is_err(), "its place was taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_source_is_held() {
    let hub = hundred().await;
    hub.show("v2", &[]);
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active()), (RunState::Held, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_breaks_off_on_page_seven_removes_nobody_and_goes_on_later() {
    let hub = hundred().await;
    hub.show("v2", &people(1, 99));
    hub.remote.script().fail_at = Some((7, Fault::new(FaultKind::Transient, "the line went dead")));
    let report = hub.run().await;
    assert!(matches!(report.run.state, RunState::Incomplete { .. }), "{:?}", report.run);
    assert_eq!(hub.active(), 100);
    hub.remote.script().fail_at = None;
    let report = hub.run().await;
    assert_eq!((report.run.state, report.waiting), (RunState::Ok, 1));
    assert_eq!(hub.active(), 100);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_missing_person_must_be_missing_from_two_versions_half_a_day_apart() {
    let hub = hundred().await;
    hub.show("v2", &people(1, 99));
    assert_eq!(hub.run().await.waiting, 1);
    // The same version counts once, however late.
    hub.clock.set(1_050 * HOUR);
    assert_eq!(hub.run().await.waiting, 1);
    // Another version too soon after the first would not count; this one does.
    hub.show("v3", &people(1, 99));
    let report = hub.run().await;
    assert_eq!((report.waiting, hub.active()), (0, 99), "{report:?}");
    // And back again.
    hub.show("v4", &people(1, 100));
    hub.run().await;
    assert_eq!(hub.active(), 100);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_back_in_between_starts_anew() {
    let hub = hundred().await;
    hub.show("v2", &people(1, 99));
    hub.run().await;
    hub.show("v3", &people(1, 100));
    assert_eq!(hub.run().await.waiting, 0);
    hub.clock.set(1_050 * HOUR);
    hub.show("v4", &people(1, 99));
    assert_eq!((hub.run().await.waiting, hub.active()), (1, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_that_do_not_add_up_give_no_licence() {
    let hub = hundred().await;
    hub.clock.set(1_050 * HOUR);
    hub.show("v2", &people(1, 99));
    if let Some(end) = hub.remote.script().pages.last_mut().and_then(|page| page.end.as_mut()) {
        end.declared_totals = vec![(rosterd_model::Class::Account, 100)];
    }
    let report = hub.run().await;
    assert!(report.run.licences.iter().all(|note| !note.licensed), "{:?}", report.run.licences);
    assert_eq!((report.waiting, hub.active()), (0, 100));
}
