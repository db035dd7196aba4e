//! What a good organisation is read as, and with how many calls.

use super::{BOTH, Corp, ids, object, refers, rejected, scan, scan_of, world};
use rosterd_sdk::Class;
use serde_json::{Value, json};

#[test]
fn departments_have_order_leaders_and_parents() {
    let _world = world(Corp::small(), json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!(ids(&changes, Class::OrgUnit), ["1", "7", "9", "70"]);
    let (unit, said) = object(&changes, Class::OrgUnit, "7");
    assert!(!unit.partial);
    assert_eq!((&said["name"], &said["order"], &said["code"]), (&json!("Marketing"), &json!(10), &json!("10007")));
    assert_eq!(said["source_identifier"], "HR-0007");
    assert_eq!((&said["parent"], &said["owner"]), (&refers("org-unit", "1"), &refers("account", "u1")));
    assert_eq!(said["managers"], json!([refers("account", "u1")]));
    let (root, said) = object(&changes, Class::OrgUnit, "1");
    assert!(!root.partial && said["parent"] == Value::Null && said["managers"] == json!([]));
    assert_eq!(object(&changes, Class::OrgUnit, "70").1["name"], "Events 🎪");
    assert_eq!((end.complete.len(), &end.declared_totals[..]), (2, &[(Class::Account, 6)][..]));
    assert_eq!((end.cursor, rejected(&changes)), (None, vec![]));
}

#[test]
fn people_of_several_departments_are_told_once_with_all_of_them() {
    let _world = world(Corp::small(), json!({})).enter();
    let (changes, _) = scan().unwrap();
    let mut people = ids(&changes, Class::Account);
    people.sort();
    assert_eq!(people, ["d1", "d2", "u1", "u2", "u3", "u4"]);
    let (person, said) = object(&changes, Class::Account, "u1");
    assert!(person.partial, "a listing does not name the manager");
    assert_eq!(said["departments"], json!([refers("org-unit", "7"), refers("org-unit", "9")]));
    assert_eq!(
        (&said["leads"], &said["dept_orders"]),
        (&json!([refers("org-unit", "7")]), &json!({ "7": 993, "9": 991 }))
    );
    assert_eq!((&said["hired_date"], &said["extension"]), (&json!("2020-08-16T10:26:56Z"), &json!({ "badge": "A1" })));
    assert_eq!(
        (&said["mobile"], &said["state_code"], &said["active"]),
        (&json!("13800000001"), &json!("86"), &json!(true))
    );
    assert!(said.get("manager").is_none());
    assert_eq!(object(&changes, Class::Account, "u2").1["name"], "王芳𠮷");
    let (_, said) = object(&changes, Class::Account, "d1");
    assert_eq!(
        (&said["login_id"], &said["nickname"], &said["disable_status"]),
        (&json!("han.meimei"), &json!("Meimei"), &json!(true))
    );
    assert_eq!(object(&changes, Class::Account, "d2").1["exclusive_account_type"], "sso");
}

#[test]
fn a_call_for_each_person_tells_the_manager() {
    let _world = world(Corp::small(), json!({ "details": "each" })).enter();
    let (changes, _) = scan().unwrap();
    let (_, said) = object(&changes, Class::Account, "u1");
    assert_eq!((&said["manager"], &said["main_department"]), (&refers("account", "u2"), &refers("org-unit", "7")));
    assert_eq!((&said["role_list"][0]["name"], &said["real_authed"]), (&json!("Lead"), &json!(true)));
    assert_eq!(ids(&changes, Class::Account).len(), 6);
}

/// The least that tells everything: a walk, details of departments, and each hundred of people.
#[test]
fn calls_are_as_few_as_can_be() {
    let mut corp = Corp::small();
    for person in 0..250 {
        corp.person(&format!("p{person:03}"), &[9, 70], json!({ "name": format!("P {person}") }));
    }
    let world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((ids(&changes, Class::Account).len(), end.complete.len()), (256, 2));
    let count = |path: &str| world.requests().iter().filter(|request| request.url.ends_with(path)).count();
    assert_eq!((count("/listsub"), count("/department/get")), (4, 4));
    // 1 and 7: one page; 9 and 70: three each.
    assert_eq!((count("/user/list"), count("/user/get")), (8, 0));
    assert_eq!(world.requests().len(), 4 + 4 + 8 + 2, "and the scope and the count");
}

#[test]
fn less_is_asked_for_where_less_is_wanted() {
    let world = world(Corp::small(), json!({ "department-details": false, "count": false })).enter();
    let (changes, _) = scan().unwrap();
    let (unit, said) = object(&changes, Class::OrgUnit, "9");
    assert!(unit.partial && said.get("order").is_none() && said.get("managers").is_none());
    assert_eq!(object(&changes, Class::OrgUnit, "1").1["name"], "Sim Corp");
    assert_eq!(world.requests().iter().filter(|request| request.url.ends_with("/department/get")).count(), 1);
    assert_eq!(world.requests().len(), 1 + 4 + 1 + 4);
    drop(world);
    let world = super::world(Corp::small(), json!({})).enter();
    let (changes, end) = scan_of(&[Class::OrgUnit], 2).unwrap();
    assert_eq!((changes.len(), &end.complete[..], end.declared_totals.len()), (4, &[Class::OrgUnit][..], 0));
    assert!(!world.requests().iter().any(|request| request.url.contains("/user/")));
}

#[test]
fn several_departments_stand_side_by_side_at_the_top() {
    let _world = world(Corp::small(), json!({ "departments": [70, 9] })).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!(ids(&changes, Class::OrgUnit), ["9", "70"]);
    for id in ["9", "70"] {
        let (unit, said) = object(&changes, Class::OrgUnit, id);
        assert!(said["parent"].is_null() && !unit.partial && said["name"].is_string(), "{said}");
    }
    let (_, said) = object(&changes, Class::Account, "u1");
    assert_eq!(said["departments"], json!([refers("org-unit", "9")]), "department 7 is not read");
    assert_eq!(said["dept_id_list"], json!(["7", "9"]));
    assert!(end.declared_totals.is_empty() && end.note.unwrap().contains("a part of the organisation"));
}

/// Of two departments to be read, one lies below the other: it is told once, in its place.
#[test]
fn departments_to_be_read_may_overlap() {
    let _world = world(Corp::small(), json!({ "departments": [70, 7] })).enter();
    let (changes, _) = scan().unwrap();
    assert_eq!(ids(&changes, Class::OrgUnit), ["7", "70"]);
    assert_eq!(object(&changes, Class::OrgUnit, "70").1["parent"], refers("org-unit", "7"));
}

#[test]
fn the_data_scope_decides_what_is_read() {
    let mut corp = Corp::small();
    corp.scope = (vec![70], vec!["d1".to_owned(), "u3".to_owned(), "gone".to_owned()]);
    let world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!(
        (ids(&changes, Class::OrgUnit), ids(&changes, Class::Account)),
        (vec!["70".to_owned()], vec!["u3".to_owned(), "d1".to_owned()])
    );
    let (_, said) = object(&changes, Class::Account, "d1");
    assert_eq!((&said["departments"], &said["dept_id_list"]), (&json!([]), &json!(["9"])));
    assert_eq!((end.complete.len(), end.declared_totals.len()), (2, 0));
    let gets = world.requests().iter().filter(|request| request.url.ends_with("/user/get")).count();
    assert_eq!(gets, 2, "one call for each person without a department that is read");
}

#[test]
fn whoever_sees_nothing_is_told_so() {
    let mut corp = Corp::small();
    corp.scope = (vec![], vec![]);
    let _world = world(corp, json!({})).enter();
    let fault = scan().unwrap_err();
    assert_eq!(fault.kind, rosterd_sdk::FaultKind::Forbidden);
    assert!(fault.message.contains("administrator"), "{}", fault.message);
}

#[test]
fn a_scan_does_not_go_on_in_the_middle() {
    use rosterd_sdk::{Source, testkit::open};
    let _world = world(Corp::small(), json!({})).enter();
    let mut dingtalk = open::<rosterd_plugin_dingtalk::Dingtalk>().unwrap();
    let fault = dingtalk.scan(&BOTH, Some("{}".to_owned())).unwrap_err();
    assert_eq!(fault.kind, rosterd_sdk::FaultKind::CursorInvalid);
}
