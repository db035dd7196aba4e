//! Answers that are none: never a success, never a removal, never "it is not there".

use super::*;
use rosterd_sdk::{FaultKind, ObjectRef};

const ANSWERS: [(u16, &str, &str); 13] = [
    (200, "text/html;charset=utf-8", "<html><body>too many requests</body></html>"),
    (502, "text/html", "<html>Bad Gateway</html>"),
    (200, "application/json", "{\"errcode\":0,\"errmsg\":\"ok\",\"result\":{\"userid\":\"u1"),
    (200, "application/json", ""),
    (200, "application/json", "null"),
    (200, "application/json", "[]"),
    (200, "application/json", "{}"),
    (200, "application/json", "{\"errcode\":null}"),
    (200, "application/json", "{\"errcode\":{},\"result\":{}}"),
    (500, "application/json", "{\"errcode\":0,\"result\":{}}"),
    (200, "application/json", "{\"status\":1111,\"wait\":5,\"source\":\"x5\",\"punish\":\"deny\"}"),
    (403, "application/json", "{\"errcode\":0}"),
    (200, "application/json", "{\"errcode\":\"zero\"}"),
];

fn fate(answer: (u16, &'static str, &'static str)) -> Fate {
    Fate::Answer(answer.0, answer.1, answer.2.to_owned())
}

#[test]
fn a_change_that_is_answered_with_nothing_is_not_done() {
    let changes = [
        (UPDATE, update(Class::Account, "u1", &json!({ "title": "X" }))),
        (DELETE, operation(Class::Account, Some("u1"), Action::Delete)),
        (CREATE, create(Class::Account, &json!({ "userid": "n1", "name": "N", "mobile": "13800000009" }))),
        (CREATE_UNIT, create(Class::OrgUnit, &json!({ "name": "Labs" }))),
        (UPDATE_UNIT, update(Class::OrgUnit, "7", &json!({ "order": 5 }))),
        (DELETE_UNIT, operation(Class::OrgUnit, Some("70"), Action::Delete)),
        ("/v1.0/contact/orgAccounts/disable", operation(Class::Account, Some("d1"), Action::Disable)),
        ("/v1.0/contact/orgAccounts/enable", operation(Class::Account, Some("d9"), Action::Enable)),
    ];
    for answer in ANSWERS {
        for (path, operation) in &changes {
            let office = Office::new().fate(path, None, fate(answer));
            office.add("d9", json!({ "name": "D", "dept_id_list": [9], "exclusive_account": true, "exclusive_account_type": "dingtalk",
                "login_id": "d9", "disable_status": true }));
            let receipt = one(&office, operation.clone());
            assert!(matches!(receipt, Receipt::Failed(_) | Receipt::Unknown(_)), "{path} {answer:?}: {receipt:?}");
            if let Receipt::Failed(fault) | Receipt::Unknown(fault) = receipt {
                assert!(
                    !matches!(fault.kind, FaultKind::Incomplete | FaultKind::Internal),
                    "no defect of ours: {fault:?}"
                );
                assert!(fault.message.contains(path), "{fault:?}");
            }
        }
    }
}

/// A look that is answered with nothing: nothing was sent, and nobody is taken for gone.
#[test]
fn a_look_that_is_answered_with_nothing_is_a_failure() {
    let bodies = [
        (200, "application/json", "{\"errcode\":0,\"errmsg\":\"ok\"}"),
        (200, "application/json", "{\"errcode\":0,\"result\":null}"),
        (200, "application/json", "{\"errcode\":0,\"result\":{}}"),
        (200, "application/json", "{\"errcode\":0,\"result\":[]}"),
        (200, "application/json", "{\"errcode\":0,\"result\":\"none\"}"),
        (
            200,
            "application/json",
            "{\"errcode\":0,\"result\":{\"userid\":\"other\",\"dept_id\":4,\"dept_id_list\":[1]}}",
        ),
        (
            200,
            "application/json",
            "{\"errcode\":0,\"result\":{\"userid\":\"u1\",\"dept_id\":\"seven\",\"dept_id_list\":\"7,x\"}}",
        ),
    ];
    for answer in ANSWERS.into_iter().chain(bodies) {
        for (path, operation) in [
            (GET, operation(Class::Account, Some("u1"), Action::Delete)),
            (GET, update(Class::Account, "u1", &json!({ "title": "X" }))),
            (GET, operation(Class::Account, Some("u1"), Action::Enable)),
            (GET, again(create(Class::Account, &json!({ "userid": "u1", "name": "N", "mobile": "13800000009" })))),
            ("/topapi/v2/department/get", update(Class::OrgUnit, "7", &json!({ "order": 5 }))),
            ("/topapi/v2/department/listsubid", operation(Class::OrgUnit, Some("70"), Action::Delete)),
        ] {
            // A list of children may well have the shape of somebody else's answer.
            if path.ends_with("listsubid") && answer.2.contains("\"dept_id_list\":[1]") {
                continue;
            }
            let office = Office::new().fate(path, None, fate(answer));
            let receipt = one(&office, operation.clone());
            assert!(matches!(receipt, Receipt::Failed(_)), "{path} {answer:?}: {receipt:?}");
            assert_eq!(office.writes(), 0, "{path} {answer:?}");
        }
        let office = Office::new().fate(GET, None, fate(answer)).fate("/topapi/v2/department/get", None, fate(answer));
        let _world = office.world(json!({})).enter();
        let mut connector = open::<Dingtalk>().unwrap();
        for (class, id) in [(Class::Account, "u1"), (Class::OrgUnit, "7")] {
            let read = connector.read(&[ObjectRef { class, id: id.to_owned() }]).remove(0);
            assert!(read.is_err(), "{answer:?}: {read:?}");
        }
        assert!(connector.find(Class::Account, "userid", "u1").is_err());
    }
}

#[test]
fn a_search_that_does_not_end_or_is_none_finds_nobody_by_mistake() {
    for body in [
        "{}",
        "{\"list\":7}",
        "{\"list\":[{}],\"hasMore\":false}",
        "{\"list\":[],\"hasMore\":true}",
        "{\"list\":[\"u1\"],\"hasMore\":true}",
        "{\"list\":[\"u1\"]}",
    ] {
        let answer = Fate::Answer(200, "application/json", body.to_owned());
        let office = Office::new().fate("/v1.0/contact/users/search", None, answer);
        let _world = office.world(json!({})).enter();
        let found = open::<Dingtalk>().unwrap().find(Class::Account, "name", "Li Lei");
        assert!(found.is_err(), "{body}: {found:?}");
    }
    for body in ["{\"errcode\":0,\"result\":{}}", "{\"errcode\":0,\"result\":{\"userid\":[]}}", "{\"errcode\":0}"] {
        let office = Office::new().fate(
            "/topapi/v2/user/getbymobile",
            None,
            Fate::Answer(200, "application/json", body.to_owned()),
        );
        let _world = office.world(json!({})).enter();
        let found = open::<Dingtalk>().unwrap().find(Class::Account, "mobile", "13800000001");
        assert!(found.is_err(), "{body}: {found:?}");
    }
}
