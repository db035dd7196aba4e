//! A changed configuration may change everybody: the next run only plans.

use crate::hub::{Hub, people};
use rosterd_engine::run::RunOptions;
use rosterd_model::run::RunState;

const DELIVER: &str =
    r#"{"app": {"scope": null, "first-delivery": "allow", "account": {"map": {"login": "account.userName"}}}}"#;

async fn hub(count: usize) -> Hub {
    let hub = Hub::with(&policy());
    hub.show("v1", &people(1, count));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    hub
}

fn policy() -> String {
    Hub::policy(DELIVER, r#""guard": {}"#)
}

fn named() -> String {
    policy().replace("\"source.name\"", "\"source.name + '!'\"")
}

fn names(hub: &Hub) -> usize {
    let named = |account: &rosterd_model::Entity| {
        account.attributes.get("displayName").is_some_and(|name| name.to_text().ends_with('!'))
    };
    hub.accounts().iter().filter(|account| named(account)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mapping_waits_until_a_person_applies_its_plan() {
    let mut hub = hub(15).await;
    hub.configure(&named());
    for _ in 0..2 {
        let report = hub.run().await;
        assert_eq!((report.run.state, names(&hub)), (RunState::Held, 0));
        let plan = report.plan.unwrap();
        assert!(plan.holds.iter().all(|hold| !hold.approval), "{:?}", plan.holds);
        assert!(plan.holds[0].because.contains("a change of mapping"), "{:?}", plan.holds);
    }
    let plan = hub.plan().await.plan.unwrap();
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!(names(&hub), 15);
    // From then on it is the configuration that is known.
    hub.show("v2", &people(1, 16));
    assert_eq!((hub.run().await.run.state, names(&hub)), (RunState::Ok, 16));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_what_changed_lets_it_through() {
    let mut hub = hub(15).await;
    hub.configure(&named());
    let options = RunOptions { accept_configuration: true, ..RunOptions::default() };
    let report = hub.engine.run("hr", options).await.unwrap();
    assert_eq!((report.run.state, names(&hub)), (RunState::Ok, 15));
    assert!(hub.run().await.plan.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_scope_of_a_destination_waits_and_one_without_effect_does_not() {
    let mut hub = hub(15).await;
    let narrow = policy().replace("\"scope\": null", "\"scope\": \"account.userName == 'user1'\"");
    hub.configure(&narrow);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Held);
    assert_eq!(hub.remote.script().there.values().filter(|(_, usable)| *usable).count(), 15);
    // Back again: nothing to do, nothing to wait for.
    hub.configure(&policy());
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    let same = policy().replace("\"scope\": null", "\"scope\": \"account.userName != 'nobody'\"");
    hub.configure(&same);
    let report = hub.run().await;
    assert_eq!((report.run.state, report.plan.is_none()), (RunState::Ok, true));
    hub.show("v2", &people(1, 16));
    assert_eq!(hub.run().await.run.state, RunState::Ok, "a change without effect was accepted by the run that saw it");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_thresholds_are_no_such_change() {
    let mut hub = hub(15).await;
    hub.configure(&policy().replace(r#""guard": {}"#, r#""guard": {"rolling": 3.0}"#));
    hub.show("v2", &people(1, 16));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_approval_does_not_keep_a_configuration_that_a_person_let_through() {
    let mut hub = hub(30).await;
    hub.configure(&named());
    let mut lines = people(1, 30);
    lines[..20].iter_mut().for_each(|line| line.push_str(",left"));
    hub.show("v2", &lines);
    let plan = hub.plan().await.plan.unwrap();
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!((names(&hub), hub.active()), (10, 30), "leavers wait, the others have their names");
    lines.push("99,new,New".to_owned());
    hub.show("v3", &lines);
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active()), (RunState::Held, 31), "the new one is not kept waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_from_what_is_known_is_that_of_the_same_source_and_reads_nothing() {
    let mut hub = hub(15).await;
    hub.configure(&named());
    // The source shows fewer by now: whoever does not read it does not know.
    hub.show("v2", &people(1, 3));
    let options = RunOptions { without_reading: true, ..RunOptions::default() };
    let report = hub.engine.run("hr", options).await.unwrap();
    assert_eq!(
        (report.run.scan.records, report.waiting, names(&hub)),
        (0, 0, 0),
        "it reads nothing and applies nothing"
    );
    assert!(report.run.notes.iter().any(|note| note.contains("was not read")), "{:?}", report.run.notes);
    let known = report.plan.unwrap();
    assert_eq!(known.steps, 15, "nobody is missing who was not looked for");
    hub.show("v1", &people(1, 15));
    assert_eq!(hub.plan().await.plan.unwrap().digest, known.digest, "one that reads the same says the same");
    hub.engine.apply(&known.digest.short()).await.unwrap();
    assert_eq!(names(&hub), 15);
    hub.verify();
}
