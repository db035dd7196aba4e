//! Departments: made, changed, moved, led, removed, found.

use super::*;
use rosterd_sdk::{FaultKind, ObjectRef};

fn unit(id: &str) -> Value {
    json!({ "ref": "org-unit", "id": id })
}

#[test]
fn a_department_is_made_below_its_parent_with_what_comes_afterwards() {
    let office = Office::new();
    let attributes = json!({ "name": "Labs", "parent": unit("7"), "order": 3, "source_identifier": "HR-9", "code": "L1", "brief": null,
        "auto_add_user": true, "hide_dept": false });
    let done = applied(one(&office, create(Class::OrgUnit, &attributes)));
    assert_eq!((done.id.as_str(), done.problems.len()), ("100", 0));
    assert_eq!(
        office.sent(CREATE_UNIT),
        [json!({ "name": "Labs", "parent_id": 7, "hide_dept": false, "order": 3, "source_identifier": "HR-9" })]
    );
    assert_eq!(office.sent(UPDATE_UNIT), [json!({ "auto_add_user": true, "code": "L1", "dept_id": 100 })]);
    // Below the top, which is the operator's choice.
    applied(
        apply(
            &office,
            json!({ "top-department": 9 }),
            vec![create(Class::OrgUnit, &json!({ "name": "Other", "parent": null }))],
        )
        .remove(0),
    );
    assert_eq!(office.unit(101)["parent_id"], 9);
}

#[test]
fn what_comes_afterwards_and_fails_is_a_problem_of_a_department_that_is_there() {
    let office = Office::new().fate(UPDATE_UNIT, None, Fate::code(40035));
    let done = applied(one(&office, create(Class::OrgUnit, &json!({ "name": "Labs", "code": "L1" }))));
    assert_eq!(done.problems.iter().map(|problem| problem.subject.as_deref()).collect::<Vec<_>>(), [Some("code")]);
    assert_eq!(office.unit(100)["name"], "Labs");
}

#[test]
fn only_differences_are_sent() {
    let office = Office::new();
    let same = json!({ "name": "Sales", "parent": null, "order": 10, "managers": [], "owner": null, "brief": null, "hide_dept": null });
    assert_eq!(unchanged(one(&office, update(Class::OrgUnit, "7", &same))).id, "7");
    assert_eq!(office.writes(), 0);
    applied(one(&office, update(Class::OrgUnit, "7", &json!({ "name": "Sales", "order": 11, "brief": "B" }))));
    assert_eq!(office.sent(UPDATE_UNIT), [json!({ "order": 11, "brief": "B", "dept_id": 7 })]);
    applied(one(&office, update(Class::OrgUnit, "7", &json!({ "brief": null }))));
    assert_eq!(office.sent(UPDATE_UNIT)[1], json!({ "brief": "", "dept_id": 7 }));
}

#[test]
fn a_department_moves_and_never_below_itself() {
    let office = Office::new();
    let moved = |to: &str| {
        operation(
            Class::OrgUnit,
            Some("70"),
            Action::MoveTo(Some(ObjectRef { class: Class::OrgUnit, id: to.to_owned() })),
        )
    };
    applied(one(&office, moved("9")));
    assert_eq!(office.unit(70)["parent_id"], 9);
    unchanged(one(&office, moved("9")));
    applied(one(&office, operation(Class::OrgUnit, Some("70"), Action::MoveTo(None))));
    assert_eq!(office.unit(70)["parent_id"], 1);
    applied(one(&office, update(Class::OrgUnit, "70", &json!({ "parent": unit("7") }))));
    for parent in ["70", "7"] {
        let id = if parent == "70" { "7" } else { "70" };
        let fault = match parent {
            "70" => failed(one(&office, update(Class::OrgUnit, id, &json!({ "parent": unit("70") })))),
            _ => failed(one(&office, update(Class::OrgUnit, id, &json!({ "parent": unit("70") })))),
        };
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some("parent")), "{fault:?}");
    }
    let fault = failed(one(&office, update(Class::OrgUnit, "70", &json!({ "parent": unit("4711") }))));
    assert_eq!(
        (fault.kind, fault.subject.as_deref()),
        (FaultKind::Invalid, Some("parent")),
        "the department itself is not missing"
    );
}

#[test]
fn leaders_come_and_go_one_by_one_and_the_last_by_force() {
    let office = Office::new();
    let managers = |office: &Office| office.unit(7)["dept_manager_userid_list"].clone();
    applied(one(&office, delta(Class::OrgUnit, "7", "managers", Some(json!([account("u1"), account("u2")])), None)));
    assert_eq!(managers(&office), json!(["u1", "u2"]));
    unchanged(one(&office, delta(Class::OrgUnit, "7", "managers", Some(json!([account("u2")])), None)));
    applied(one(&office, delta(Class::OrgUnit, "7", "managers", None, Some(json!([account("u1")])))));
    assert_eq!(managers(&office), json!(["u2"]));
    applied(one(&office, delta(Class::OrgUnit, "7", "managers", None, Some(json!([account("u2")])))));
    assert_eq!(managers(&office), json!([]));
    assert_eq!(office.sent(UPDATE_UNIT).last().unwrap()["force_update_fields"], "dept_manager_userid_list");
}

#[test]
fn who_is_not_in_the_department_does_not_lead_it_and_the_others_do() {
    let office = Office::new();
    let done = applied(one(
        &office,
        delta(Class::OrgUnit, "7", "managers", Some(json!([account("u1"), account("d1"), account("nobody")])), None),
    ));
    assert_eq!(office.unit(7)["dept_manager_userid_list"], json!(["u1"]));
    let refused: Vec<Option<&str>> = done.problems.iter().map(|problem| problem.subject.as_deref()).collect();
    assert_eq!(refused, [Some("d1"), Some("nobody")]);
    // Nobody is left: nothing was done, and that is no success.
    let fault = failed(one(&office, delta(Class::OrgUnit, "9", "managers", Some(json!([account("u2")])), None)));
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some("u2")));
    // Whoever led it before is not wanted either.
    let replaced = applied(one(&office, update(Class::OrgUnit, "7", &json!({ "managers": [account("d1")] }))));
    assert_eq!((&office.unit(7)["dept_manager_userid_list"], replaced.problems.len()), (&json!([]), 1));
    let done = applied(one(&office, update(Class::OrgUnit, "9", &json!({ "order": 1, "owner": account("u2") }))));
    assert_eq!((done.problems[0].subject.as_deref(), &office.unit(9)["order"]), (Some("owner"), &json!(1)));
    applied(one(&office, update(Class::OrgUnit, "9", &json!({ "owner": account("u1") }))));
    assert_eq!(office.unit(9)["org_dept_owner"], "u1");
}

#[test]
fn a_department_goes_only_when_it_is_empty() {
    let office = Office::new();
    let delete = |id: &str| operation(Class::OrgUnit, Some(id), Action::Delete);
    let fault = failed(one(&office, delete("7")));
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Conflict, Some("70")), "{fault:?}");
    assert_eq!(office.writes(), 0, "DingTalk would remove those below with it");
    applied(one(&office, delete("70")));
    let fault = failed(one(&office, delete("7")));
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(fault.message.contains("people are still in it"), "{fault:?}");
    for id in ["70", "4711", "no such", "07", "-3"] {
        unchanged(one(&office, delete(id)));
    }
    for (id, settings) in [("1", json!({})), ("9", json!({ "top-department": 9 }))] {
        assert_eq!(failed(apply(&office, settings, vec![delete(id)]).remove(0)).kind, FaultKind::Unsupported);
    }
    let fault = failed(one(&office, update(Class::OrgUnit, "1", &json!({ "name": "Other" }))));
    assert_eq!(fault.kind, FaultKind::Unsupported);
    for action in [Action::Enable, Action::Disable, Action::SetPassword] {
        assert_eq!(failed(one(&office, operation(Class::OrgUnit, Some("9"), action))).kind, FaultKind::Unsupported);
    }
    for action in [Action::Update(vec![]), Action::MoveTo(None)] {
        assert_eq!(failed(one(&office, operation(Class::OrgUnit, Some("4711"), action))).kind, FaultKind::NotFound);
    }
}

#[test]
fn departments_are_found_by_name_and_by_key() {
    let office = Office::new();
    office.0.borrow_mut().units.get_mut(&70).unwrap()["source_identifier"] = "HR-70".into();
    for (id, name) in [(71, "Events A"), (72, "Events B")] {
        let unit = json!({ "dept_id": id, "parent_id": 9, "name": name, "order": 1, "dept_manager_userid_list": [] });
        office.0.borrow_mut().units.insert(id, unit);
    }
    let _world = office.world(json!({})).enter();
    let mut connector = open::<Dingtalk>().unwrap();
    let mut found = |attribute: &str, value: &str| {
        let found = connector.find(Class::OrgUnit, attribute, value);
        found.map(|found| found.into_iter().map(|one| one.id).collect::<Vec<_>>())
    };
    for (attribute, value, ids) in [
        ("name", "Events", &["70"][..]),
        ("name", "Events B", &["72"]),
        ("name", "Nothing", &[]),
        ("source_identifier", "HR-70", &["70"]),
        ("source_identifier", "HR-71", &[]),
        ("source_identifier", "", &[]),
    ] {
        assert_eq!(found(attribute, value).unwrap(), ids, "{attribute} {value}");
    }
    assert_eq!(found("code", "x").unwrap_err().kind, FaultKind::Unsupported);
    // What this instance makes afterwards is found, too.
    applied(
        connector
            .apply(vec![create(Class::OrgUnit, &json!({ "name": "New", "source_identifier": "HR-71" }))])
            .remove(0),
    );
    let now = connector.find(Class::OrgUnit, "source_identifier", "HR-71").unwrap();
    assert_eq!(now.len(), 1);
    let read = |connector: &mut Dingtalk, id: &str| {
        connector.read(&[ObjectRef { class: Class::OrgUnit, id: id.to_owned() }]).remove(0).unwrap()
    };
    let shown: Value = serde_json::from_str(&read(&mut connector, "7").unwrap().attributes).unwrap();
    assert_eq!(shown["parent"], Value::Null, "directly below the top");
    assert_eq!(read(&mut connector, "4711"), None);
}
