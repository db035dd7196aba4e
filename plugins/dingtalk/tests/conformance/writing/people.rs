//! Ordinary accounts: made, changed, moved, stopped, removed, found.

use super::*;
use rosterd_sdk::FaultKind;
use rosterd_sdk::ObjectRef;

#[test]
fn a_person_is_made_with_what_is_wanted_and_shown_so() {
    let office = Office::new();
    let attributes = json!({ "userid": "n1", "name": "Zhang San", "mobile": "+8613800000009", "departments": units(&[7, 70]),
        "dept_orders": { "70": 5 }, "main_department": { "ref": "org-unit", "id": "70" }, "manager": account("u1"),
        "hired_date": "2020-08-16", "senior": true, "job_number": "E9", "title": "Clerk", "email": "z@a.example", "remark": null });
    let done = applied(one(&office, create(Class::Account, &attributes)));
    assert_eq!(done.id, "n1");
    let [body] = &office.sent(CREATE)[..] else { panic!() };
    assert_eq!(
        *body,
        json!({ "userid": "n1", "mobile": "13800000009", "name": "Zhang San", "job_number": "E9", "title": "Clerk", "email": "z@a.example",
            "hired_date": 1_597_507_200_000_i64, "senior_mode": true, "dept_id_list": "7,70", "dept_order_list": [{ "dept_id": 70, "order": 5 }],
            "dept_position_list": [{ "dept_id": 70, "is_main": true }], "manager_userid": "u1" })
    );
    let observed: Value = serde_json::from_str(&done.observed.unwrap()).unwrap();
    assert_eq!((&observed["mobile"], &observed["hired_date"]), (&json!("13800000009"), &json!("2020-08-15T16:00:00Z")));
    assert_eq!(observed["departments"], units(&[7, 70]));
    assert!(
        observed.get("active").is_none(),
        "whether somebody logged in is not whether the account may be used: {observed}"
    );
}

#[test]
fn who_has_no_department_is_put_at_the_top() {
    for (settings, id) in [(json!({}), 1), (json!({ "top-department": 9 }), 9)] {
        for departments in [json!([]), Value::Null] {
            let office = Office::new();
            let attributes =
                json!({ "userid": "n1", "name": "N", "mobile": "13800000009", "departments": departments });
            applied(apply(&office, settings.clone(), vec![create(Class::Account, &attributes)]).remove(0));
            assert_eq!(office.person("n1")["dept_id_list"], json!([id]));
        }
    }
}

#[test]
fn only_differences_are_sent() {
    let office = Office::new();
    let same = json!({ "name": "Li Lei", "title": "Engineer", "mobile": "13800000001", "departments": units(&[9, 7]), "manager": account("u2"),
        "remark": null, "userid": "u1", "extension": { "badge": "A1" } });
    assert_eq!(unchanged(one(&office, update(Class::Account, "u1", &same))).id, "u1");
    assert_eq!(office.writes(), 0);
    let other = json!({ "name": "Li Lei", "title": "Lead", "departments": units(&[9]) });
    applied(one(&office, update(Class::Account, "u1", &other)));
    assert_eq!(office.sent(UPDATE), [json!({ "title": "Lead", "dept_id_list": "9", "userid": "u1" })]);
    assert_eq!(office.person("u1")["dept_id_list"], json!([9]));
    // The same once more, by another instance.
    unchanged(one(&office, update(Class::Account, "u1", &other)));
}

/// A read may be older than the last write: what was acknowledged differently is sent although it looks done.
#[test]
fn what_was_acknowledged_otherwise_is_sent_although_it_looks_done() {
    let office = Office::new();
    let known = |known: Value| Operation {
        known: Some(known.to_string()),
        ..update(Class::Account, "u1", &json!({ "title": "Engineer" }))
    };
    applied(one(&office, known(json!({ "title": "Lead" }))));
    unchanged(one(&office, known(json!({ "title": "Engineer" }))));
    unchanged(one(&office, again(known(json!({ "title": "Lead" })))));
    assert_eq!(office.writes(), 1);
}

#[test]
fn departments_are_added_and_removed_one_by_one_too() {
    let office = Office::new();
    applied(one(&office, delta(Class::Account, "u1", "departments", Some(units(&[70])), Some(units(&[9])))));
    assert_eq!(office.person("u1")["dept_id_list"], json!([7, 70]));
    unchanged(one(&office, delta(Class::Account, "u1", "departments", Some(units(&[70])), Some(units(&[9])))));
    applied(one(
        &office,
        operation(
            Class::Account,
            Some("u1"),
            Action::MoveTo(Some(ObjectRef { class: Class::OrgUnit, id: "9".to_owned() })),
        ),
    ));
    assert_eq!(office.person("u1")["dept_id_list"], json!([9]));
    applied(one(&office, operation(Class::Account, Some("u1"), Action::MoveTo(None))));
    assert_eq!(office.person("u1")["dept_id_list"], json!([1]));
}

#[test]
fn places_and_the_main_department_keep_the_rest_of_a_position() {
    let office = Office::new();
    let wanted = json!({ "dept_orders": { "7": 3, "9": 0 }, "main_department": { "ref": "org-unit", "id": "9" } });
    applied(one(&office, update(Class::Account, "u1", &wanted)));
    let body = &office.sent(UPDATE)[0];
    assert_eq!(body["dept_order_list"], json!([{ "dept_id": 7, "order": 3 }]), "9 has 0 already");
    assert_eq!(body["dept_position_list"][1], json!({ "dept_id": 9, "is_main": true, "title": "kept" }));
    unchanged(one(&office, update(Class::Account, "u1", &wanted)));
}

#[test]
fn a_manager_is_set_and_cleared_by_force() {
    let office = Office::new();
    applied(one(&office, update(Class::Account, "u2", &json!({ "manager": account("u1") }))));
    assert_eq!(office.person("u2")["manager_userid"], "u1");
    applied(one(&office, update(Class::Account, "u1", &json!({ "manager": null }))));
    assert!(office.person("u1").get("manager_userid").is_none());
    assert_eq!(
        office.sent(UPDATE)[1],
        json!({ "manager_userid": "", "force_update_fields": "manager_userid", "userid": "u1" })
    );
    unchanged(one(&office, update(Class::Account, "u1", &json!({ "manager": null }))));
}

#[test]
fn fields_of_others_in_the_extension_stay() {
    let office = Office::new();
    applied(one(&office, update(Class::Account, "u1", &json!({ "extension": { "badge": "A2" } }))));
    let stored =
        |office: &Office| serde_json::from_str::<Value>(office.person("u1")["extension"].as_str().unwrap()).unwrap();
    assert_eq!(stored(&office), json!({ "badge": "A2", "desk": "7" }));
    // A gateway that does not know the mode overwrites: everything is in what was sent.
    let sent: Value = serde_json::from_str(office.sent(UPDATE)[0]["extension"].as_str().unwrap()).unwrap();
    assert_eq!(sent, json!({ "badge": "A2", "desk": "7" }));
    let known = json!({ "extension": { "badge": "A2", "room": "1" } });
    let less =
        Operation { known: Some(known.to_string()), ..update(Class::Account, "u1", &json!({ "extension": {} })) };
    applied(one(&office, less.clone()));
    assert_eq!(stored(&office), json!({ "desk": "7" }));
    // Hidden, it can not be known what else is there.
    office.0.borrow_mut().hidden = vec!["extension"];
    assert_eq!(failed(one(&office, less)).subject.as_deref(), Some("extension"));
    applied(one(&office, update(Class::Account, "u1", &json!({ "extension": { "badge": "A3" } }))));
    assert_eq!(stored(&office), json!({ "desk": "7", "badge": "A3" }));
}

#[test]
fn a_hidden_number_is_asked_for_and_another_number_is_refused() {
    let office = Office::new();
    let same = json!({ "mobile": "+86-13800000001", "title": "Lead" });
    office.0.borrow_mut().hidden = vec!["mobile", "state_code"];
    applied(one(&office, update(Class::Account, "u1", &same)));
    for hidden in [true, false] {
        if !hidden {
            office.0.borrow_mut().hidden.clear();
        }
        let fault =
            failed(one(&office, update(Class::Account, "u1", &json!({ "mobile": "13800000008", "title": "X" }))));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some("mobile")));
        assert!(fault.message.contains("person changes the number"), "{fault:?}");
    }
    assert_eq!(office.writes(), 1, "what is refused is refused whole");
}

#[test]
fn an_ordinary_account_can_not_be_stopped_and_is_never_stopped() {
    let office = Office::new();
    let fault = failed(one(&office, operation(Class::Account, Some("u1"), Action::Disable)));
    assert_eq!(fault.kind, FaultKind::Unsupported);
    assert!(fault.message.contains("on-leave = \"delete\""), "{fault:?}");
    unchanged(one(&office, operation(Class::Account, Some("u1"), Action::Enable)));
    assert_eq!(
        failed(one(&office, operation(Class::Account, Some("u1"), Action::SetPassword))).kind,
        FaultKind::Unsupported
    );
    assert_eq!(office.writes(), 0);
}

#[test]
fn who_is_gone_is_gone() {
    let office = Office::new();
    let delete = || operation(Class::Account, Some("u1"), Action::Delete);
    applied(one(&office, delete()));
    assert_eq!(office.person("u1"), Value::Null);
    unchanged(one(&office, delete()));
    for action in [Action::Update(vec![]), Action::Enable, Action::Disable, Action::SetPassword, Action::MoveTo(None)] {
        let fault = failed(one(&office, operation(Class::Account, Some("u1"), action)));
        assert_eq!(fault.kind, FaultKind::NotFound);
    }
    // Gone between the look and the delete.
    let office = Office::new().fate(DELETE, None, Fate::code(33012));
    unchanged(one(&office, delete()));
}

#[test]
fn people_are_found_by_what_dingtalk_looks_up() {
    let office = Office::new();
    office.add(
        "d2",
        json!({ "name": "Li Lei", "dept_id_list": [9], "exclusive_account": true, "exclusive_account_type": "dingtalk",
        "login_id": "li", "exclusive_mobile": "+86-13800000001", "disable_status": true }),
    );
    office.add("u9", json!({ "name": "Li Lei", "dept_id_list": [9], "mobile": "13800000005", "state_code": "86" }));
    let _world = office.world(json!({})).enter();
    let mut connector = open::<Dingtalk>().unwrap();
    let mut found = |attribute: &str, value: &str| {
        let found = connector.find(Class::Account, attribute, value);
        found.map(|found| found.into_iter().map(|one| one.id).collect::<Vec<_>>())
    };
    for (attribute, value, ids) in [
        ("userid", "u1", &["u1"][..]),
        ("userid", "nobody", &[]),
        ("userid", "no body", &[]),
        ("mobile", "13800000001", &["u1"]),
        ("mobile", "+8613800000001", &["u1"]),
        ("mobile", "13800000077", &[]),
        ("mobile", "none", &[]),
        ("exclusive_mobile", "13800000001", &["d2"]),
        ("unionid", "union-u2", &["u2"]),
        ("unionid", "nobody", &[]),
        ("login_id", "li", &["d2"]),
        ("login_id", "u1", &[]),
        ("name", "Li Lei", &["d2", "u1", "u9"]),
        ("name", "Li", &[]),
        ("name", "", &[]),
    ] {
        assert_eq!(found(attribute, value).unwrap(), ids, "{attribute} {value}");
    }
    assert_eq!(found("job_number", "E1").unwrap_err().kind, FaultKind::Unsupported);
    let read = connector.read(&[
        ObjectRef { class: Class::Account, id: "d2".to_owned() },
        ObjectRef { class: Class::Account, id: "x".to_owned() },
    ]);
    let shown: Value = serde_json::from_str(&read[0].clone().unwrap().unwrap().attributes).unwrap();
    assert_eq!((&shown["active"], &shown["login_id"]), (&json!(false), &json!("li")));
    assert_eq!(read[1], Ok(None));
}
