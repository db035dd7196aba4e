//! Reading back: drift, verification, and what a restored store does before it writes.

use crate::both_ways::{AD, by_hand};
use crate::living::Living;
use rosterd_engine::run::RunOptions;
use rosterd_engine::{Engine, EngineError};
use rosterd_model::ConnectionId;
use rosterd_model::outbox::ProjectionStatus;
use rosterd_model::run::RunState;
use rosterd_store::{OpenOptions, Store};
use std::sync::Arc;

async fn ten() -> Living {
    let living = Living::configured(AD);
    for line in crate::hub::people(100, 10) {
        living.remote.person(&line);
    }
    living.run().await;
    living
}

fn ad() -> ConnectionId {
    "ad".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_by_hand_is_reported_and_nothing_is_written() {
    let living = ten().await;
    let report = living.engine.check_drift(&ad()).await.unwrap();
    assert_eq!((report.checked, report.differing), (10, 0), "{report:?}");
    let ids: Vec<String> = living.ad.state().objects.keys().cloned().collect();
    by_hand(&living, &ids[2], "cn", "Somebody Else");
    living.ad.remove(&ids[5]);
    by_hand(&living, &ids[7], "room", "12");
    let sent = living.ad.state().sent.len();
    let report = living.engine.check_drift(&ad()).await.unwrap();
    assert_eq!((report.checked, report.differing, report.gone), (10, 2, 1), "{report:?}");
    let changed = report.objects.iter().find(|object| !object.gone).unwrap();
    assert_eq!(changed.external_id.as_str(), ids[2]);
    assert_eq!((changed.changes[0].attribute.as_str(), changed.changes.len()), ("cn", 1));
    assert_eq!(living.ad.state().sent.len(), sent);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_who_was_enabled_by_hand_is_found() {
    let living = ten().await;
    living.remote.remove("105");
    living.run().await;
    let id = living.ad.state().objects.iter().find(|(_, (json, _))| json.contains("user105")).unwrap().0.clone();
    assert!(living.ad.state().objects[&id].0.contains(r#""active":false"#));
    let text = living.ad.state().objects[&id].0.replace(r#""active":false"#, r#""active":true"#);
    living.ad.put(&id, &text);
    let report = living.engine.check_drift(&ad()).await.unwrap();
    assert_eq!(report.objects[0].status, Some(ProjectionStatus::Present), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_says_what_events_missed_before_it_is_planned() {
    let living = Living::with_people(30);
    living.run().await;
    // The change log knows nothing of these.
    living.remote.state().objects.remove("105");
    living.remote.state().objects.insert("300".to_owned(), (r#"{"number":"300","user":"late"}"#.to_owned(), 1));
    assert_eq!(living.run().await.run.scan.records, 0);
    let report = living.engine.verify_job("hr").await.unwrap();
    let note = report.run.notes.iter().find(|note| note.starts_with("missed by events")).unwrap();
    assert_eq!(
        note,
        "missed by events: 1 new, 0 changed, 0 deleted, 1 missing: account 300 (new), account 105 (not shown)"
    );
    assert_eq!((report.run.state, living.active()), (RunState::Planned, 30), "nothing is applied");
    living.run().await;
    assert_eq!(living.active(), 31);
    let report = living.engine.verify_job("hr").await.unwrap();
    assert!(report.run.notes.iter().any(|note| note.contains("1 missing")), "{:?}", report.run.notes);
}

/// The hub as it was at the backup.
fn restored(living: &mut Living, backup: &std::path::Path) {
    let path = living.dir.path().join("restored.redb");
    Store::restore(backup, &path, false).unwrap();
    let store = Store::open(&path, OpenOptions { cache_bytes: 8 << 20, create: false }).unwrap();
    living.engine = Engine { store: Arc::new(store), ..living.engine.clone() };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_store_reads_before_it_writes_and_waits_for_a_person() {
    let mut living = ten().await;
    let backup = living.dir.path().join("backup.redb");
    // The backup wants to send something that the destination has long since.
    living.remote.person("101,user101,At The Backup");
    living.ad.state().down = true;
    living.run().await;
    living.engine.store.backup(&backup).unwrap();
    living.ad.state().down = false;
    living.remote.person("101,user101,After The Backup");
    living.remote.person("102,user102,Changed Later");
    for line in crate::hub::people(200, 1) {
        living.remote.person(&line);
    }
    living.run().await;
    let sent = living.ad.state().sent.len();
    restored(&mut living, &backup);

    let report = living.run().await;
    let now = living.ad.state().sent.len();
    assert_eq!((&report.run.state, now), (&RunState::Held, sent), "{:?}", report.run);
    assert!(report.run.notes.iter().any(|note| note.contains("restored from a backup")), "{:?}", report.run.notes);
    assert_eq!(report.run.scan.records, 11, "the cursor is not trusted");
    assert_eq!(living.name("user101").as_deref(), Some("At The Backup"), "nothing was applied");
    assert_eq!(living.run().await.run.state, RunState::Held, "nor is it by running again");

    let digest = report.plan.unwrap().digest.short();
    let applied = living.engine.apply(&digest).await.unwrap();
    assert_eq!(living.name("user101").as_deref(), Some("After The Backup"), "{applied:?}");
    let new = living.ad.state().sent[sent..].to_vec();
    assert_eq!(new.len(), 1, "only who was made after the backup, and that is looked up first: {new:?}");
    assert!(new[0].attempt > 1 && new[0].id.is_none());
    living.remote.person("103,user103,Later Still");
    assert_eq!(living.run().await.run.state, RunState::Ok);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_store_applies_nothing_while_a_destination_can_not_be_read() {
    let mut living = ten().await;
    let backup = living.dir.path().join("backup.redb");
    living.engine.store.backup(&backup).unwrap();
    restored(&mut living, &backup);
    living.ad.state().down = true;
    living.remote.person("101,user101,After The Backup");
    let report = living.run().await;
    assert!(report.faults[0].contains("ad"), "{:?}", report.faults);
    let digest = report.plan.unwrap().digest.short();
    let refused = living.engine.apply(&digest).await;
    assert!(matches!(&refused, Err(EngineError::Refused(text)) if text.contains("was not read back")), "{refused:?}");
    living.ad.state().down = false;
    living.engine.run("hr", RunOptions { dry: true, ..RunOptions::default() }).await.unwrap();
    living.engine.apply(&digest).await.unwrap();
    assert_eq!(living.name("user101").as_deref(), Some("After The Backup"));
}
