//! A system that is read and written: no loops.

use crate::hub::HOUR;
use crate::living::Living;
use rosterd_engine::{EngineError, Policy};
use rosterd_model::claim::LinkMaker;
use rosterd_model::outbox::Action;
use rosterd_model::run::RunState;
use rosterd_model::spec::PolicySpec;
use rosterd_model::{ClaimSet, Class, Value};
use rosterd_store::prelude::*;

/// `hr` is the authority; `ad` is written, and gives mail addresses back.
pub(crate) const AD: &str = r#"{"jobs": {
    "hr": {"source": "hr", "account": {"correlate": [{"tier": 1, "match": ["employeeNumber"]}],
       "map": {"userName": "source.user", "displayName": "source.name", "employeeNumber": "source.number"}}},
    "ad": {"source": "ad", "account": {"unmatched": "report", "correlate": [],
       "map": {"displayName": "source.cn", "emails.work": "source.mail", "title": "source.job"}}}},
  "deliver": {"ad": {"scope": null, "first-delivery": "allow", "account": {"map":
       {"login": "account.userName", "cn": "account.displayName", "job": "account.title"}}}},
  "authority": {"default": ["hr", "ad"], "title": ["hr", "ad"]}, "guard": {"on-trip": "apply-safe"}, "protect": {"accounts": []}}"#;

/// A hub with thirty people, all of them at `ad`.
async fn thirty() -> Living {
    let living = Living::configured(AD);
    for line in crate::hub::people(100, 30) {
        living.remote.person(&line);
    }
    let report = living.run().await;
    assert_eq!((report.run.state, living.ad.state().objects.len()), (RunState::Ok, 30), "{:?}", report.faults);
    living
}

fn claims(living: &Living, user: &str) -> ClaimSet {
    let entity = living.account(user).unwrap();
    let view = living.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"ad".parse().unwrap()).unwrap().unwrap();
    view.claims(entity.id, number).unwrap().unwrap()
}

fn id_at_ad(living: &Living, user: &str) -> String {
    let entity = living.account(user).unwrap();
    let view = living.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"ad".parse().unwrap()).unwrap().unwrap();
    view.projection(number, Class::Account, entity.id).unwrap().unwrap().external_id.unwrap().to_string()
}

/// Changes one attribute at `ad` by hand.
pub(crate) fn by_hand(living: &Living, id: &str, name: &str, value: &str) {
    let (text, _) = living.ad.state().objects[id].clone();
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    object.insert(name.to_owned(), value.into());
    living.ad.put(id, &serde_json::Value::Object(object).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hub_made_is_linked_when_it_is_read_and_its_echo_claims_nothing() {
    let living = thirty().await;
    living.ad.state().spelling = Some(str::to_uppercase);
    let report = living.run_of("ad").await;
    assert_eq!((report.run.state.clone(), report.quarantined), (RunState::Ok, 0), "{report:?}");
    assert_eq!(living.active(), 30, "nobody is made twice");
    assert!(claims(&living, "user104").entries.is_empty(), "{:?}", claims(&living, "user104"));
    let view = living.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"ad".parse().unwrap()).unwrap().unwrap();
    assert!(view.links(number, Class::Account).unwrap().all(|link| link.unwrap().1.maker == LinkMaker::Delivery));
    drop(view);
    // The mail address is its own statement; the rest is still an echo, though `ad` spells it in capitals now.
    living.remote.person("104,user104,New Name");
    living.run().await;
    let id = id_at_ad(&living, "user104");
    by_hand(&living, &id, "mail", "four@example.org");
    living.run_of("ad").await;
    let said: Vec<String> =
        claims(&living, "user104").entries.iter().map(|entry| entry.attribute.to_string()).collect();
    assert_eq!(said, ["emails.work"]);
    assert_eq!(living.name("user104").as_deref(), Some("New Name"));
    let sent = living.ad.state().sent.len();
    for _ in 0..3 {
        living.run().await;
        living.run_of("ad").await;
    }
    assert_eq!(living.ad.state().sent.len(), sent, "and it stays quiet");
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_not_sent_back_to_the_only_system_that_says_it() {
    let living = thirty().await;
    living.run_of("ad").await;
    let id = id_at_ad(&living, "user104");
    by_hand(&living, &id, "job", "Clerk");
    let sent = living.ad.state().sent.len();
    let report = living.run_of("ad").await;
    assert_eq!(living.account("user104").unwrap().attributes.get("title"), Some(&Value::from("Clerk")));
    let now = living.ad.state().sent.len();
    assert_eq!((now, &report.run.state), (sent, &RunState::Ok), "{:?}", report.faults);
    // Another change of the same person goes out, without that value.
    living.remote.person("104,user104,New Name");
    living.run().await;
    let state = living.ad.state();
    let Action::Update(edits) = &state.sent.last().unwrap().action else { panic!("{:?}", state.sent.last()) };
    assert_eq!(edits.iter().map(|edit| edit.attribute.as_str()).collect::<Vec<_>>(), ["cn"]);
    drop(state);
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_there_is_not_made_there_again() {
    let living = thirty().await;
    living.run_of("ad").await;
    let id = id_at_ad(&living, "user104");
    living.ad.remove(&id);
    living.run_of("ad").await;
    let sent = living.ad.state().sent.len();
    living.remote.person("104,user104,New Name");
    living.run().await;
    living.run_of("ad").await;
    let (asked, there) = {
        let state = living.ad.state();
        (state.sent.len(), state.objects.len())
    };
    let now = (asked, there);
    assert_eq!(now, (sent, 29));
    assert!(living.account("user104").unwrap().lifecycle.is_active(), "hr decides who works here");
    living.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_and_forth_is_frozen_and_a_person_lets_it_go() {
    let living = Living::configured(AD);
    living.remote.person("1,ann,A");
    living.run().await;
    // Two others write the name at the source, in turns.
    let mut frozen = Vec::new();
    for (minute, name) in ["B", "A", "B", "A", "B"].into_iter().enumerate() {
        living.clock.set(1_000 * HOUR + minute as u64 * 60_000);
        living.remote.person(&format!("1,ann,{name}"));
        let report = living.run().await;
        if let Some(plan) = report.plan.filter(|_| report.run.state == RunState::Held) {
            living.engine.approve(&plan.digest.short()).unwrap();
            frozen.extend(living.engine.apply(&plan.digest.short()).await.unwrap().faults);
        }
        frozen.extend(report.faults);
    }
    assert_eq!(frozen.len(), 1, "{frozen:?}");
    assert!(frozen[0].contains("cn") && frozen[0].contains("goes back and forth"), "{frozen:?}");
    assert_eq!(living.ad.state().sent.len(), 4, "made, and three swings");
    assert_eq!(living.engine.release_frozen(&"ad".parse().unwrap()).unwrap(), 1);
    living.remote.person("1,ann,C");
    let report = living.run().await;
    if report.run.state == RunState::Held {
        let digest = report.plan.unwrap().digest.short();
        living.engine.approve(&digest).unwrap();
        living.engine.apply(&digest).await.unwrap();
    }
    assert!(living.ad.state().objects.values().any(|(json, _)| json.contains(r#""cn":"C""#)));
    living.verify();
}

#[test]
fn an_attribute_has_one_direction() {
    let compiled = |policy: &str| {
        let spec: PolicySpec = serde_json::from_str(policy).unwrap();
        Policy::compile(&spec, String::new())
    };
    assert!(compiled(AD).is_ok());
    let reversed = AD.replace(r#""title": ["hr", "ad"]"#, r#""title": ["ad", "hr"]"#);
    let Err(EngineError::Configuration(text)) = compiled(&reversed) else { panic!("it was accepted") };
    assert!(text.contains("\"job\" of ad") && text.contains("\"title\""), "{text}");
}
