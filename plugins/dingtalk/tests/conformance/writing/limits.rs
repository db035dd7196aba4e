//! Values that do not fit: refused before anything is sent, in a sentence that names the attribute, never cut.

use super::*;
use rosterd_sdk::FaultKind;

#[test]
fn a_value_of_the_longest_length_is_taken_and_one_more_is_not() {
    let person =
        [("name", 80), ("telephone", 50), ("job_number", 50), ("title", 200), ("work_place", 100), ("remark", 2000)];
    let unit = [("name", 64), ("brief", 255), ("telephone", 50), ("code", 30)];
    let people = person.iter().map(|one| (Class::Account, "u1", *one));
    for (class, id, (name, most)) in people.chain(unit.iter().map(|one| (Class::OrgUnit, "7", *one))) {
        let office = Office::new();
        // Characters, not bytes.
        let fits = "𠮷".repeat(most);
        applied(one(&office, update(class, id, &json!({ name: fits }))));
        let fault = failed(one(&office, update(class, id, &json!({ name: "𠮷".repeat(most + 1) }))));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some(name)), "{fault:?}");
        for words in [name, &most.to_string(), "nothing was sent", "whoever maintains"] {
            assert!(fault.message.contains(words), "{}", fault.message);
        }
        assert_eq!(office.writes(), 1);
    }
}

#[test]
fn values_of_another_kind_are_refused_by_name() {
    for (name, value) in [
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!(null)),
        ("name", json!("a\u{0}b")),
        ("name", json!(["a"])),
        ("email", json!("nobody")),
        ("email", json!("a b@c.example")),
        ("email", json!(format!("{}@a.example", "x".repeat(45)))),
        ("hired_date", json!("yesterday")),
        ("hired_date", json!("1969-01-01")),
        ("hide_mobile", json!("maybe")),
        ("org_email_type", json!("other")),
        ("departments", json!([{ "ref": "org-unit", "id": "HR-7" }])),
        ("departments", json!([{ "ref": "account", "id": "7" }])),
        ("departments", json!([7])),
        ("departments", units(&(1..=301).collect::<Vec<_>>())),
        ("dept_orders", json!({ "70": 1 })),
        ("dept_orders", json!({ "x": 1 })),
        ("dept_orders", json!({ "7": "first" })),
        ("dept_orders", json!(7)),
        ("main_department", json!({ "ref": "org-unit", "id": "70" })),
        ("manager", json!({ "ref": "org-unit", "id": "7" })),
        ("extension", json!("badge")),
        ("extension", json!({ "badge": "x".repeat(2000) })),
        ("userid", json!("u2")),
        ("userid", json!("u 2")),
        ("mobile", json!("12")),
        ("login_email", json!("a@b.example")),
        ("nickname", json!("x")),
        ("active", json!(true)),
        ("unionid", json!("x")),
        ("role_list", json!([])),
        ("leads", units(&[7])),
        ("nothing", json!("x")),
    ] {
        let office = Office::new();
        let change = json!({ "title": "X", name: value });
        let fault = failed(one(&office, update(Class::Account, "u1", &change)));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some(name)), "{fault:?}");
        assert!(fault.message.starts_with(name), "{}", fault.message);
        assert_eq!(office.writes(), 0, "{name}: a value that does not fit stops the whole change");
    }
}

#[test]
fn names_of_departments_have_no_hyphen_quotation_mark_and_comma() {
    for letter in ["-", "\"", ",", "－", "，", "“"] {
        let office = Office::new();
        let name = format!("Research{letter}Labs");
        for operation in
            [create(Class::OrgUnit, &json!({ "name": name })), update(Class::OrgUnit, "7", &json!({ "name": name }))]
        {
            let fault = failed(one(&office, operation));
            assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some("name")));
            assert!(fault.message.contains(letter), "{}", fault.message);
        }
        assert_eq!(office.writes(), 0);
    }
    for (name, value) in [
        ("name", json!(" ")),
        ("order", json!("first")),
        ("order", json!(null)),
        ("parent", json!({ "ref": "org-unit", "id": "x" })),
        ("managers", json!([{ "ref": "org-unit", "id": "7" }])),
        ("tags", json!("x")),
        ("nothing", json!("x")),
        ("hide_dept", json!("x")),
    ] {
        let fault = failed(one(&Office::new(), update(Class::OrgUnit, "7", &json!({ name: value }))));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some(name)), "{fault:?}");
    }
}

#[test]
fn a_person_is_made_in_at_most_a_hundred_departments() {
    let office = Office::new();
    let attributes =
        json!({ "name": "N", "mobile": "13800000009", "departments": units(&(1..=101).collect::<Vec<_>>()) });
    let fault = failed(one(&office, create(Class::Account, &attributes)));
    assert_eq!((fault.subject.as_deref(), office.writes()), (Some("departments"), 0));
    assert!(fault.message.contains("101") && fault.message.contains("100"), "{}", fault.message);
}

#[test]
fn what_can_not_be_emptied_is_not_called_empty() {
    for (name, set) in [("hired_date", json!(1_597_573_616_828_i64)), ("org_email", json!("a@b.example"))] {
        let office = Office::new();
        office.0.borrow_mut().people.get_mut("u1").unwrap()[name] = set;
        let fault = failed(one(&office, update(Class::Account, "u1", &json!({ name: null }))));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some(name)));
    }
}
