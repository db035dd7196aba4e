//! Creates whose answers were lost: nobody and nothing is made twice, and nothing is claimed that is not known.

use super::*;
use rosterd_sdk::FaultKind;

fn person() -> Value {
    json!({ "userid": "n1", "name": "N", "mobile": "13800000009", "departments": units(&[9]) })
}

fn spoilt() -> Vec<Fate> {
    let whole = "{\"errcode\":0,\"errmsg\":\"ok\",\"result\":{\"userid\":\"n1\",\"dept_id\":100}}";
    vec![
        Fate::Lost(Fault::timeout("late")),
        Fate::Lost(Fault::transient("connection reset")),
        Fate::Spoilt(200, "application/json", whole[..40].to_owned()),
        Fate::Spoilt(502, "text/html", "<html>Bad Gateway</html>".to_owned()),
        Fate::Spoilt(200, "application/json", "{\"errcode\":0,\"errmsg\":\"ok\"}".to_owned()),
        Fate::Spoilt(200, "application/json", "{\"errcode\":0,\"result\":{\"userid\":[],\"dept_id\":{}}}".to_owned()),
        Fate::Spoilt(200, "application/json", "{\"errcode\":-1,\"errmsg\":\"system busy\"}".to_owned()),
        Fate::Spoilt(200, "application/json", "{}".to_owned()),
    ]
}

#[test]
fn who_was_made_without_an_answer_is_found_at_once() {
    for fate in spoilt() {
        for attributes in [person(), json!({ "name": "N", "mobile": "13800000009" })] {
            let office = Office::new().fate(CREATE, None, fate.clone());
            let done = applied(one(&office, create(Class::Account, &attributes)));
            assert_eq!(office.person(&done.id)["mobile"], "13800000009");
            assert_eq!(office.sent(CREATE).len(), 1);
        }
        let office = Office::new().fate(CREATE, None, fate.clone());
        let attributes = json!({ "name": "N", "exclusive_account": true, "login_id": "n.n" });
        let done = applied(one(&office, create(Class::Account, &attributes)));
        assert_eq!(office.person(&done.id)["login_id"], "n.n");
        let office = Office::new().fate(CREATE_UNIT, None, fate);
        let done = applied(one(&office, create(Class::OrgUnit, &json!({ "name": "Labs", "code": "L1" }))));
        assert_eq!(
            (done.id.as_str(), &office.unit(100)["code"], office.sent(CREATE_UNIT).len()),
            ("100", &json!("L1"), 1)
        );
    }
}

/// The look fails as well: the receipt says that it is not known, and the next try looks before it makes.
#[test]
fn what_can_not_be_looked_at_is_unknown_and_looked_for_next_time() {
    let looks = [GET, "/topapi/v2/user/getbymobile", "/topapi/v2/department/listsub"];
    for fate in spoilt() {
        let blind = |office: Office| {
            looks.iter().fold(office, |office, path| office.fate(path, Some(0), Fate::Cut(Fault::denied("no network"))))
        };
        let office = blind(Office::new()).fate(CREATE, Some(0), fate.clone());
        unknown(one(&office, create(Class::Account, &person())));
        assert_eq!(unchanged(one(&office, again(create(Class::Account, &person())))).id, "n1");
        assert_eq!(office.sent(CREATE).len(), 1, "made once");
        let unit = json!({ "name": "Labs", "parent": { "ref": "org-unit", "id": "7" } });
        let office = blind(Office::new()).fate(CREATE_UNIT, Some(0), fate);
        unknown(one(&office, create(Class::OrgUnit, &unit)));
        assert_eq!(unchanged(one(&office, again(create(Class::OrgUnit, &unit)))).id, "100");
        assert_eq!(office.sent(CREATE_UNIT).len(), 1, "made once");
    }
}

#[test]
fn what_never_arrived_is_sent_again() {
    let office = Office::new().fate(CREATE, Some(0), Fate::Cut(Fault::timeout("late")));
    unknown(one(&office, create(Class::Account, &person())));
    assert_eq!(applied(one(&office, again(create(Class::Account, &person())))).id, "n1");
    // The host is certain that nothing was sent.
    let unsent = Fault::transient("no route").detail(&json!({ "sent": false }));
    let office = Office::new().fate(CREATE, None, Fate::Cut(unsent));
    failed(one(&office, create(Class::Account, &person())));
    assert_eq!(office.sent(GET).len(), 0);
}

/// Between the tries the wish has changed: the one that was made becomes what is wanted now.
#[test]
fn what_is_found_is_brought_to_the_present_wish() {
    let office = Office::new();
    applied(one(&office, create(Class::Account, &person())));
    let mut now = person();
    now["title"] = "Lead".into();
    assert_eq!(applied(one(&office, again(create(Class::Account, &now)))).id, "n1");
    assert_eq!((&office.person("n1")["title"], office.sent(CREATE).len()), (&json!("Lead"), 1));
    let unit = json!({ "name": "Labs", "source_identifier": "HR-9" });
    applied(one(&office, create(Class::OrgUnit, &unit)));
    let renamed = json!({ "name": "Laboratories", "source_identifier": "HR-9" });
    assert_eq!(applied(one(&office, again(create(Class::OrgUnit, &renamed)))).id, "100");
    assert_eq!((&office.unit(100)["name"], office.sent(CREATE_UNIT).len()), (&json!("Laboratories"), 1));
}

/// Somebody else is in the way: nothing is taken over, and the receipt says who it is.
#[test]
fn another_one_in_the_way_is_named() {
    for attempt in [1, 2] {
        for (attributes, id) in [
            (json!({ "userid": "u1", "name": "N", "mobile": "13800000009" }), "u1"),
            (json!({ "userid": "n1", "name": "N", "mobile": "13800000001" }), "u1"),
            (json!({ "name": "Somebody", "mobile": "13800000001" }), "u1"),
            (json!({ "name": "N", "exclusive_account": true, "login_id": "han.meimei" }), "d1"),
            (json!({ "userid": "u1", "name": "N", "exclusive_account_type": "sso" }), "u1"),
        ] {
            let office = Office::new();
            let before = office.person(id);
            let fault = failed(one(&office, Operation { attempt, ..create(Class::Account, &attributes) }));
            assert_eq!(
                (fault.kind, fault.subject.as_deref()),
                (FaultKind::AlreadyExists, Some(id)),
                "{attempt} {attributes}: {fault:?}"
            );
            assert_eq!((office.person(id), office.sent(UPDATE).len()), (before, 0));
        }
    }
    let office = Office::new();
    let fault = failed(one(&office, create(Class::OrgUnit, &json!({ "name": "Sales" }))));
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::AlreadyExists, Some("7")));
    office.0.borrow_mut().units.get_mut(&7).unwrap()["source_identifier"] = "HR-7".into();
    let other = again(create(Class::OrgUnit, &json!({ "name": "Sales", "source_identifier": "HR-8" })));
    let fault = failed(one(&office, other));
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::AlreadyExists, Some("7")));
}

#[test]
fn an_invitation_is_not_a_member() {
    let office = Office::new();
    office.0.borrow_mut().invite = vec!["13800000009"];
    let fault = unknown(one(&office, create(Class::Account, &person())));
    assert!(
        fault.message.contains("invitation") && fault.retry_after_ms.is_some_and(|wait| wait > 3_600_000),
        "{fault:?}"
    );
    // Accepted: found, and not invited again.
    office.add("n1", json!({ "name": "N", "mobile": "13800000009", "state_code": "86", "dept_id_list": [9] }));
    unchanged(one(&office, again(create(Class::Account, &person()))));
    assert_eq!(office.sent(CREATE).len(), 1);
}

#[test]
fn changes_that_may_be_done_twice_are_sent_again_and_creates_are_not() {
    let office = Office::new().fate(UPDATE, Some(0), Fate::Lost(Fault::timeout("late")));
    applied(one(&office, update(Class::Account, "u1", &json!({ "title": "X" }))));
    assert_eq!(office.sent(UPDATE).len(), 2);
    let office = Office::new().fate(DELETE, Some(0), Fate::Lost(Fault::timeout("late")));
    unchanged(one(&office, operation(Class::Account, Some("u1"), Action::Delete)));
    let office = Office::new().fate(UPDATE, None, Fate::Cut(Fault::timeout("late")));
    unknown(one(&office, update(Class::Account, "u1", &json!({ "title": "X" }))));
    assert_eq!(office.sent(UPDATE).len(), 3);
    // Throttled is not done: a create is sent again, too.
    let office = Office::new().fate(CREATE, Some(0), Fate::code(90018));
    applied(one(&office, create(Class::Account, &person())));
    assert_eq!(office.sent(CREATE).len(), 2);
}
