//! What can not be used is set aside, with a reason, and nobody else suffers for it.

use crate::hub::{Hub, people};
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::run::RunState;
use rosterd_store::prelude::*;

fn reasons(hub: &Hub) -> Vec<QuarantineReason> {
    let view = hub.engine.store.snapshot().unwrap();
    let connection = view.connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
    view.cases(connection).unwrap().map(|case| case.unwrap().reason).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_records_with_one_name_are_both_disputed_and_neither_wins() {
    let hub = Hub::new();
    let mut lines = people(1, 20);
    lines[3] = "4,SAME,First".to_owned();
    lines[17] = "18,same,Second".to_owned();
    hub.show("v1", &lines);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 2 });
    assert_eq!(reasons(&hub), [QuarantineReason::Disputed; 2]);
    assert_eq!(hub.accounts().len(), 18);
    hub.verify();
    // Nothing new is written while nothing changes.
    let before = hub.digest();
    hub.run().await;
    assert_eq!(hub.digest(), before);
    // Mended at the source, both are let in.
    lines[17] = "18,other,Second".to_owned();
    hub.show("v2", &lines);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(hub.accounts().len(), 20);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_twice_with_different_content_is_nobody() {
    let hub = Hub::new();
    let mut lines = people(1, 9);
    lines.push("3,user3x,Another".to_owned());
    lines.push("5,user5,Person 5".to_owned());
    hub.show("v1", &lines);
    hub.run().await;
    assert_eq!(reasons(&hub), [QuarantineReason::Duplicate]);
    assert_eq!(hub.accounts().len(), 8);
    let before = hub.digest();
    hub.run().await;
    assert_eq!(hub.digest(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_has_is_a_collision() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 5));
    hub.run().await;
    let mut lines = people(1, 5);
    lines.push("6,USER2,Impostor".to_owned());
    hub.show("v2", &lines);
    hub.run().await;
    assert_eq!(reasons(&hub), [QuarantineReason::Collision]);
    assert_eq!(hub.accounts().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_no_json_is_set_aside_and_the_rest_goes_on() {
    let hub = Hub::new();
    hub.remote.show("v1", &[("1", "{"), ("2", r#"{"number":"2","user":"bob"}"#), ("3", r#"{"number":"3"}"#)], 2);
    let report = hub.run().await;
    assert_eq!(hub.accounts().len(), 1);
    assert_eq!(report.quarantined, 2);
    assert_eq!(reasons(&hub), [QuarantineReason::Invalid, QuarantineReason::Mapping]);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_accounts_stay_whatever_the_source_says() {
    let hub = Hub::new();
    let mut lines = people(1, 30);
    lines[0] = "1,root,The Root".to_owned();
    hub.show("v1", &lines);
    hub.run().await;
    lines[0] = "1,root,The Root,left".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    assert_eq!(hub.active(), 30);
    assert_eq!(reasons(&hub), [QuarantineReason::Review]);
}
