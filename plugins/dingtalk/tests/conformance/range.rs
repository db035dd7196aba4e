//! A range of the application that becomes smaller: nobody who left it is taken for somebody who left.

use super::corp::refused;
use super::{Corp, ids, scan, world};
use rosterd_sdk::{Class, FaultKind};
use serde_json::{Value, json};

const GET: &str = "/topapi/v2/department/get";

fn scope(departments: &[i64], people: &[&str]) -> Value {
    json!({ "errcode": 0, "errmsg": "ok", "auth_user_field": [], "condition_field": [],
        "auth_org_scopes": { "authed_dept": departments, "authed_user": people } })
}

/// Scopes of a first and a second scan. The departments 7, 70 and 9 are asked for by the first one.
fn corp(second: Value) -> Corp {
    let mut corp = Corp::small();
    corp.scope = (vec![7, 9], vec!["u4".to_owned()]);
    corp.fake_json("/auth/scopes", Some(1), second)
}

#[test]
fn a_department_that_is_out_of_sight_stops_the_scan() {
    let corp = corp(scope(&[9], &["u4"])).fake_json(GET, Some(3), refused(50004));
    let _world = world(corp, json!({})).enter();
    assert_eq!(ids(&scan().unwrap().0, Class::OrgUnit).len(), 3);
    let fault = scan().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forbidden);
    assert!(
        fault.message.contains("no longer sees department 7,") && fault.message.contains("administrator"),
        "{fault:?}"
    );
    // It is not forgotten by having been said once; with the old range all is well again.
    assert!(scan().is_ok());
}

#[test]
fn a_person_who_is_out_of_sight_stops_it_too() {
    let corp = corp(scope(&[7, 9], &[])).fake_json("/topapi/v2/user/get", Some(1), refused(50002));
    let _world = world(corp, json!({})).enter();
    assert!(scan().is_ok());
    assert!(scan().unwrap_err().message.contains("no longer sees person u4,"));
}

#[test]
fn what_is_gone_or_comes_in_from_above_is_no_loss() {
    for (second, get) in [
        (scope(&[9], &["u4"]), Some(refused(60003))),
        (scope(&[9], &["u4"]), None),
        (scope(&[1], &[]), None),
        (scope(&[7, 9, 70], &["u4", "u1"]), None),
    ] {
        let corp = corp(second.clone());
        let corp = get.into_iter().fold(corp, |corp, answer| corp.fake_json(GET, Some(3), answer));
        let _world = world(corp, json!({})).enter();
        assert!(scan().is_ok());
        let again = scan();
        assert!(again.is_ok(), "{second}: {again:?}");
    }
}

#[test]
fn what_the_operator_names_is_no_range() {
    let entered = world(corp(scope(&[9], &["u4"])), json!({ "departments": [9] })).enter();
    assert!(scan().is_ok() && scan().is_ok());
    assert!(entered.requests().iter().all(|request| !request.url.contains("/auth/scopes")));
}

#[test]
fn a_permission_that_is_missing_is_said_as_such() {
    let corp = corp(scope(&[9], &["u4"])).fake_json(GET, Some(3), refused(60011));
    let _world = world(corp, json!({})).enter();
    assert!(scan().is_ok());
    assert!(scan().unwrap_err().message.contains("qyapi_get_department_list is missing"));
}
