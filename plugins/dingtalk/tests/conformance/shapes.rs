//! Answers that are none. Each must end the scan with a fault, or take the completeness away: never remove anybody.

use super::corp::refused;
use super::{Corp, ids, rejected, scan, world};
use rosterd_sdk::http::Response;
use rosterd_sdk::{Class, FaultKind};
use serde_json::{Value, json};

/// Every call of a scan, and which of its calls goes wrong.
const CALLS: [(&str, usize); 6] = [
    ("/auth/scopes", 0),
    ("/topapi/user/count", 0),
    ("/topapi/v2/department/listsub", 2),
    ("/topapi/v2/department/get", 1),
    ("/topapi/v2/user/list", 3),
    ("/topapi/v2/user/get", 4),
];

fn other(status: u16, kind: &str, body: &str) -> Response {
    Response { status, headers: vec![("content-type".to_owned(), kind.to_owned())], body: body.as_bytes().to_vec() }
}

#[test]
fn an_answer_that_is_none_ends_the_scan_with_a_fault_that_names_the_call() {
    type Answer = (u16, &'static str, &'static str);
    let answers: [Answer; 19] = [
        (200, "text/html;charset=utf-8", "<html><body>too many requests</body></html>"),
        (502, "text/html", "<html>Bad Gateway</html>"),
        (200, "application/json", "  <!DOCTYPE html>"),
        (200, "application/json", "{\"errcode\":0,\"errmsg\":\"ok\",\"result\":[{\"dept_id\":3,"),
        (200, "application/json", ""),
        (200, "application/json", "null"),
        (200, "application/json", "[]"),
        (200, "application/json", "{}"),
        (200, "application/json", "{\"errcode\":null,\"result\":null}"),
        (200, "application/json", "{\"errcode\":0,\"errmsg\":\"ok\"}"),
        (200, "application/json", "{\"errcode\":0,\"result\":null}"),
        (200, "application/json", "{\"errcode\":0,\"result\":\"none\",\"auth_org_scopes\":7}"),
        (200, "application/json", "{\"errcode\":0,\"result\":7}"),
        (200, "application/json", "{\"errcode\":0,\"result\":[{}]}"),
        (200, "application/json", "{\"errcode\":0,\"result\":[null]}"),
        (200, "application/json", "{\"errcode\":{},\"result\":[]}"),
        (200, "application/json", "{\"status\":1111,\"wait\":5,\"source\":\"x5\",\"punish\":\"deny\"}"),
        (500, "application/json", "{\"errcode\":0,\"result\":[]}"),
        (200, "application/json", "{\"errcode\":0,\"result\":{\"has_more\":null,\"list\":null,\"count\":null}}"),
    ];
    for (path, number) in CALLS {
        for (status, kind, body) in answers {
            // Sent again it would be answered well; so every answer from there on is wrong.
            let corp = (number..number + 9)
                .fold(Corp::small(), |corp, at| corp.fake(path, Some(at), move |_| other(status, kind, body)));
            let world = world(corp, json!({ "details": "each" })).enter();
            // The call for one person may answer an object of anything: then it is a person who can not be read.
            let fault = match scan() {
                Err(fault) => fault,
                Ok((changes, _)) if path.ends_with("/user/get") && !rejected(&changes).is_empty() => continue,
                Ok((changes, end)) => panic!("{path} {status} {body}: {end:?} {changes:?}"),
            };
            assert!(fault.message.contains(path), "{path} {body}: {fault:?}");
            assert!(
                matches!(fault.kind, FaultKind::Transient | FaultKind::Incomplete | FaultKind::RateLimited),
                "{path} {body}: {fault:?}"
            );
            assert!(fault.message.contains("nobody has to act"), "{fault:?}");
            drop(world);
        }
    }
}

#[test]
fn half_an_answer_once_is_asked_for_again() {
    let corp =
        Corp::small().fake("/topapi/v2/user/list", Some(2), |_| other(200, "application/json", "{\"errcode\":0,\"res"));
    let _world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((ids(&changes, Class::Account).len(), end.complete.len()), (6, 2));
}

#[test]
fn a_loop_of_departments_is_a_fault_and_not_a_long_walk() {
    // 70 lists its grandparent, itself, or a child of another department.
    for loops in [7, 70, 9] {
        for departments in [json!([]), json!([7]), json!([70, 7])] {
            if loops == 9 && departments != json!([]) {
                // There it is one department below another.
                continue;
            }
            let corp = Corp::small().fake("/topapi/v2/department/listsub", None, move |body| {
                let children = match body["dept_id"].as_i64() {
                    Some(1) => json!([{ "dept_id": 7, "name": "a" }, { "dept_id": 9, "name": "b" }]),
                    Some(7) => json!([{ "dept_id": 70, "name": "c" }]),
                    Some(70) => json!([{ "dept_id": loops, "name": "d" }]),
                    _ => json!([]),
                };
                other(200, "application/json", &json!({ "errcode": 0, "result": children }).to_string())
            });
            let world = world(corp, json!({ "departments": departments })).enter();
            let fault = scan().unwrap_err();
            assert_eq!(fault.kind, FaultKind::Incomplete, "{fault:?}");
            assert!(fault.message.contains("a loop"), "{fault:?}");
            assert!(world.requests().len() < 10);
        }
    }
}

#[test]
fn a_listing_that_does_not_go_on_is_a_fault() {
    for next in [Value::Null, json!(0), json!(-5), json!("x"), json!(200_000)] {
        let cursor = next.clone();
        let corp = Corp::small().bent("/topapi/v2/user/list", Some(1), move |answer| {
            answer["result"]["has_more"] = true.into();
            answer["result"]["next_cursor"] = cursor.clone();
        });
        let _world = world(corp, json!({})).enter();
        let fault = scan().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Incomplete, "{next}: {fault:?}");
    }
}

#[test]
fn whoever_is_listed_twice_by_one_department_makes_the_listing_incomplete() {
    let corp = Corp::small().bent("/topapi/v2/user/list", None, |answer| {
        let list = answer["result"]["list"].as_array_mut().unwrap();
        let again = list.first().cloned();
        list.extend(again.filter(|item| item["userid"] == "u3"));
    });
    let _world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!(ids(&changes, Class::Account).iter().filter(|id| *id == "u3").count(), 1);
    assert_eq!((&end.complete[..], rejected(&changes)), (&[Class::OrgUnit][..], vec![]));
    assert!(end.note.unwrap().contains("u3"));
}

#[test]
fn two_people_of_one_id_are_rejected() {
    let corp = Corp::small().bent("/topapi/v2/user/list", None, |answer| {
        let list = answer["result"]["list"].as_array_mut().unwrap();
        // A stranger in department 9 has the id of a person who was given out, and one of a person who is held.
        for item in list
            .iter_mut()
            .filter(|item| item["userid"] == "d1" || (item["userid"] == "u1" && item["dept_order"] == 991))
        {
            let id = if item["userid"] == "d1" { "u2" } else { "u1" };
            item["userid"] = id.into();
            item["unionid"] = "stranger".into();
        }
    });
    let _world = world(corp, json!({})).enter();
    let (changes, _) = scan().unwrap();
    let mut rejected: Vec<Option<String>> = rejected(&changes).into_iter().map(|(id, _)| id).collect();
    rejected.sort();
    assert_eq!(rejected, [Some("u1".to_owned()), Some("u2".to_owned())]);
    assert!(!ids(&changes, Class::Account).contains(&"u1".to_owned()));
}

/// Somebody changes department between two calls: both sides are seen, and the scan licences nothing.
#[test]
fn who_moves_while_people_are_read_makes_the_listing_incomplete() {
    let vanished = Corp::small().bent("/topapi/v2/user/list", None, |answer| {
        answer["result"]["list"]
            .as_array_mut()
            .unwrap()
            .retain(|item| item["userid"] != "u1" || item["dept_order"] != 991);
    });
    let appeared = Corp::small().bent("/topapi/v2/user/list", None, |answer| {
        let list = answer["result"]["list"].as_array_mut().unwrap();
        list.iter_mut()
            .filter(|item| item["userid"] == "u1" && item["dept_order"] == 993)
            .for_each(|item| item["dept_id_list"] = json!([7]));
    });
    for corp in [vanished, appeared] {
        let _world = world(corp, json!({})).enter();
        let (changes, end) = scan().unwrap();
        assert_eq!(ids(&changes, Class::Account).iter().filter(|id| *id == "u1").count(), 1);
        assert_eq!(end.complete, [Class::OrgUnit], "{end:?}");
    }
}

#[test]
fn an_empty_organisation_is_told_as_it_is() {
    let corp = Corp::small().fake_json("/topapi/v2/department/listsub", None, json!({ "errcode": 0, "result": [] }));
    let _world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    // The total that DingTalk declares is what the hub holds against it.
    assert_eq!((ids(&changes, Class::Account).len(), end.declared_totals), (1, vec![(Class::Account, 6)]));
    let corp = Corp::small().fake_json("/topapi/v2/user/list", Some(1), refused(60003));
    drop(_world);
    let _world = world(corp, json!({})).enter();
    assert_eq!(scan().unwrap_err().kind, FaultKind::NotFound, "a department that goes while it is read");
}
