//! Values that an operator sets, and names that are made.

use crate::hub::{HOUR, Hub, people};
use rosterd_engine::EngineError;
use rosterd_model::Value;
use rosterd_model::run::RunState;
use rosterd_store::prelude::*;

fn title(hub: &Hub, user: &str) -> Option<Value> {
    hub.engine.account(user).unwrap().attributes.get("title").cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_set_stands_before_the_source_until_it_ends() {
    let hub = Hub::delivering();
    let mut lines = people(1, 5);
    lines[1].push_str(",,Clerk");
    hub.show("v1", &lines);
    hub.run().await;
    let until = Some(rosterd_model::Timestamp(1_000 * HOUR + 48 * HOUR));
    hub.engine.set_override("user2", "title", "Acting Head".into(), until).unwrap();
    assert_eq!(title(&hub, "user2"), Some("Clerk".into()), "nothing changes outside of a plan");
    let report = hub.run().await;
    assert_eq!(report.plan.unwrap().steps, 1);
    assert_eq!(title(&hub, "user2"), Some("Acting Head".into()));
    assert!(hub.remote.script().there.values().any(|(json, _)| json.contains("Acting Head")));
    // The source changes its mind, and is not heard.
    lines[1] = "2,user2,Person 2,,Accountant".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    assert_eq!(title(&hub, "user2"), Some("Acting Head".into()));
    hub.verify();
    // The end comes without a change at the source.
    hub.clock.set(1_000 * HOUR + 48 * HOUR);
    hub.run().await;
    assert_eq!(title(&hub, "user2"), Some("Accountant".into()));
    hub.run().await;
    assert!(!hub.engine.store.snapshot().unwrap().has_overrides().unwrap(), "it is forgotten once it is undone");
    let before = hub.digest();
    hub.run().await;
    assert_eq!(hub.digest(), before);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_set_can_be_taken_back() {
    let hub = Hub::new();
    hub.show("v1", &people(1, 3));
    hub.run().await;
    hub.engine.set_override("user2", "nickName", "Deputy".into(), None).unwrap();
    hub.run().await;
    assert_eq!(hub.engine.account("user2").unwrap().attributes.get("nickName"), Some(&"Deputy".into()));
    hub.engine.end_override("user2", "nickName").unwrap();
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(hub.engine.account("user2").unwrap().attributes.get("nickName"), None);
    assert!(matches!(hub.engine.end_override("user3", "nickName"), Err(EngineError::NotFound(_))));
    let wrong = hub.engine.set_override("user2", "emails.work", "nobody".into(), None);
    assert!(matches!(wrong, Err(EngineError::Refused(_))));
    assert!(matches!(hub.engine.set_override("user2", "active", true_(), None), Err(EngineError::Refused(_))));
}

const fn true_() -> Value {
    Value::Bool(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_the_gone_stay_theirs_and_names_are_made_around_them() {
    let hub = Hub::with_rule("userName", r#"{"from": "ToLower(source.user)", "unique": "{}{n}"}"#);
    let line = |number: usize, name: &str| format!("{number},{name},Person {number}");
    hub.show("v1", &[line(1, "wei"), line(2, "Wei"), line(3, "fang")]);
    hub.run().await;
    let names = |hub: &Hub| {
        let mut names: Vec<String> =
            hub.accounts().iter().map(|entity| entity.attributes.get("userName").unwrap().to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&hub), ["fang", "wei", "wei2"]);
    // A name is made once: nothing that the source says afterwards renames anybody.
    hub.show("v2", &[format!("{},left", line(1, "wei")), line(2, "weiwei"), line(3, "fang")]);
    hub.run().await;
    assert_eq!(names(&hub), ["fang", "wei", "wei2"]);
    hub.show("v3", &[format!("{},left", line(1, "wei")), line(2, "weiwei"), line(3, "fang"), line(4, "wei")]);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(names(&hub), ["fang", "wei", "wei2", "wei3"]);
    hub.verify();
}
