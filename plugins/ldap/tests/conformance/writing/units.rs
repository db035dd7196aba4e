//! What becomes of org units.

use super::{applied, apply, create, entered, failed, id, one, operation, person, refers, replace, unchanged, update};
use rosterd_sdk::{Action, Class, FaultKind, ObjectRef, Receipt};
use serde_json::json;

#[test]
fn a_unit_that_is_renamed_and_moved_takes_along_what_is_below() {
    let (server, _world) = entered(false, json!({}));
    // All in one batch: later ones meet the new names.
    let mut wang = person("wang");
    wang["orgUnit"] = refers("org-unit", &id(3));
    let receipts = apply(&[
        update(Class::Account, &id(5), vec![replace("title", &json!("a"))]),
        update(Class::OrgUnit, &id(2), vec![replace("ou", &json!("Verkauf")), replace("description", &json!("d"))]),
        update(Class::Account, &id(4), vec![replace("title", &json!("b"))]),
        create(Class::Account, &wang),
        operation(Class::OrgUnit, Some(&id(3)), Action::MoveTo(None)),
        update(
            Class::Account,
            &id(5),
            vec![replace("title", &json!("c")), replace("manager", &refers("account", &id(4)))],
        ),
    ]);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Applied(_))), "{receipts:?}");
    let directory = &server.borrow().directory;
    assert_eq!(directory.texts("ou=Verkauf,dc=x", "description"), ["d"]);
    assert_eq!(directory.texts("uid=li,ou=Verkauf,dc=x", "title"), ["b"]);
    assert_eq!(directory.texts("uid=ann,ou=R\\, D,dc=x", "title"), ["c"]);
    assert_eq!(directory.texts("uid=ann,ou=R\\, D,dc=x", "manager"), ["uid=li,ou=Verkauf,dc=x"]);
    assert_eq!(directory.texts("uid=wang,ou=R\\, D,dc=x", "sn"), ["wang"]);
}

#[test]
fn units_are_made_below_each_other_and_go_children_first() {
    let (server, _world) = entered(false, json!({ "units-base": "ou=Sales,dc=x" }));
    let made = applied(one(create(Class::OrgUnit, &json!({ "ou": "North" }))));
    let below = applied(one(create(Class::OrgUnit, &json!({ "ou": "1 <2>", "parent": refers("org-unit", &made.id) }))));
    assert_eq!(
        server.borrow().directory.texts("ou=1 \\<2\\>,ou=North,ou=Sales,dc=x", "entryUUID"),
        std::slice::from_ref(&below.id)
    );
    let delete = |id: &str| operation(Class::OrgUnit, Some(id), Action::Delete);
    let fault = failed(one(delete(&made.id)));
    assert!(fault.kind == FaultKind::Conflict && fault.message.contains("it has children"), "{}", fault.message);
    let receipts = apply(&[delete(&below.id), delete(&made.id), delete(&made.id)]);
    assert!(matches!(receipts[..], [Receipt::Applied(_), Receipt::Applied(_), Receipt::Unchanged(_)]), "{receipts:?}");
}

#[test]
fn a_unit_does_not_go_below_itself_and_the_top_stays() {
    let (_server, _world) = entered(false, json!({}));
    let below = |unit: u8| Action::MoveTo(Some(ObjectRef { class: Class::OrgUnit, id: id(unit) }));
    for unit in [2, 3] {
        let fault = failed(one(operation(Class::OrgUnit, Some(&id(2)), below(unit))));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some("parent")), "{}", fault.message);
    }
    for action in [Action::Delete, below(2)] {
        let fault = failed(one(operation(Class::OrgUnit, Some(&id(1)), action)));
        assert!(matches!(fault.kind, FaultKind::Unsupported | FaultKind::Invalid), "{}", fault.message);
    }
    for action in [Action::Enable, Action::Disable, Action::SetPassword] {
        assert_eq!(failed(one(operation(Class::OrgUnit, Some(&id(2)), action))).kind, FaultKind::Unsupported);
    }
    unchanged(one(operation(Class::OrgUnit, Some(&id(3)), below(2))));
}
