//! Many operations at once: over several connections, answered in any order.

use super::{apply, create, entered, id, operation, person, replace, update};
use rosterd_sdk::{Action, Class, Operation, Receipt};
use serde_json::json;

#[test]
fn many_are_under_way_at_once_and_each_gets_its_own_answer() {
    for reversed in [false, true] {
        let (server, _world) = entered(false, json!({ "connections": 4 }));
        server.borrow_mut().reversed = reversed;
        let all: Vec<Operation> =
            (0..200).map(|number| create(Class::Account, &person(&format!("p{number}")))).collect();
        let receipts = apply(&all);
        for (number, receipt) in receipts.iter().enumerate() {
            let Receipt::Applied(applied) = receipt else { panic!("{receipt:?}") };
            let dn = format!("uid=p{number},dc=x");
            assert_eq!(server.borrow().directory.texts(&dn, "entryUUID"), std::slice::from_ref(&applied.id));
        }
        let world = server.borrow();
        assert_eq!(world.connections, 4);
        assert!(world.together > 8, "only {} requests were sent together", world.together);
        // The root DSE, and nobody else was looked for.
        assert_eq!(world.searches, 1);
    }
}

#[test]
fn operations_on_one_object_follow_each_other() {
    for reversed in [false, true] {
        let (server, _world) = entered(false, json!({ "connections": 4 }));
        server.borrow_mut().reversed = reversed;
        let mut all = Vec::new();
        for turn in 0..20 {
            all.push(update(Class::Account, &id(4), vec![replace("title", &json!(format!("t{turn}")))]));
            all.push(update(Class::Account, &id(4), vec![replace("uid", &json!(format!("u{turn}")))]));
            all.push(operation(
                Class::Account,
                Some(&id(5)),
                if turn % 2 == 0 { Action::Disable } else { Action::Enable },
            ));
        }
        let receipts = apply(&all);
        assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Applied(_))), "{receipts:?}");
        let world = server.borrow();
        assert_eq!(world.directory.texts("uid=u19,ou=Sales,dc=x", "title"), ["t19"]);
        let titles: Vec<&String> = world.directory.log.iter().filter(|line| line.contains("title")).collect();
        assert!(
            titles.iter().enumerate().skip(1).all(|(at, line)| line.contains(&format!("uid=u{},", at - 1))),
            "{titles:?}"
        );
    }
}

#[test]
fn entries_are_read_together_before_the_batch() {
    let (server, _world) = entered(false, json!({}));
    let mut ids = Vec::new();
    for number in 0..100 {
        let name = format!("m{number}");
        let own: &[(&str, &[&str])] =
            &[("objectClass", &["inetOrgPerson"]), ("uid", &[&name]), ("cn", &[&name]), ("sn", &[&name])];
        ids.push(server.borrow_mut().directory.put(&format!("uid={name},dc=x"), own));
    }
    let all: Vec<Operation> =
        ids.iter().map(|id| update(Class::Account, id, vec![replace("title", &json!("x"))])).collect();
    let receipts = apply(&all);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Applied(_))), "{receipts:?}");
    assert!(server.borrow().searches <= 3, "{} searches", server.borrow().searches);
}
