//! The main path: new people, changes, nothing to do, plans bound by their digest.

use crate::hub::{Hub, people};
use rosterd_engine::EngineError;
use rosterd_model::Value;
use rosterd_model::plan::Operation;
use rosterd_model::run::RunState;

#[tokio::test(flavor = "multi_thread")]
async fn new_people_become_accounts_and_the_same_file_again_writes_nothing() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 23));
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    assert_eq!((hub.accounts().len(), report.run.scan.new), (23, 23));
    hub.verify();

    let before = hub.digest();
    let again = hub.run().await;
    assert!(again.plan.is_none());
    assert_eq!((again.run.scan.unchanged, again.run.scan.new), (23, 0));
    assert_eq!(hub.digest(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_one_step_with_history_and_a_reason() {
    let hub = Hub::new();
    let mut lines = people(1, 5);
    hub.show("v1", &lines);
    hub.run().await;
    lines[2] = "3,user3,Somebody Else".to_owned();
    hub.show("v2", &lines);
    let report = hub.run().await;
    let plan = report.plan.unwrap();
    assert_eq!(plan.steps, 1);
    assert_eq!(plan.counts[0].0.operation, Operation::Update);
    let why = hub.engine.why("user3.displayName").unwrap();
    assert_eq!(why.value, Some(Value::from("Somebody Else")));
    assert_eq!(why.history[0].before, Some(Value::from("Person 3")));
    assert_eq!(why.statements[0].rule.as_deref(), Some("source.name"));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_attribute_says_nothing_and_null_clears_where_the_rule_says_so() {
    let hub = Hub::new();
    hub.show("v1", &["1,ann,Ann,,Boss".to_owned()]);
    hub.run().await;
    hub.show("v2", &["1,ann,,,".to_owned()]);
    hub.run().await;
    let ann = &hub.accounts()[0];
    assert_eq!(ann.attributes.get("displayName"), Some(&Value::from("Ann")));
    assert_eq!(ann.attributes.get("title"), Some(&Value::from("Boss")));
    hub.remote.show("v3", &[("1", r#"{"number":"1","user":"ann","title":null,"name":null}"#)], 3);
    hub.run().await;
    let ann = &hub.accounts()[0];
    assert_eq!(ann.attributes.get("displayName"), Some(&Value::from("Ann")));
    assert_eq!(ann.attributes.get("title"), Some(&Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_has_the_same_digest_twice_and_is_applied_once() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 12));
    let first = hub.plan().await.plan.unwrap();
    let second = hub.plan().await.plan.unwrap();
    assert_eq!(first.digest, second.digest);
    assert_eq!(first.number, second.number, "the same plan stands");
    assert!(hub.accounts().is_empty(), "a plan changes nothing");
    hub.engine.apply(&first.digest.short()).await.unwrap();
    assert_eq!(hub.accounts().len(), 12);
    let twice = hub.engine.apply(&first.digest.short()).await;
    assert!(matches!(twice, Err(EngineError::Refused(_))), "{twice:?}");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_plan_takes_the_place_of_an_earlier_one() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 4));
    let first = hub.plan().await.plan.unwrap();
    hub.show("v2", &people(1, 6));
    let second = hub.plan().await.plan.unwrap();
    assert_ne!(first.digest, second.digest);
    let old = hub.engine.apply(&first.digest.short()).await;
    assert!(matches!(old, Err(EngineError::Refused(_))), "{old:?}");
    hub.engine.apply(&second.digest.to_string()).await.unwrap();
    assert_eq!(hub.accounts().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_object_moved_is_skipped_and_the_rest_applied() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 3));
    hub.run().await;
    let mut lines = people(1, 3);
    lines[0] = "1,user1,New Name".to_owned();
    lines[1] = "2,user2,Other Name".to_owned();
    hub.show("v2", &lines);
    let plan = hub.plan().await.plan.unwrap();
    // Somebody changes the first account between plan and apply.
    let mut entity = hub.accounts().into_iter().next().unwrap();
    entity.attributes.set("displayName", Value::from("By Hand"));
    let store = hub.engine.store.clone();
    store
        .commit::<_, EngineError>("test", |w| Ok(rosterd_store::prelude::WriteEntities::put_entity(w, &entity)?))
        .unwrap();
    let report = hub.engine.apply(&plan.digest.short()).await.unwrap();
    let outcome = report.plan.unwrap().outcome;
    assert_eq!(outcome.moved, 1);
    assert_eq!(hub.accounts()[0].attributes.get("displayName"), Some(&Value::from("By Hand")));
    assert_eq!(hub.accounts()[1].attributes.get("displayName"), Some(&Value::from("Other Name")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explicit_word_disables_and_the_return_enables() {
    let hub = Hub::new();
    let mut lines = people(1, 30);
    hub.show("v1", &lines);
    hub.run().await;
    lines[4] = "5,user5,Person 5,离职".to_owned();
    hub.show("v2", &lines);
    let report = hub.run().await;
    assert_eq!(report.plan.unwrap().counts[0].0.operation, Operation::Disable);
    assert_eq!(hub.active(), 29);
    lines[4] = "5,user5,Person 5,active".to_owned();
    hub.show("v3", &lines);
    hub.run().await;
    assert_eq!(hub.active(), 30);
    hub.verify();
}
