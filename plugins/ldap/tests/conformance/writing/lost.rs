//! Answers that never came, and the same operation again.

use super::server::{Mishap, Shared};
use super::{
    applied, apply, company, create, entered, failed, id, one, operation, person, replace, unchanged, update, world,
};
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Action, Class, Destination, FaultKind, Operation, Receipt};
use serde_json::json;

const REQUESTS: [u8; 4] = [0x68, 0x66, 0x6c, 0x4a];

fn one_of_each() -> Vec<(u8, Operation)> {
    vec![
        (0x68, create(Class::Account, &person("wang"))),
        (0x66, update(Class::Account, &id(4), vec![replace("title", &json!("x"))])),
        (0x6c, update(Class::Account, &id(4), vec![replace("uid", &json!("lei"))])),
        (0x4a, operation(Class::Account, Some(&id(4)), Action::Delete)),
    ]
}

fn names(server: &Shared) -> Vec<String> {
    server.borrow().directory.names().into_iter().map(str::to_owned).collect()
}

#[test]
fn a_lost_answer_is_looked_for_and_nothing_is_done_twice() {
    for mishap in [Mishap::LostAfter, Mishap::LostBefore] {
        for (tag, operation) in one_of_each() {
            let (server, _world) = entered(false, json!({}));
            server.borrow_mut().mishaps = vec![(tag, 0, mishap)];
            applied(one(operation.clone()));
            let after = names(&server);
            let changes = server.borrow().directory.log.len();
            assert_eq!(changes, 1, "{mishap:?} {operation:?}: {:?}", server.borrow().directory.log);
            // Another run, which does not know that it was done.
            let again = Operation { attempt: 2, ..operation };
            unchanged(one(again));
            assert_eq!((names(&server), server.borrow().directory.log.len()), (after, changes));
        }
    }
}

#[test]
fn what_can_not_be_looked_at_is_unknown_and_is_found_by_the_next_try() {
    for (tag, operation) in one_of_each() {
        let (server, _world) = entered(false, json!({ "connections": 1 }));
        // The second try ends as well.
        server.borrow_mut().mishaps = vec![(tag, 0, Mishap::LostBefore), (tag, 0, Mishap::LostAfter)];
        match one(operation.clone()) {
            Receipt::Unknown(fault) => assert_eq!(fault.kind, FaultKind::Transient, "{}", fault.message),
            other => panic!("{other:?}"),
        }
        unchanged(one(Operation { attempt: 2, ..operation }));
        assert_eq!(server.borrow().directory.log.len(), 1);
    }
}

#[test]
fn one_connection_of_several_breaks_and_everybody_is_made_once() {
    for at in [0, 5, 40, 77] {
        for mishap in [Mishap::LostAfter, Mishap::LostBefore, Mishap::Silent] {
            let (server, _world) = entered(false, json!({ "connections": 4 }));
            server.borrow_mut().mishaps = vec![(0x68, at, mishap)];
            let all: Vec<Operation> =
                (0..120).map(|number| create(Class::Account, &person(&format!("p{number}")))).collect();
            let receipts = apply(&all);
            let odd = receipts.iter().find(|receipt| !matches!(receipt, Receipt::Applied(_)));
            assert!(odd.is_none(), "{at} {mishap:?}: {odd:?}");
            assert_eq!(server.borrow().directory.log.len(), 120, "{at} {mishap:?}");
        }
    }
}

#[test]
fn a_server_that_says_nothing_is_unknown_too() {
    let (server, _world) = entered(false, json!({}));
    server.borrow_mut().mishaps =
        REQUESTS.iter().flat_map(|tag| [(*tag, 0, Mishap::Silent), (*tag, 0, Mishap::Silent)]).collect();
    for (_, operation) in one_of_each() {
        let receipt = one(operation);
        assert!(matches!(receipt, Receipt::Unknown(_) | Receipt::Applied(_)), "{receipt:?}");
    }
}

#[test]
fn somebody_else_of_this_name_is_not_taken_for_ones_own() {
    let (server, _world) = entered(false, json!({}));
    let mut li = person("li");
    li["orgUnit"] = super::refers("org-unit", &id(2));
    // The first try never claims what is there.
    let fault = failed(one(create(Class::Account, &li)));
    assert_eq!((fault.kind, fault.subject), (FaultKind::AlreadyExists, Some(id(4))));
    // A later one neither, if it has another number.
    let again = Operation { attempt: 2, ..create(Class::Account, &li) };
    let fault = failed(one(again));
    assert_eq!((fault.kind, fault.subject), (FaultKind::AlreadyExists, Some(id(4))));
    li["employeeNumber"] = "li".into();
    li["title"] = "Boss".into();
    let done = applied(one(Operation { attempt: 2, ..create(Class::Account, &li) }));
    assert_eq!(done.id, id(4));
    assert_eq!(server.borrow().directory.texts("uid=li,ou=Sales,dc=x", "title"), ["Boss"]);
    // Moved by somebody since it was made: found by its number.
    let mut ann = person("ann");
    ann["employeeNumber"] = "ann".into();
    let done = unchanged(one(Operation { attempt: 2, ..create(Class::Account, &ann) }));
    assert_eq!(done.id, id(5));
}

#[test]
fn a_password_that_was_refused_is_set_by_the_next_try() {
    let (server, _world) = entered(false, json!({ "first-passwords": true }));
    server.borrow_mut().mishaps = vec![(0x77, 0, Mishap::Refused(19, "Password fails quality checking policy"))];
    let create = create(Class::Account, &person("wang"));
    match one(create.clone()) {
        Receipt::Unknown(fault) => assert_eq!(fault.kind, FaultKind::Invalid, "{}", fault.message),
        other => panic!("{other:?}"),
    }
    unchanged(one(Operation { attempt: 2, ..create }));
    assert_eq!(server.borrow().directory.passwords["uid=wang,dc=x"], b"password-of-key");
}

#[test]
fn what_was_not_begun_was_not_attempted() {
    let (server, _world) = entered(false, json!({ "connections": 1 }));
    server.borrow_mut().mishaps = vec![(0x68, 3, Mishap::Refused(50, "no write access"))];
    let all: Vec<Operation> = (0..60).map(|number| create(Class::Account, &person(&format!("p{number}")))).collect();
    let receipts = apply(&all);
    // Who could write others before may not write this one: the connection is not broken.
    assert!(receipts.iter().all(|receipt| !matches!(receipt, Receipt::NotAttempted(_))), "{receipts:?}");
    let (server, _world) = entered(false, json!({ "connections": 1 }));
    server.borrow_mut().mishaps = vec![(0x68, 0, Mishap::Refused(50, "no write access"))];
    let receipts = apply(&all);
    assert!(matches!(&receipts[0], Receipt::Failed(fault) if fault.kind == FaultKind::Forbidden), "{:?}", receipts[0]);
    assert!(matches!(receipts[59], Receipt::NotAttempted(_)), "{:?}", receipts[59]);
}

#[test]
fn without_a_server_nothing_is_attempted() {
    let server = company(false);
    let settings = json!({ "server": "ldaps://nobody:636" });
    let _world = world(&server, settings).enter();
    let receipts = apply(&[create(Class::Account, &person("wang"))]);
    assert!(matches!(receipts[..], [Receipt::NotAttempted(_)]), "{receipts:?}");
    let mut destination = open::<Ldap>().unwrap();
    assert!(destination.find(Class::Account, "uid", "li").is_err());
}
