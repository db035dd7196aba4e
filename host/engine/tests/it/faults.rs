//! The fault matrix: each kind of fault, for each operation in each lane, with the reaction of section 7 of the
//! semantics, seen at the destination.

use crate::hub::{HOUR, Hub};
use crate::world::{account, entries, group, record, reference, said, sent, show, unit, world};
use rosterd_model::circuit::{Circuit, CircuitState};
use rosterd_model::outbox::{DeliveryState, Lane, Receipt};
use rosterd_model::record::Change;
use rosterd_model::run::RunState;
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_store::prelude::*;

/// One operation: what the source shows before, and what then leads to it.
struct Case {
    name: &'static str,
    lane: Lane,
    leave: &'static str,
    before: Vec<Change>,
    /// What it shows after that; nothing: no more than before.
    between: Vec<Change>,
    after: Vec<Change>,
    /// True: a person orders it at once, ahead of every lane, and the source shows nothing new.
    ordered: bool,
}

/// What an operation does, as far as the reaction depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Make,
    Change,
    Disable,
    Enable,
    Remove,
}

fn left(class: Class, id: &str) -> Change {
    let status = r#""status":"left""#;
    let attributes = match class {
        Class::Account => format!(r#"{{"number":"{id}","user":"u{id}","manager":null,"unit":null,{status}}}"#),
        Class::OrgUnit => format!(r#"{{"name":"Unit {id}","parent":{},{status}}}"#, reference("org-unit", "")),
        Class::Group => format!(r#"{{"name":"Group {id}","members":[],{status}}}"#),
    };
    record(class, id, attributes)
}

fn back(id: &str) -> Change {
    let rest = r#""manager":null,"unit":null,"status":"active""#;
    record(Class::Account, id, format!(r#"{{"number":"{id}","user":"u{id}",{rest}}}"#))
}

fn person(id: &str) -> Change {
    account(id, &format!("u{id}"), "", "")
}

fn cases() -> Vec<(Does, Case)> {
    let case = |name, lane, before: Vec<Change>, after: Vec<Change>| Case {
        name,
        lane,
        leave: "delete",
        before,
        between: vec![],
        after,
        ordered: false,
    };
    let both = || group("g", &[("account", "1"), ("account", "2")]);
    let one = || group("g", &[("account", "1")]);
    let disable =
        Case { leave: "disable", ..case("disable", Lane::Disable, vec![person("1")], vec![left(Class::Account, "1")]) };
    let urgent = Case {
        leave: "disable",
        ordered: true,
        ..case("urgent disable", Lane::Urgent, vec![person("1")], vec![person("1")])
    };
    let enable = Case {
        leave: "disable",
        between: vec![left(Class::Account, "1")],
        ..case("enable", Lane::Account, vec![person("1")], vec![back("1")])
    };
    vec![
        (Does::Disable, urgent),
        (Does::Enable, enable),
        (Does::Make, case("create unit", Lane::OrgUnit, vec![], vec![unit("r", "")])),
        (Does::Make, case("create group", Lane::Group, vec![], vec![group("g", &[])])),
        (Does::Make, case("create account", Lane::Account, vec![], vec![person("1")])),
        (Does::Change, case("update", Lane::Account, vec![person("1")], vec![account("1", "new", "", "")])),
        (
            Does::Change,
            case(
                "reference",
                Lane::Reference,
                vec![person("1"), person("2")],
                vec![account("1", "u1", "2", ""), person("2")],
            ),
        ),
        (
            Does::Change,
            case(
                "member out",
                Lane::MembershipRemoval,
                vec![person("1"), person("2"), both()],
                vec![person("1"), person("2"), one()],
            ),
        ),
        (Does::Disable, disable),
        (Does::Remove, case("delete account", Lane::AccountDelete, vec![person("1")], vec![left(Class::Account, "1")])),
        (Does::Remove, case("delete group", Lane::GroupDelete, vec![group("g", &[])], vec![left(Class::Group, "g")])),
        (Does::Remove, case("delete unit", Lane::OrgUnitDelete, vec![unit("r", "")], vec![left(Class::OrgUnit, "r")])),
    ]
}

/// What must be seen after the first failure.
#[derive(Debug, PartialEq)]
enum Seen {
    /// One attempt; the entry waits for a time, and the next run sends it again under the same key.
    Later,
    /// One attempt; nothing more goes to the connection for now, and the entry kept its tries.
    Rests,
    /// One attempt; the breaker is open, and the entry kept its tries.
    Open,
    /// One attempt; a person must act.
    Parked,
    /// Two attempts in the same run, and it is done.
    AtOnce,
    /// One attempt, and it is done.
    Done,
    /// One attempt; the entry is as it was.
    AsBefore,
}

/// Section 7, for a destination whose ids may change and that still has the object.
fn expected(kind: FaultKind, does: Does, class_is_account: bool) -> Seen {
    use FaultKind as Kind;
    match (kind, does) {
        (Kind::Transient | Kind::Timeout | Kind::Held, _) => Seen::Later,
        // An instance that ends over a single operation: that operation waits.
        (Kind::Internal | Kind::Incomplete | Kind::CursorInvalid, _) => Seen::Later,
        (Kind::RateLimited, _) => Seen::Rests,
        (Kind::Unauthorized | Kind::Forbidden | Kind::Denied | Kind::Settings, _) => Seen::Open,
        (Kind::Invalid | Kind::Unsupported | Kind::AlreadyExists, _) => Seen::Parked,
        (Kind::Conflict, Does::Make) => Seen::Parked,
        (Kind::Conflict, _) => Seen::AtOnce,
        (Kind::NotFound, Does::Make | Does::Change) => Seen::Parked,
        // Found again by what identifies it.
        (Kind::NotFound, Does::Disable | Does::Enable | Does::Remove) if class_is_account => Seen::AtOnce,
        (Kind::NotFound, Does::Remove) => Seen::Done,
        (Kind::NotFound, Does::Disable | Does::Enable) => Seen::Parked,
        (Kind::Cancelled, _) => Seen::AsBefore,
    }
}

const KINDS: [FaultKind; 17] = [
    FaultKind::Settings,
    FaultKind::Unauthorized,
    FaultKind::Forbidden,
    FaultKind::NotFound,
    FaultKind::AlreadyExists,
    FaultKind::Conflict,
    FaultKind::Invalid,
    FaultKind::Unsupported,
    FaultKind::RateLimited,
    FaultKind::Timeout,
    FaultKind::Transient,
    FaultKind::CursorInvalid,
    FaultKind::Incomplete,
    FaultKind::Denied,
    FaultKind::Held,
    FaultKind::Cancelled,
    FaultKind::Internal,
];

fn circuit(hub: &Hub) -> Circuit {
    let view = hub.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"app".parse().unwrap()).unwrap().unwrap();
    view.circuit(number).unwrap()
}

async fn one(does: Does, case: Case, kind: FaultKind, unknown: bool) {
    let what = format!("{kind} on {} (unknown: {unknown})", case.name);
    let hub = world(case.leave, "hold");
    if !case.before.is_empty() {
        show(&hub, "v1", case.before);
        assert_eq!(hub.run().await.run.state, RunState::Ok, "{what}");
    }
    if !case.between.is_empty() {
        show(&hub, "v1b", case.between);
        assert_eq!(hub.run().await.run.state, RunState::Ok, "{what}");
    }
    sent(&hub);
    let fault = Fault::new(kind, "no");
    hub.remote.script().answers = vec![if unknown { Receipt::Unknown(fault) } else { Receipt::Failed(fault) }];
    show(&hub, "v2", case.after);
    let report = match case.ordered {
        true => hub.engine.disable("u1", "phished", true).await.unwrap(),
        false => hub.run().await,
    };
    let first = sent(&hub);
    let (left, circuit) = (entries(&hub), circuit(&hub));
    let open = circuit.state != CircuitState::Closed;
    assert!(left.iter().all(|entry| entry.lane == case.lane), "{what}: {left:?}");
    let tries = left.first().map(|entry| entry.attempts);
    let seen = match (first.len(), left.first().map(|entry| &entry.state)) {
        (1, Some(DeliveryState::Retry { .. })) if !open && tries == Some(1) => Seen::Later,
        (1, Some(DeliveryState::Waiting)) if circuit.rest_until.is_some() && tries == Some(0) => Seen::Rests,
        (1, Some(DeliveryState::Waiting)) if open && tries == Some(0) => Seen::Open,
        (1, Some(DeliveryState::Waiting)) if tries == Some(0) => Seen::AsBefore,
        (1, Some(DeliveryState::Parked { .. })) => Seen::Parked,
        (2, None) => Seen::AtOnce,
        (1, None) => Seen::Done,
        _ => panic!("{what}: {:?}\n{left:?}\n{circuit:?}", first.iter().map(said).collect::<Vec<_>>()),
    };
    let is_account = matches!(case.lane, Lane::Urgent | Lane::Account | Lane::Disable | Lane::AccountDelete);
    assert_eq!(seen, expected(kind, does, is_account), "{what}");
    let state = if left.is_empty() { RunState::Ok } else { RunState::Partial { left: 1 } };
    assert_eq!(report.run.state, state, "{what}");
    // Whatever did not park arrives by itself once the fault is gone; a parked one stays where it is.
    hub.clock.set(1_048 * HOUR);
    let report = hub.run().await;
    let again = sent(&hub);
    match seen {
        Seen::Parked => assert!(again.is_empty() && entries(&hub).len() == 1, "{what}"),
        Seen::AtOnce | Seen::Done => assert!(again.is_empty(), "{what}"),
        _ => {
            assert_eq!(again.len(), 1, "{what}: {report:?}");
            assert_eq!(again[0].key, first[0].key, "{what}: every attempt has the same key");
            assert_eq!(again[0].attempt > 1, tries == Some(1) || unknown, "{what}");
            assert_eq!(report.run.state, RunState::Ok, "{what}: {report:?}");
        }
    }
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_operation_in_every_lane_has_its_reaction() {
    for kind in KINDS {
        let mut tasks = tokio::task::JoinSet::new();
        for (does, case) in cases() {
            tasks.spawn(one(does, case, kind, false));
        }
        tasks.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_every_operation_is_sent_again_after_a_look() {
    for kind in [FaultKind::Transient, FaultKind::Timeout, FaultKind::Internal] {
        let mut tasks = tokio::task::JoinSet::new();
        for (does, case) in cases() {
            tasks.spawn(one(does, case, kind, true));
        }
        tasks.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_an_answer_that_was_done_is_found_and_not_made_twice() {
    let hub = world("delete", "hold");
    show(&hub, "v1", vec![person("1")]);
    hub.remote.script().answers = vec![Receipt::Unknown(Fault::new(FaultKind::Timeout, "no answer in time"))];
    hub.run().await;
    // It had been done.
    hub.remote.script().there.insert("x7".to_owned(), (r#"{"login":"u1"}"#.to_owned(), true));
    hub.clock.set(1_001 * HOUR);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    let script = hub.remote.script();
    assert!(script.looked.contains(&"login=u1".to_owned()));
    assert_eq!(script.there.len(), 1);
    assert_eq!(script.sent.len(), 1, "{:?}", script.sent);
    drop(script);
    hub.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_in_the_way_is_linked_if_it_is_free_and_the_same() {
    for (login, subject, linked) in [("u1", "x7", true), ("other", "x7", false), ("u1", "", true)] {
        let hub = world("delete", "hold");
        show(&hub, "v1", vec![person("1")]);
        let there = (format!(r#"{{"login":"{login}","unit":"old"}}"#), true);
        hub.remote.script().there.insert("x7".to_owned(), there);
        let mut fault = Fault::new(FaultKind::AlreadyExists, "it is there");
        fault.subject = (!subject.is_empty()).then(|| subject.to_owned());
        hub.remote.script().answers = vec![Receipt::Failed(fault)];
        let report = hub.run().await;
        let state = if linked { RunState::Ok } else { RunState::Partial { left: 1 } };
        assert_eq!(report.run.state, state, "{login} {report:?}");
        assert_eq!(hub.remote.script().there.len(), 1);
        hub.verify();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_made_again_only_where_the_delivery_allows_it() {
    for (missing, state) in [("create", RunState::Ok), ("hold", RunState::Partial { left: 1 })] {
        let hub = world("delete", missing);
        show(&hub, "v1", vec![person("1")]);
        hub.run().await;
        hub.remote.script().there.clear();
        hub.remote.script().answers = vec![Receipt::Failed(Fault::new(FaultKind::NotFound, "gone"))];
        show(&hub, "v2", vec![account("1", "new", "", "")]);
        let report = hub.run().await;
        assert_eq!(report.run.state, state, "{report:?}");
        assert_eq!(hub.remote.script().there.len(), usize::from(missing == "create"));
        hub.verify();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disable_of_what_is_not_found_is_never_a_success() {
    let hub = world("disable", "hold");
    hub.remote.script().describe =
        Some(r#"{"resume-stable":true,"classes":{"account":{"id":"immutable"}}}"#.to_owned());
    show(&hub, "v1", vec![person("1")]);
    hub.run().await;
    hub.remote.script().there.clear();
    hub.remote.script().answers = vec![Receipt::Failed(Fault::new(FaultKind::NotFound, "gone"))];
    show(&hub, "v2", vec![left(Class::Account, "1")]);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Partial { left: 1 });
    assert!(report.faults.iter().any(|fault| fault.contains("it is missing")), "{:?}", report.faults);
    // A delete is: the id never belonged to anybody else.
    let hub = world("delete", "hold");
    hub.remote.script().describe =
        Some(r#"{"resume-stable":true,"classes":{"account":{"id":"immutable"}}}"#.to_owned());
    show(&hub, "v1", vec![person("1")]);
    hub.run().await;
    hub.remote.script().there.clear();
    hub.remote.script().looked.clear();
    hub.remote.script().answers = vec![Receipt::Failed(Fault::new(FaultKind::NotFound, "gone"))];
    show(&hub, "v2", vec![left(Class::Account, "1")]);
    let report = hub.run().await;
    assert_eq!(report.run.state, RunState::Ok, "{report:?}");
    assert!(hub.remote.script().looked.is_empty(), "its id is proof enough");
    hub.verify();
}
