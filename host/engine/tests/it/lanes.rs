//! What leaves in which order, and in whose words: units, groups, accounts, and what they refer to.

use crate::hub::Hub;
use crate::world::{account, group, record, reference, said, sent, show, states, unit, world};
use rosterd_model::outbox::{DeliveryState, Receipt};
use rosterd_model::run::RunState;
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;

fn fault(kind: FaultKind) -> Receipt {
    Receipt::Failed(Fault::new(kind, "no"))
}

#[tokio::test(flavor = "multi_thread")]
async fn parents_come_first_and_references_last_in_the_words_of_the_destination() {
    let hub = world("delete", "hold");
    // Everything in the wrong order: a child before its parent, two who are each other's managers.
    let all = vec![
        account("1", "ann", "2", "child"),
        account("2", "bob", "1", "root"),
        group("g", &[("account", "1"), ("account", "2")]),
        unit("child", "root"),
        unit("root", ""),
    ];
    show(&hub, "v1", all);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let requests = sent(&hub);
    let said: Vec<String> = requests.iter().map(said).collect();
    assert_eq!(said.len(), 8, "{said:#?}");
    assert_eq!(said[..2], ["Unit root: create", "Unit child: create"]);
    let at =
        |what: &str| said.iter().position(|said| said.starts_with(what)).unwrap_or_else(|| panic!("{what}: {said:#?}"));
    assert!(at("Group g: create") < at("ann: create") && at("Group g: create") < at("bob: create"));
    assert!(at("ann: create").max(at("bob: create")) < at("ann: boss").min(at("Group g: members")));
    let ids = |name: &str| {
        let there = hub.remote.script().there.clone();
        there.iter().find(|(_, (json, _))| json.contains(name)).map(|(id, _)| id.clone()).unwrap()
    };
    let create = requests.iter().find(|request| crate::world::said(request) == "ann: create").unwrap();
    assert!(create.desired.contains(&ids("Unit child")) && !create.desired.contains("boss"), "{}", create.desired);
    assert_eq!(said[at("ann: boss")], format!("ann: boss={}", reference_of("account", &ids("bob"))));
    hub.verify();
    assert!(hub.run().await.plan.is_none());
    assert!(sent(&hub).is_empty());
}

fn reference_of(class: &str, id: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(&reference(class, id)).unwrap();
    value.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_one_by_one() {
    let hub = world("delete", "hold");
    let people = || ["1", "2", "3"].map(|id| account(id, &format!("u{id}"), "", "")).to_vec();
    let with = |members: &[(&str, &str)]| people().into_iter().chain([group("g", members)]).collect::<Vec<_>>();
    show(&hub, "v1", with(&[("account", "1"), ("account", "2")]));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    sent(&hub);
    show(&hub, "v2", with(&[("account", "2"), ("account", "3")]));
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let said: Vec<String> = sent(&hub).iter().map(said).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].starts_with("Group g: members+[") && said[1].starts_with("Group g: members-["), "{said:#?}");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_to_nobody_is_completed_when_he_comes() {
    let hub = world("delete", "hold");
    show(&hub, "v1", vec![account("1", "ann", "9", "")]);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    assert_eq!(sent(&hub).iter().map(said).collect::<Vec<_>>(), ["ann: create"]);
    hub.verify();
    show(&hub, "v2", vec![account("1", "ann", "9", ""), account("9", "zoe", "", "")]);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let said: Vec<String> = sent(&hub).iter().map(said).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0] == "zoe: create" && said[1].starts_with("ann: boss="), "{said:#?}");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_depends_on_a_unit_that_failed_waits_and_is_woken_by_its_success() {
    let hub = world("delete", "hold");
    show(&hub, "v1", vec![unit("root", ""), unit("child", "root"), account("1", "ann", "", "child")]);
    hub.remote.script().answers = vec![fault(FaultKind::Transient)];
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 3 }, "{report:?}");
    assert_eq!(sent(&hub).len(), 1, "only the root was asked for");
    assert_eq!(states(&hub).iter().filter(|state| matches!(state, DeliveryState::Blocked { .. })).count(), 2);
    hub.verify();
    hub.clock.set(1_001 * crate::hub::HOUR);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let said: Vec<String> = sent(&hub).iter().map(said).collect();
    assert_eq!(said, ["Unit root: create", "Unit child: create", "ann: create"]);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn cycles_of_units_and_groups_wait_for_a_person() {
    let hub = world("delete", "hold");
    show(
        &hub,
        "v1",
        vec![unit("a", "b"), unit("b", "a"), group("g", &[("group", "h")]), group("h", &[("group", "g")])],
    );
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 4 }, "{report:?}");
    let said: Vec<String> = sent(&hub).iter().map(said).collect();
    assert_eq!(said, ["Group g: create", "Group h: create"]);
    assert!(states(&hub).iter().all(|state| matches!(state, DeliveryState::Parked { .. })));
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_a_value_up_goes_before_who_takes_it_and_a_swap_waits() {
    let desk = |id: &str, desk: &str| {
        record(Class::Account, id, format!(r#"{{"number":"{id}","user":"u{id}","title":"{desk}"}}"#))
    };
    let hub = world("delete", "hold");
    show(&hub, "v1", vec![desk("1", "A"), desk("2", "B")]);
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    sent(&hub);
    show(&hub, "v2", vec![desk("1", "C"), desk("2", "A")]);
    hub.engine.pause(Some("app"), "test").unwrap();
    hub.run().await;
    // Whoever takes stands first in the order of sending.
    reorder(&hub);
    hub.engine.resume(Some("app")).unwrap();
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let said_of = |hub: &Hub| sent(hub).iter().map(said).collect::<Vec<String>>();
    assert_eq!(said_of(&hub), ["u1: desk=\"C\"", "u2: desk=\"A\""]);
    hub.verify();
    show(&hub, "v3", vec![desk("1", "A"), desk("2", "C")]);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 2 }, "{report:?}");
    assert!(said_of(&hub).is_empty());
    assert!(states(&hub).iter().all(|state| matches!(state, DeliveryState::Parked { .. })));
    hub.verify();
}

/// Queues the entry that stands first once more, behind the others.
fn reorder(hub: &Hub) {
    let store = &hub.engine.store;
    let view = store.snapshot().unwrap();
    let number = view.connection_number(&"app".parse().unwrap()).unwrap().unwrap();
    let first = view.outbox(number).unwrap().next().unwrap().unwrap();
    drop(view);
    store
        .commit::<_, rosterd_store::StoreError>("reorder", |w| {
            let order = w.next_order()?;
            w.put_outbox(number, &rosterd_model::outbox::OutboxEntry { order, ..first.clone() })
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_removed_after_those_inside_of_it() {
    let hub = world("delete", "hold");
    let units = |status: &str| {
        let gone = |id: &str, parent: &str| {
            let parent = reference("org-unit", parent);
            record(Class::OrgUnit, id, format!(r#"{{"name":"Unit {id}","parent":{parent},"status":"{status}"}}"#))
        };
        vec![gone("root", ""), gone("mid", "root"), gone("leaf", "mid")]
    };
    show(&hub, "v1", units("active"));
    assert_eq!(hub.run().await.run.state, RunState::Ok);
    sent(&hub);
    show(&hub, "v2", units("left"));
    let report = hub.run().await;
    let said: Vec<String> = sent(&hub).iter().map(said).collect();
    assert_eq!(said, ["Unit leaf: delete", "Unit mid: delete", "Unit root: delete"], "{report:?}");
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_what_is_given_up_or_erased_looks_again() {
    for erased in [false, true] {
        let desk = |id: &str, desk: &str| {
            record(Class::Account, id, format!(r#"{{"number":"{id}","user":"u{id}","title":"{desk}"}}"#))
        };
        let hub = world("delete", "hold");
        show(&hub, "v1", vec![desk("1", "A"), desk("2", "B")]);
        assert_eq!(hub.run().await.run.state, RunState::Ok);
        hub.remote.script().answers = vec![fault(FaultKind::Invalid)];
        show(&hub, "v2", vec![desk("1", "C"), desk("2", "B")]);
        assert_eq!(hub.run().await.run.state, RunState::Partial { left: 1 });
        show(&hub, "v3", vec![desk("1", "C"), desk("2", "A")]);
        assert_eq!(hub.run().await.run.state, RunState::Partial { left: 2 });
        assert!(states(&hub).iter().any(|state| matches!(state, DeliveryState::Blocked { .. })), "{:?}", states(&hub));
        sent(&hub);
        if erased {
            hub.engine.erase("u1", true).unwrap();
        } else {
            let first =
                crate::world::entries(&hub).into_iter().find(|one| matches!(one.state, DeliveryState::Parked { .. }));
            hub.engine.outbox_drop(&rosterd_engine::entry_name(&first.unwrap())).unwrap();
        }
        hub.verify();
        assert_eq!(states(&hub), [DeliveryState::Waiting]);
        hub.engine.deliver().await.unwrap();
        let said: Vec<String> = sent(&hub).iter().map(said).collect();
        assert_eq!(said, ["u2: desk=\"A\""]);
        hub.verify();
    }
}
