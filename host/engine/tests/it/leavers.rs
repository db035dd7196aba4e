//! First and last days, grace, return: what happens at which date, in the hub and at the destination.

use crate::hub::{HOUR, Hub};
use rosterd_engine::run::RunReport;
use rosterd_model::plan::PlanState;
use rosterd_model::run::RunState;
use rosterd_model::{DisabledReason, Lifecycle, Timestamp};
use rosterd_store::prelude::*;

const DAY: u64 = 24 * HOUR;

/// 2027-01-01T00:00:00Z, which is eight o'clock in Shanghai.
const NOW: u64 = 1_798_761_600_000;

/// A hub whose delivery has these keys.
fn hub(delivery: &str) -> Hub {
    let policy = r#"{
      "jobs": {"hr": {"source": "hr", "account": {
         "correlate": [{"tier": 1, "match": ["employeeNumber"]}],
         "map": {"userName": "source.user", "employeeNumber": "source.number", "lifecycle": "source.status",
                 "startDate": {"from": "source.start", "on-null": "clear"}, "timezone": "source.zone",
                 "endDate": {"from": "source.end", "on-null": "clear"}, "active": "source.active"}}}},
      "deliver": {"app": {"first-delivery": "allow", DELIVERY "account": {"map": {"login": "account.userName"}}}},
      "lifecycle": {"zone": "Asia/Shanghai"}, "authority": {"default": ["hr"]}, "guard": {}, "protect": {"accounts": ["root"]}
    }"#;
    let hub = Hub::with(&policy.replace("DELIVERY", delivery));
    hub.clock.set(NOW);
    hub
}

/// Shows one person with these attributes beside nine others, as version `version`, and runs.
async fn run(hub: &Hub, version: &str, attributes: &str) -> RunReport {
    let mut accounts = vec![("1".to_owned(), format!(r#"{{"number":"1","user":"ann"{attributes}}}"#))];
    accounts.extend((2..=10).map(|n| (n.to_string(), format!(r#"{{"number":"{n}","user":"user{n}"}}"#))));
    let accounts: Vec<(&str, &str)> = accounts.iter().map(|(id, json)| (id.as_str(), json.as_str())).collect();
    hub.remote.show(version, &accounts, 3);
    let report = hub.run().await;
    hub.verify();
    report
}

fn ann(hub: &Hub) -> Lifecycle {
    hub.engine.account("ann").unwrap().lifecycle
}

/// What the destination shows of ann: nothing, or whether she may be used.
fn there(hub: &Hub) -> Option<bool> {
    let script = hub.remote.script();
    script.there.values().find(|(json, _)| json.contains("\"ann\"")).map(|(_, usable)| *usable)
}

async fn timers_at(hub: &Hub, at: u64) -> Vec<RunReport> {
    hub.clock.set(at);
    let reports = hub.engine.run_timers().await.unwrap();
    hub.verify();
    reports
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_day_is_over_at_midnight_of_its_own_zone_and_not_before() {
    let hub = hub("");
    run(&hub, "v1", r#","end":"2027-01-03""#).await;
    let midnight = NOW + 2 * DAY + 16 * HOUR;
    assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Leaving { effective_at: Timestamp(midnight) }, Some(true)));
    assert_eq!(hub.engine.next_timer().unwrap(), Some(Timestamp(midnight)));
    assert!(timers_at(&hub, midnight - 1).await.is_empty());
    let reports = timers_at(&hub, midnight).await;
    assert_eq!((reports.len(), reports[0].run.state.clone()), (1, RunState::Ok));
    let left = Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(midnight) };
    assert_eq!((ann(&hub), there(&hub)), (left, Some(false)));
    assert!(timers_at(&hub, midnight + 1).await.is_empty(), "it is done once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_cancels_and_the_old_date_passes_without_effect() {
    let hub = hub("");
    run(&hub, "v1", r#","end":"2027-01-03","zone":"Europe/Berlin""#).await;
    run(&hub, "v2", r#","end":"2027-06-30","zone":"Europe/Berlin""#).await;
    assert!(timers_at(&hub, NOW + 10 * DAY).await.is_empty());
    assert_eq!(there(&hub), Some(true));
    run(&hub, "v3", r#","end":null,"zone":"Europe/Berlin""#).await;
    assert_eq!(ann(&hub), Lifecycle::Active);
    assert!(timers_at(&hub, NOW + 400 * DAY).await.is_empty());
    assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Active, Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_later_is_made_disabled_and_enabled_on_the_first_day() {
    let hub = hub("");
    run(&hub, "v1", r#","start":"2027-01-05""#).await;
    let morning = NOW + 3 * DAY + 16 * HOUR;
    assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Pending { start_at: Timestamp(morning) }, Some(false)));
    timers_at(&hub, morning).await;
    assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Active, Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_shortly_before_the_first_day_where_the_delivery_says_so() {
    let hub = hub(r#""prepare":"2d","#);
    run(&hub, "v1", r#","start":"2027-01-05""#).await;
    let morning = NOW + 3 * DAY + 16 * HOUR;
    assert_eq!(there(&hub), None);
    timers_at(&hub, morning - 2 * DAY - 1).await;
    assert_eq!(there(&hub), None);
    timers_at(&hub, morning - 2 * DAY).await;
    assert_eq!(there(&hub), Some(false));
    timers_at(&hub, morning).await;
    assert_eq!(there(&hub), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_show_is_disabled_and_never_enabled() {
    let hub = hub("");
    run(&hub, "v1", r#","start":"2027-01-05""#).await;
    run(&hub, "v2", r#","start":"2027-01-05","status":"未报到""#).await;
    assert!(timers_at(&hub, NOW + 30 * DAY).await.is_empty());
    assert!(matches!(ann(&hub), Lifecycle::Disabled { reason: DisabledReason::Leaver, .. }));
    assert_eq!(there(&hub), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_a_leaver_is_disabled_and_kept() {
    let hub = hub("");
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"离职""#).await;
    assert_eq!(there(&hub), Some(false));
    assert_eq!(hub.engine.next_timer().unwrap(), None);
    assert!(timers_at(&hub, NOW + 400 * DAY).await.is_empty());
    assert_eq!(there(&hub), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_grace_is_over_a_person_lets_the_delete_through_and_the_hub_follows() {
    let hub = hub(r#""on-grace-end":"delete","#);
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"离职""#).await;
    assert_eq!(there(&hub), Some(false));
    assert!(timers_at(&hub, NOW + 30 * DAY - 1).await.is_empty());
    let reports = timers_at(&hub, NOW + 30 * DAY).await;
    let plan = reports[0].plan.clone().unwrap();
    assert_eq!((reports[0].run.state.clone(), plan.state, there(&hub)), (RunState::Held, PlanState::Held, Some(false)));
    // It waits, and says so once.
    assert!(timers_at(&hub, NOW + 30 * DAY + 1).await.is_empty());
    let short = plan.digest.short();
    hub.engine.approve(&short).unwrap();
    hub.engine.apply(&short).await.unwrap();
    assert_eq!(there(&hub), None);
    timers_at(&hub, NOW + 30 * DAY + 2).await;
    assert!(matches!(ann(&hub), Lifecycle::Deleted { .. }), "{:?}", ann(&hub));
    assert!(timers_at(&hub, NOW + 30 * DAY + 3).await.is_empty());
    // The source still says that she left: nothing more happens.
    let again = run(&hub, "v3", r#","status":"离职","zone":"UTC""#).await;
    assert!(matches!(ann(&hub), Lifecycle::Deleted { .. }), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_needs_nobody_is_sent_when_it_is_due() {
    let hub = hub(r#""on-grace-end":"delete","delete-requires":"auto","grace":"7d","#);
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"left""#).await;
    let reports = timers_at(&hub, NOW + 7 * DAY).await;
    assert_eq!((reports.len(), there(&hub)), (2, None), "at the destination, then in the hub");
    assert!(matches!(ann(&hub), Lifecycle::Deleted { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_returns_in_grace_gets_the_same_account_and_is_not_deleted() {
    let hub = hub(r#""on-grace-end":"delete","delete-requires":"auto","#);
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"left""#).await;
    run(&hub, "v3", r#","status":"active""#).await;
    assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Active, Some(true)));
    assert!(timers_at(&hub, NOW + 60 * DAY).await.is_empty());
    assert_eq!(there(&hub), Some(true));
    assert_eq!(hub.remote.script().there.len(), 10, "nobody was made twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_returns_while_the_delete_waits_for_a_person_is_not_deleted_by_the_approval() {
    let hub = hub(r#""on-grace-end":"delete","#);
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"left""#).await;
    let plan = timers_at(&hub, NOW + 30 * DAY).await.remove(0).plan.unwrap();
    hub.engine.approve(&plan.digest.short()).unwrap();
    run(&hub, "v3", r#","status":"active""#).await;
    let report = hub.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!((report.run.state, report.plan.unwrap().outcome.moved), (RunState::Ok, 1));
    assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Active, Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_grace_is_waited_for_and_a_shorter_one_counts() {
    let hub = hub(r#""on-grace-end":"delete","delete-requires":"auto","#);
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"left""#).await;
    let mut engine = hub.engine.clone();
    engine.policy = hub.with_policy(|text| text.replace(r#""on-grace-end""#, r#""grace":"60d","on-grace-end""#));
    hub.clock.set(NOW + 40 * DAY);
    assert!(engine.run_timers().await.unwrap().is_empty());
    assert_eq!(engine.next_timer().unwrap(), Some(Timestamp(NOW + 60 * DAY)));
    // The next run compares everybody, because the delivery changed, and sets the dates anew.
    engine.policy = hub.with_policy(|text| text.replace(r#""on-grace-end""#, r#""grace":"45d","on-grace-end""#));
    engine.run("hr", Default::default()).await.unwrap();
    assert_eq!(engine.next_timer().unwrap(), Some(Timestamp(NOW + 45 * DAY)));
    hub.clock.set(NOW + 45 * DAY);
    engine.run_timers().await.unwrap();
    assert_eq!(there(&hub), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_is_disabled_or_left_alone_and_no_grace_begins() {
    for (delivery, usable) in [(r#""on-grace-end":"delete","#, false), (r#""on-suspend":"none","#, true)] {
        let hub = hub(delivery);
        run(&hub, "v1", "").await;
        run(&hub, "v2", r#","active":false"#).await;
        assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Suspended, Some(usable)));
        assert_eq!(hub.engine.next_timer().unwrap(), None);
        run(&hub, "v3", r#","active":true"#).await;
        assert_eq!((ann(&hub), there(&hub)), (Lifecycle::Active, Some(true)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_can_not_be_read_is_a_case_and_changes_nothing() {
    let hub = hub("");
    run(&hub, "v1", "").await;
    let report = run(&hub, "v2", r#","end":"next summer""#).await;
    assert_eq!((report.run.state, report.quarantined), (RunState::Partial { left: 1 }, 1));
    assert_eq!(ann(&hub), Lifecycle::Active);
    let report = run(&hub, "v3", r#","end":"2027-12-31""#).await;
    assert_eq!((report.run.state, report.quarantined), (RunState::Ok, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_last_days_at_once_wait_for_a_person() {
    let hub = hub("");
    let people: Vec<(String, String)> =
        (1..=10).map(|n| (n.to_string(), format!(r#"{{"number":"{n}","user":"u{n}","end":"2027-01-03"}}"#))).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|(id, json)| (id.as_str(), json.as_str())).collect();
    hub.remote.show("v1", &people, 3);
    hub.run().await;
    let reports = timers_at(&hub, NOW + 5 * DAY).await;
    assert_eq!((reports.len(), reports[0].run.state.clone(), hub.active()), (1, RunState::Held, 10));
    assert!(timers_at(&hub, NOW + 5 * DAY + HOUR - 1).await.is_empty(), "the plan stands");
    let again = timers_at(&hub, NOW + 5 * DAY + HOUR).await;
    assert_eq!(again[0].plan.as_ref().map(|plan| plan.number), reports[0].plan.as_ref().map(|plan| plan.number));
    let headers = hub.engine.store.snapshot().unwrap().plans().unwrap().count();
    assert_eq!(headers, 2, "that of the job, and that of the dates");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_somebody_deleted_goes_when_its_time_is_over() {
    let hub = hub(r#""on-grace-end":"delete","delete-requires":"auto","grace":"7d","#);
    run(&hub, "v1", "").await;
    run(&hub, "v2", r#","status":"left""#).await;
    let deleted = NOW + 7 * DAY;
    timers_at(&hub, deleted).await;
    let over = deleted + 180 * DAY;
    assert_eq!(hub.engine.next_timer().unwrap(), Some(Timestamp(over)));
    timers_at(&hub, over - 1).await;
    assert!(matches!(ann(&hub), Lifecycle::Deleted { .. }));
    assert!(timers_at(&hub, over).await.is_empty(), "nothing is planned");
    assert!(hub.engine.account("ann").is_err());
    assert_eq!((hub.accounts().len(), hub.engine.next_timer().unwrap()), (9, None));
    let view = hub.engine.store.snapshot().unwrap();
    let purged = view.audit(0).unwrap().map(Result::unwrap).filter(|(_, row)| row.what == "purged").count();
    assert_eq!(purged, 1, "and it is written down");
}
