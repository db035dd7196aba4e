//! Full scans, deltas and cursors, and what goes on while a scan runs.

use crate::hub::HOUR;
use crate::living::{Living, hint};
use rosterd_engine::run::RunOptions;
use rosterd_model::port::ScanStart;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::run::RunState;
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;

fn since(cursor: &str) -> ScanStart {
    ScanStart::Since(cursor.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_reads_what_changed_and_says_nothing_about_the_rest() {
    let living = Living::with_people(20);
    assert_eq!(living.run().await.run.state, RunState::Ok);
    assert_eq!((living.active(), living.cursor().as_deref()), (20, Some("20")));
    // One is gone without a trace in the log: only a full scan can know.
    living.remote.state().objects.remove("105");
    living.remote.person("103,user103,Somebody Else");
    let report = living.run().await;
    assert_eq!((report.run.scan.records, report.run.scan.changed, report.waiting), (1, 1, 0), "{:?}", report.run);
    assert!(report.run.licences.is_empty());
    assert_eq!(living.name("user103").as_deref(), Some("Somebody Else"));
    assert_eq!(living.cursor().as_deref(), Some("21"));
    assert_eq!(living.remote.state().opened, [ScanStart::Full, since("20")]);
    // Nothing new is nothing to do, and `--full` finds who is missing.
    assert_eq!(living.run().await.run.scan.records, 0);
    let full = living.engine.run("hr", RunOptions { full: true, ..RunOptions::default() }).await.unwrap();
    assert_eq!((full.run.scan.records, full.waiting), (19, 1));
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_scan_comes_when_the_last_is_a_day_old() {
    let living = Living::with_people(5);
    living.run().await;
    living.clock.set(1_023 * HOUR);
    living.run().await;
    living.clock.set(1_024 * HOUR);
    let report = living.run().await;
    assert!(report.run.notes.iter().any(|note| note.contains("too long ago")), "{:?}", report.run.notes);
    living.run().await;
    assert_eq!(living.remote.state().opened, [ScanStart::Full, since("5"), ScanStart::Full, since("5")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_the_source_refuses_means_a_full_scan_in_the_same_run() {
    let living = Living::with_people(20);
    living.run().await;
    living.remote.person("103,user103,Somebody Else");
    living.remote.state().forgotten = 21;
    let report = living.run().await;
    assert_eq!(report.run.state, RunState::Ok);
    assert!(report.run.notes.iter().any(|note| note.contains("no longer knows the cursor")), "{:?}", report.run.notes);
    assert_eq!((report.run.scan.records, living.name("user103").as_deref()), (20, Some("Somebody Else")));
    assert_eq!(living.cursor().as_deref(), Some("21"));
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_in_a_delta_count_where_the_connector_tells_them_and_nowhere_else() {
    for (tells, active) in [("true", 29), ("false", 30)] {
        let living = Living::with_people(30);
        let describe = format!(r#"{{"delta":{{"supported":true,"includes-deletes":{tells}}}}}"#);
        living.remote.state().describe = describe;
        living.run().await;
        living.remote.remove("110");
        let report = living.run().await;
        assert_eq!(living.active(), active, "{:?}", report.run);
        assert_eq!(report.run.notes.is_empty(), active == 29, "{:?}", report.run.notes);
        living.verify();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_that_breaks_off_goes_on_after_the_last_page_that_was_stored() {
    let living = Living::with_people(3);
    living.run().await;
    for line in crate::hub::people(200, 20) {
        living.remote.person(&line);
    }
    living.remote.state().fail_at = Some((4, Fault::new(FaultKind::Transient, "the line went dead")));
    let report = living.run().await;
    assert!(matches!(report.run.state, RunState::Incomplete { .. }), "{:?}", report.run);
    // Four pages of three changes behind the first three.
    assert_eq!(living.cursor().as_deref(), Some("15"));
    living.remote.state().fail_at = None;
    let report = living.run().await;
    assert_eq!((report.run.scan.records, living.active()), (8, 23), "{:?}", report.run);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_scan_that_went_on_leaves_the_cursor_before_it() {
    let living = Living::with_people(20);
    living.run().await;
    // Where a scan goes on is stored with what it learns.
    for number in 100..108 {
        living.remote.person(&format!("{number},user{number},Renamed"));
    }
    living.remote.state().fail_at = Some((4, Fault::new(FaultKind::Transient, "the line went dead")));
    let report = living.engine.run("hr", full()).await.unwrap();
    assert!(matches!(report.run.state, RunState::Incomplete { .. }), "{:?}", report.run);
    // The first page was read already. The source's cursor at the end of the rest is newer than this change.
    living.remote.person("101,user101,Meanwhile");
    living.remote.state().fail_at = None;
    let report = living.run().await;
    assert_eq!((report.run.state, living.cursor().as_deref()), (RunState::Ok, Some("20")));
    assert!(matches!(living.remote.state().opened.last(), Some(ScanStart::Resume(_))));
    assert_eq!(living.run().await.run.scan.changed, 1);
    assert_eq!((living.name("user101").as_deref(), living.cursor().as_deref()), (Some("Meanwhile"), Some("29")));
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_may_change_twice_in_a_delta_and_the_last_word_counts() {
    let living = Living::with_people(3);
    living.run().await;
    // The log names 101 again and again; the source shows its state at that time, here by hand.
    for name in ["One", "Two", "Three"] {
        living.remote.person(&format!("101,user101,{name}"));
        living.remote.person("300,user300,Between");
    }
    assert_eq!(living.run().await.run.state, RunState::Ok);
    assert_eq!(living.name("user101").as_deref(), Some("Three"));
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_can_not_be_read_is_parked_and_the_cursor_goes_on() {
    let living = Living::with_people(5);
    living.run().await;
    living.remote.put("102", "{");
    living.remote.person("104,user104,Somebody Else");
    let report = living.run().await;
    assert_eq!((report.run.state, living.cursor().as_deref()), (RunState::Partial { left: 1 }, Some("7")));
    assert_eq!(living.name("user104").as_deref(), Some("Somebody Else"));
    {
        let view = living.engine.store.snapshot().unwrap();
        let number = view.connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
        let case = view.cases(number).unwrap().next().unwrap().unwrap();
        assert_eq!((case.reason, case.raw.as_str()), (QuarantineReason::Invalid, "{"));
    }
    // The next delta shows it mended.
    living.remote.person("102,user102,Mended");
    assert_eq!(living.run().await.run.state, RunState::Ok);
    assert_eq!(living.name("user102").as_deref(), Some("Mended"));
    living.verify();
}

/// Lets an event come while a full scan waits for its page `page`: the object was changed just before.
fn event_at(living: &Living, page: usize, id: &'static str, deleted: bool) {
    let (engine, connection) = (living.engine.clone(), "hr".parse().unwrap());
    let remote = living.remote.clone();
    living.remote.between(page, move || {
        Box::pin(async move {
            if deleted {
                remote.remove(id);
            } else {
                remote.person(&format!("{id},user{id},From The Event"));
            }
            engine.receive(&connection, &[hint(&format!("e{id}"), id, deleted)]).unwrap();
            engine.observe_hints("hr").await.unwrap();
        })
    });
}

fn full() -> RunOptions {
    RunOptions { full: true, ..RunOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_page_neither_overwrites_nor_resurrects_what_an_event_changed() {
    // Pages of three: 103 is on the second, 125 on the ninth, 126 and 109 are deleted, before and after their page.
    let living = Living::with_people(30);
    living.run().await;
    event_at(&living, 1, "103", false);
    event_at(&living, 2, "126", true);
    event_at(&living, 6, "125", false);
    event_at(&living, 7, "109", true);
    let report = living.engine.run("hr", full()).await.unwrap();
    assert_eq!(report.run.state, RunState::Ok, "{:?}", report.run);
    assert_eq!(living.name("user103").as_deref(), Some("From The Event"));
    assert_eq!(living.name("user125").as_deref(), Some("From The Event"));
    assert!(!living.account("user126").unwrap().lifecycle.is_active());
    assert!(!living.account("user109").unwrap().lifecycle.is_active());
    assert_eq!(living.active(), 28);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_while_a_scan_runs_is_not_missing_from_it() {
    let living = Living::with_people(30);
    living.run().await;
    // 999 would stand on the last page; the pages are those of the moment the reader was opened.
    event_at(&living, 4, "999", false);
    let report = living.engine.run("hr", full()).await.unwrap();
    assert_eq!((report.waiting, living.active()), (0, 31), "{:?}", report.run);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_later_version_than_the_event_counts() {
    let living = Living::with_people(9);
    living.run().await;
    let (engine, remote) = (living.engine.clone(), living.remote.clone());
    living.remote.person("107,user107,Newest");
    living.remote.between(1, move || {
        Box::pin(async move {
            // The system answers single reads from a replica that lags behind.
            let newest = remote.state().objects.insert(
                "107".to_owned(),
                ("{\"number\":\"107\",\"user\":\"user107\",\"name\":\"Lagging\"}".to_owned(), 8),
            );
            engine.receive(&"hr".parse().unwrap(), &[hint("e", "107", false)]).unwrap();
            engine.observe_hints("hr").await.unwrap();
            remote.state().objects.insert("107".to_owned(), newest.unwrap());
        })
    });
    living.engine.run("hr", full()).await.unwrap();
    assert_eq!(living.name("user107").as_deref(), Some("Newest"));
    let view = living.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"hr".parse().unwrap()).unwrap().unwrap();
    let (_, shadow) = view.shadow_of(number, Class::Account, &"107".into()).unwrap().unwrap();
    assert_eq!(shadow.version.as_deref(), Some("10"));
}
