//! An erased account leaves a hash and no value, in the store and in its file.

use crate::hub::{HOUR, Hub, people};
use rosterd_engine::EngineError;
use rosterd_model::run::RunState;
use rosterd_store::prelude::*;

const PERSON: &str = "4711,xaverius.quendolin,Xaverius Quendolin";
const WORDS: [&str; 3] = ["xaverius.quendolin", "Xaverius Quendolin", "Xaverius Renamed"];

/// A hub in which somebody joined, was renamed, left, and is in a plan that was applied and in one that waits.
async fn lived() -> Hub {
    let hub = Hub::delivering();
    let mut lines = people(1, 40);
    lines.push(PERSON.to_owned());
    hub.show("v1", &lines);
    hub.run().await;
    lines[40] = "4711,xaverius.quendolin,Xaverius Renamed".to_owned();
    hub.show("v2", &lines);
    hub.run().await;
    lines[40].push_str(",left");
    hub.show("v3", &lines);
    hub.run().await;
    // Many leave at once and one of them is renamed: the plan that waits names everybody.
    lines[..20].iter_mut().for_each(|line| line.push_str(",left"));
    hub.show("v4", &lines);
    assert_eq!(hub.run().await.run.state, RunState::Held);
    hub
}

/// What of the words is in the file of the store.
fn found(hub: &Hub) -> Vec<&'static str> {
    let bytes = std::fs::read(hub.engine.store.path()).unwrap();
    let holds = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    WORDS.into_iter().filter(|word| holds(word)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_account_is_in_no_byte_of_the_file() {
    let hub = lived().await;
    assert!(found(&hub).len() >= 2, "the test looks for what is there");
    let erased = hub.engine.erase("xaverius.quendolin", true).unwrap();
    assert!(erased.mentions.is_empty(), "{:?}", erased.mentions);
    assert_eq!(erased.remains_at, ["app"]);
    hub.verify();
    hub.engine.store.rewrite().unwrap();
    assert_eq!(found(&hub), Vec::<&str>::new());
    let refused = hub.engine.approve("0000");
    assert!(refused.is_err());
    let written = hub.engine.store.commit::<_, rosterd_store::StoreError>("test", |w| w.next_sequence());
    assert!(written.is_err(), "what is written to a file that was replaced would be lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_still_shows_an_erased_account_does_not_bring_it_back() {
    let hub = lived().await;
    hub.engine.erase("xaverius.quendolin", true).unwrap();
    let mut lines = people(1, 40);
    lines.push(PERSON.to_owned());
    hub.show("v5", &lines);
    let report = hub.run().await;
    assert_eq!((report.run.state, report.run.scan.erased), (RunState::Ok, 1));
    assert!(report.run.licences.iter().all(|note| note.licensed), "{:?}", report.run.licences);
    assert!(matches!(hub.engine.account("xaverius.quendolin"), Err(EngineError::NotFound(_))));
    assert_eq!(hub.accounts().len(), 40);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_use_is_not_erased_by_mistake() {
    let hub = Hub::delivering();
    hub.show("v1", &people(1, 40));
    hub.run().await;
    let active = hub.engine.erase("user3", false);
    assert!(matches!(&active, Err(EngineError::Refused(text)) if text.contains("is active")), "{active:?}");
    let mut lines = people(1, 40);
    lines[2].push_str(",left");
    hub.show("v2", &lines);
    hub.clock.set(1_001 * HOUR);
    hub.run().await;
    let there = hub.engine.erase("user3", false);
    assert!(matches!(&there, Err(EngineError::Refused(text)) if text.contains("still at app")), "{there:?}");
    assert_eq!(hub.accounts().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_the_audit_outlives_what_was_erased_in_it() {
    let hub = lived().await;
    hub.engine
        .store
        .commit::<_, EngineError>("test", |w| {
            Ok(w.add_audit(rosterd_model::Timestamp(1), "tester", "note", "Xaverius Renamed called")?)
        })
        .unwrap();
    let erased = hub.engine.erase("xaverius.quendolin", true).unwrap();
    assert_eq!(erased.removed.get(&rosterd_store::Table::Audit), Some(&1));
    hub.verify();
    let view = hub.engine.store.snapshot().unwrap();
    let rows: Vec<_> = view.audit(0).unwrap().map(|row| row.unwrap().1).collect();
    assert!(rows.iter().any(|row| row.what == "note" && row.detail.is_none()));
    assert_eq!(rows.last().unwrap().what, "account-erased");
    assert!(rows.last().unwrap().detail.as_ref().unwrap().starts_with(&erased.entity.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_about_an_erased_account_is_not_looked_at() {
    let hub = lived().await;
    let connection = "hr".parse().unwrap();
    // An id that is too short to be looked for as a word.
    hub.engine.receive(&connection, &[crate::living::hint("e1", "7", false)]).unwrap();
    hub.engine.receive(&connection, &[crate::living::hint("e2", "8", false)]).unwrap();
    hub.engine.erase("user7", true).unwrap();
    assert_eq!(hub.engine.waiting_hints(&connection).unwrap().objects, 1);
    hub.verify();
}
