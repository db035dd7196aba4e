//! What waits because of its size: in one run, within a day, and at one destination only.

use crate::hub::{HOUR, Hub, people};
use rosterd_model::plan::{Operation, PlanState, Target};
use rosterd_model::run::RunState;

/// `count` people, of whom the first `leavers` have left.
fn leaving(count: usize, leavers: usize) -> Vec<String> {
    let mut lines = people(1, count);
    lines[..leavers].iter_mut().for_each(|line| line.push_str(",left"));
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disaster_in_small_portions_is_one_within_a_day_and_none_after_it() {
    let hub = Hub::new();
    hub.show("v0", &people(1, 100));
    hub.run().await;
    for (version, leavers) in [("v1", 5), ("v2", 10)] {
        hub.show(version, &leaving(100, leavers));
        assert_eq!(hub.run().await.run.state, RunState::Ok, "{leavers} in portions of five");
    }
    hub.show("v3", &leaving(100, 11));
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active()), (RunState::Held, 90));
    let because = &report.plan.unwrap().holds[0].because;
    assert!(because.contains("1 of 90 would be disabled after 10 within a day"), "{because}");
    // A joiner is none of its business.
    let mut lines = leaving(100, 11);
    lines.push("900,new,New".to_owned());
    hub.show("v4", &lines);
    hub.run().await;
    assert_eq!(hub.active(), 91);
    // Old hours do not count, and the hold goes with them.
    hub.clock.set(1_026 * HOUR);
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active()), (RunState::Ok, 90));
    assert!(report.run.notes.iter().any(|note| note.contains("does not wait any more")), "{:?}", report.run.notes);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_released_spends_nothing_of_the_day() {
    let hub = Hub::new();
    hub.show("v0", &people(1, 100));
    hub.run().await;
    hub.show("v1", &leaving(100, 40));
    let plan = hub.run().await.plan.unwrap();
    hub.engine.approve(&plan.digest.short()).unwrap();
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    hub.show("v2", &leaving(100, 45));
    assert_eq!((hub.run().await.run.state, hub.active()), (RunState::Ok, 55));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_filling_of_the_hub_spends_nothing() {
    let hub = Hub::new();
    hub.show("v0", &people(1, 500));
    hub.run().await;
    hub.show("v1", &people(1, 520));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    assert_eq!(hub.active(), 520);
}

/// A hub of 300 people, of whom a destination shows the first hundred.
async fn narrow() -> Hub {
    let deliver = r#"{"app": {"scope": "account.title == 'in'", "first-delivery": "allow",
        "account": {"map": {"login": "account.userName"}}}}"#;
    let hub = Hub::with(&Hub::policy(deliver, r#""guard": {}"#));
    hub.show("v0", &three_hundred(0));
    hub.run().await;
    assert_eq!(hub.remote.script().there.len(), 100);
    hub
}

fn three_hundred(leavers: usize) -> Vec<String> {
    let mut lines = people(1, 300);
    for (index, line) in lines.iter_mut().enumerate() {
        let status = if index < leavers { "left" } else { "active" };
        let title = if index < 100 { ",in" } else { "" };
        *line = format!("{line},{status}{title}");
    }
    lines
}

fn disabled(hub: &Hub) -> usize {
    hub.remote.script().there.values().filter(|(_, usable)| !usable).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_destination_may_not_hear_is_owed_and_told_once_a_person_says_so() {
    let hub = narrow().await;
    hub.show("v1", &three_hundred(6));
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active(), disabled(&hub)), (RunState::Held, 294, 0));
    let plan = report.plan.unwrap();
    assert_eq!(plan.holds.len(), 1);
    assert_ne!(plan.holds[0].bucket.target, Target::Hub);
    // The hub is settled; a later run plans what the destination lacks all the same, and waits again.
    let again = hub.run().await;
    let plan = again.plan.unwrap();
    assert_eq!((again.run.state, disabled(&hub), plan.state), (RunState::Held, 0, PlanState::Held));
    assert_eq!(plan.counts, [(plan.holds[0].bucket.clone(), 6)]);
    hub.verify();
    hub.engine.approve(&plan.digest.short()).unwrap();
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!(disabled(&hub), 6);
    assert!(hub.run().await.plan.is_none(), "nothing is owed any more");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_plan_that_waited_for_one_destination_can_be_approved_as_well() {
    let hub = narrow().await;
    hub.show("v1", &three_hundred(6));
    let plan = hub.run().await.plan.unwrap();
    hub.engine.approve(&plan.digest.short()).unwrap();
    let report = hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!((disabled(&hub), report.plan.unwrap().outcome.moved), (6, 0));
    assert!(hub.run().await.plan.is_none());
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_not_owed_when_all_is_as_it_was() {
    let hub = narrow().await;
    hub.show("v1", &three_hundred(6));
    hub.run().await;
    hub.show("v2", &three_hundred(0));
    hub.run().await;
    assert_eq!((hub.active(), disabled(&hub)), (300, 0));
    assert!(hub.run().await.plan.is_none());
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_shows_whom_it_is_about_and_how_to_release_it() {
    let hub = Hub::new();
    hub.show("v0", &people(1, 100));
    hub.run().await;
    hub.show("v1", &leaving(100, 30));
    let plan = hub.run().await.plan.unwrap();
    let hold = &plan.holds[0];
    assert_eq!((hold.bucket.operation, hold.count, hold.of), (Operation::Disable, 30, 100));
    assert_eq!(hold.samples.len(), 10);
    assert_eq!(hold.samples[0], "user1");
    let short = plan.digest.short();
    assert_eq!(hold.release(&plan.digest), format!("rosterd plan approve {short} && rosterd apply {short}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_value_that_is_emptied_counts() {
    let hub = Hub::new();
    let titled = |title: &str| people(1, 100).iter().map(|line| format!("{line},,{title}")).collect::<Vec<_>>();
    hub.show("v0", &titled("Boss"));
    hub.run().await;
    // Everybody is renamed at once, which is held for its own number; thirty lose their title on the way.
    let records: Vec<(String, String)> = (1..=100)
        .map(|n| {
            let title = if n <= 30 { "null".to_owned() } else { "\"Boss\"".to_owned() };
            let name = if n <= 30 { "new" } else { "user" };
            let json = format!(r#"{{"number":"{n}","user":"{name}{n}","name":"Person {n}","title":{title}}}"#);
            (n.to_string(), json)
        })
        .collect();
    let records: Vec<(&str, &str)> = records.iter().map(|(id, json)| (id.as_str(), json.as_str())).collect();
    hub.remote.show("v1", &records, 50);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Held);
    let plan = report.plan.unwrap();
    let held: Vec<(Operation, u64)> = plan.holds.iter().map(|hold| (hold.bucket.operation, hold.count)).collect();
    assert_eq!(held, [(Operation::Clear, 30)], "thirty renames are few, thirty emptied values are not");
    assert!(
        hub.accounts()
            .iter()
            .all(|account| account.attributes.get("userName").is_some_and(|name| name.to_text().starts_with("user")))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_left_already_count_nothing_when_their_source_says_so_again() {
    use rosterd_model::Class;
    use rosterd_model::record::{Change, DepartureCause};
    let hub = Hub::new();
    hub.show("v0", &people(1, 100));
    hub.run().await;
    hub.show("v1", &leaving(100, 50));
    let plan = hub.run().await.plan.unwrap();
    hub.engine.approve(&plan.digest.short()).unwrap();
    hub.engine.apply(&plan.digest.short()).await.unwrap();
    // Now their records are deleted: fifty departures of people who are gone.
    hub.show("v2", &people(51, 50));
    let gone = (1..=50).map(|n: u32| Change::Gone {
        class: Class::Account,
        id: n.to_string().into(),
        cause: DepartureCause::Deleted,
    });
    hub.remote.script().pages[0].changes.extend(gone);
    let report = hub.run().await;
    assert_eq!((report.run.state, hub.active()), (RunState::Ok, 50));
}
