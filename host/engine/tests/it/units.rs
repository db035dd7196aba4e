//! Org units that go while people are in them.

use crate::hub::Hub;
use rosterd_engine::run::RunReport;
use rosterd_model::plan::Operation;
use rosterd_model::record::{Change, Page, Record, ScanEnd};
use rosterd_model::run::RunState;
use rosterd_model::{Class, Entity, Value};
use rosterd_store::prelude::*;

fn hub(holding: &str) -> Hub {
    hub_where(holding, "delete")
}

/// `on_leave` is what happens to units that go.
fn hub_where(holding: &str, on_leave: &str) -> Hub {
    let policy = r#"{
      "jobs": {"hr": {"source": "hr", "absence": {"confirmations": 1, "min-interval": "0s"},
         "org-unit": {"map": {"displayName": "source.name"}},
         "account": {"map": {"userName": "source.user", "orgUnit": "source.unit", "title": "source.title"}}}},
      "deliver": {"app": {"first-delivery": "allow", "on-leave": "LEAVE",
         "account": {"map": {"login": "account.userName", "unit": "account.orgUnit"}},
         "org-unit": {"map": {"name": "orgUnit.displayName"}}}},
      "lifecycle": {HOLDING}, "authority": {"default": ["hr"]}, "guard": {}, "protect": {}
    }"#;
    Hub::with(&policy.replace("HOLDING", holding).replace("LEAVE", on_leave))
}

fn record(class: Class, id: &str, attributes: &str) -> Change {
    let (id, attributes) = (id.into(), attributes.to_owned());
    Change::Upsert(Record { class, id, previous_id: None, version: None, attributes, partial: false })
}

/// Shows these units, and people with the unit of each.
async fn run(hub: &Hub, version: &str, units: &[&str], people: &[(&str, &str)]) -> RunReport {
    let units = units.iter().map(|id| record(Class::OrgUnit, id, &format!(r#"{{"name":"unit {id}"}}"#)));
    let people = people
        .iter()
        .map(|(name, unit)| record(Class::Account, name, &format!(r#"{{"user":"{name}","unit":"{unit}"}}"#)));
    let changes: Vec<Change> = units.chain(people).collect();
    let complete = vec![Class::OrgUnit, Class::Account];
    let end = ScanEnd { complete, declared_totals: Vec::new(), cursor: None, note: None };
    {
        let mut script = hub.remote.script();
        script.pages = vec![Page { changes, resume: None, end: Some(end) }];
        script.version = Some(version.to_owned());
    }
    let report = hub.run().await;
    hub.verify();
    report
}

fn unit_of(hub: &Hub, name: &str) -> Option<String> {
    match hub.engine.account(name).unwrap().attributes.get("orgUnit")? {
        Value::Reference { id, .. } => Some(id.to_string()),
        other => Some(format!("{other:?}")),
    }
}

fn units(hub: &Hub) -> Vec<Entity> {
    let view = hub.engine.store.snapshot().unwrap();
    view.entities(Class::OrgUnit, None).unwrap().map(Result::unwrap).filter(|unit| unit.lifecycle.is_living()).collect()
}

const UNITS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "hold"];

#[tokio::test(flavor = "multi_thread")]
async fn people_in_a_unit_that_goes_move_to_the_holding_unit_first() {
    let hub = hub(r#""holding-unit": "hold""#);
    run(&hub, "v1", &UNITS, &[("ann", "a"), ("bob", "a"), ("eve", "b")]).await;
    // Bob was moved by the source itself, and Ann was forgotten.
    let report = run(&hub, "v2", &UNITS[1..], &[("ann", "a"), ("bob", "b"), ("eve", "b")]).await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let found = ["ann", "bob", "eve"].map(|name| unit_of(&hub, name).unwrap());
    assert_eq!((found, units(&hub).len()), (["hold", "b", "b"].map(str::to_owned), 11));
    let sent = hub.remote.script().sent.clone();
    let place = |class| sent.iter().rposition(|request| request.class == class).unwrap();
    assert!(place(Class::Account) < place(Class::OrgUnit), "the unit goes last");
    assert!(hub.accounts().iter().all(|account| account.lifecycle.is_active()), "nobody leaves with a unit");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_moves_with_a_unit_waits_where_the_unit_waits_and_is_back_with_it() {
    let hub = hub_where(r#""holding-unit": "hold""#, "disable");
    let people = [("ann", "a"), ("eve", "b"), ("joe", "k")];
    run(&hub, "v1", &UNITS, &people).await;
    // Half of the units are not shown: nobody may conclude anything from that.
    let report = run(&hub, "v2", &UNITS[6..], &people).await;
    assert_eq!((report.run.state, unit_of(&hub, "ann").as_deref()), (RunState::Held, Some("a")), "{:?}", report.plan);
    // A person lets it through all the same.
    let digest = report.plan.unwrap().digest.to_string();
    hub.engine.approve(&digest).unwrap();
    hub.engine.apply(&digest).await.unwrap();
    assert_eq!((unit_of(&hub, "ann").as_deref(), units(&hub).len()), (Some("hold"), 6));
    // And it was wrong.
    run(&hub, "v3", &UNITS, &people).await;
    run(&hub, "v4", &UNITS, &people).await;
    let found = ["ann", "eve", "joe"].map(|name| unit_of(&hub, name).unwrap());
    assert_eq!((found, units(&hub).len()), (["a", "b", "k"].map(str::to_owned), 12));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_holding_unit_it_waits_until_nobody_is_in_it() {
    let hub = hub("");
    run(&hub, "v1", &UNITS, &[("ann", "a"), ("eve", "b")]).await;
    let report = run(&hub, "v2", &UNITS[1..], &[("ann", "a"), ("eve", "b")]).await;
    assert_eq!((report.run.state, units(&hub).len()), (RunState::Partial { left: 1 }, 12));
    let report = run(&hub, "v3", &UNITS[1..], &[("ann", "b"), ("eve", "b")]).await;
    assert_eq!((report.run.state, units(&hub).len()), (RunState::Ok, 11), "{:?}", report.plan);
    assert!(report.plan.unwrap().counts.iter().any(|(bucket, _)| bucket.operation == Operation::Delete));
}
