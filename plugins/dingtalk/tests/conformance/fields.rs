//! Fields that are hidden, empty, or of another shape.

use super::{Corp, object, rejected, scan, world};
use rosterd_sdk::Class;
use serde_json::{Value, json};

/// Without the field permission a field is left out, exactly as an empty one is: it must say nothing.
#[test]
fn a_hidden_field_says_nothing() {
    for details in ["listed", "each"] {
        let mut corp = Corp::small();
        corp.hidden = vec!["mobile", "state_code", "email", "extension", "name", "title", "manager_userid"];
        let hidden = corp.hidden.clone();
        let _world = world(corp, json!({ "details": details })).enter();
        let (changes, end) = scan().unwrap();
        for id in ["u1", "u2"] {
            let (person, said) = object(&changes, Class::Account, id);
            assert!(person.partial);
            for name in hidden.iter().chain(&["manager"]) {
                assert!(said.get(name).is_none(), "{details} {name}: {said}");
            }
        }
        assert_eq!((rejected(&changes), end.complete.len()), (vec![], 2));
    }
}

#[test]
fn null_says_nothing_and_only_an_empty_text_says_empty() {
    let mut corp = Corp::small();
    corp.person(
        "n",
        &[9],
        json!({ "name": "N", "mobile": null, "title": "", "email": null, "hired_date": null, "extension": "" }),
    );
    let _world = world(corp, json!({})).enter();
    let (changes, _) = scan().unwrap();
    let (_, said) = object(&changes, Class::Account, "n");
    for name in ["mobile", "email", "hired_date", "telephone"] {
        assert!(said.get(name).is_none(), "{name}: {said}");
    }
    for name in ["title", "extension"] {
        assert_eq!(said.get(name), Some(&Value::Null), "{name}");
    }
}

/// With a call for each person, and every field told, nothing is left open.
#[test]
fn a_person_who_is_told_whole_is_not_partial() {
    let mut corp = Corp::small();
    let everything = json!({ "name": "W", "state_code": "86", "mobile": "1", "telephone": "2", "job_number": "3", "title": "t",
        "email": "e@a.example", "work_place": "HQ", "remark": "", "hired_date": 1, "extension": "{}", "manager_userid": "u1" });
    corp.person("w", &[9], everything.clone());
    let mut without = everything.clone();
    without.as_object_mut().unwrap().remove("remark");
    corp.person("x", &[9], without);
    let _world = world(corp, json!({ "details": "each" })).enter();
    let (changes, _) = scan().unwrap();
    assert!(!object(&changes, Class::Account, "w").0.partial);
    assert!(object(&changes, Class::Account, "x").0.partial);
    drop(_world);
    // A listing never names the manager, however much it tells.
    let mut corp = Corp::small();
    corp.person("w", &[9], everything);
    let _world = world(corp, json!({})).enter();
    assert!(object(&scan().unwrap().0, Class::Account, "w").0.partial);
}

/// The vendor's own examples quote numbers and truth values.
#[test]
fn quoted_values_are_read() {
    let corp = Corp::small()
        .bent("/topapi/v2/user/list", None, |answer| {
            answer["errcode"] = "0".into();
            answer["result"]["has_more"] = "false".into();
            for item in answer["result"]["list"].as_array_mut().unwrap() {
                item["active"] = "true".into();
                item["hired_date"] = "1597573616828".into();
                let quoted: Vec<String> =
                    item["dept_id_list"].as_array().unwrap().iter().map(ToString::to_string).collect();
                item["dept_id_list"] = json!(quoted);
            }
        })
        .bent("/topapi/v2/department/get", None, |answer| answer["result"]["order"] = "12".into());
    let _world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    let (_, said) = object(&changes, Class::Account, "u1");
    assert_eq!((&said["active"], &said["hired_date"]), (&json!(true), &json!("2020-08-16T10:26:56Z")));
    assert_eq!((&object(&changes, Class::OrgUnit, "7").1["order"], end.complete.len()), (&json!(12), 2));
}

#[test]
fn wrong_shapes_are_rejected_with_the_id_and_the_field() {
    let wrong = [
        ("active", json!(3)),
        ("mobile", json!({})),
        ("hired_date", json!("yesterday")),
        ("hired_date", json!(9_223_372_036_854_775_807_i64)),
        ("extension", json!("{\"badge\":")),
        ("exclusive_account_type", json!("cloud")),
        ("org_email_type", json!("gold")),
        ("dept_id_list", json!("7,9")),
        ("dept_id_list", json!([7, null])),
        ("dept_id_list", Value::Null),
        ("leader", json!([])),
    ];
    for (name, value) in wrong {
        let mut corp = Corp::small();
        corp.person("w", &[9], json!({ "name": "W" }));
        let bad = value.clone();
        let corp = corp.bent("/topapi/v2/user/list", None, move |answer| {
            let list = answer["result"]["list"].as_array_mut().unwrap();
            list.iter_mut().filter(|item| item["userid"] == "w").for_each(|item| item[name] = bad.clone());
        });
        let _world = world(corp, json!({})).enter();
        let (changes, _) = scan().unwrap();
        let rejected = rejected(&changes);
        assert_eq!(rejected.len(), 1, "{name} {value}: {rejected:?}");
        assert_eq!(rejected[0].0.as_deref(), Some("w"));
        assert!(rejected[0].1.contains(name) && rejected[0].1.contains("administrator"), "{rejected:?}");
        assert!(!super::ids(&changes, Class::Account).contains(&"w".to_owned()), "never both");
    }
}

#[test]
fn who_has_no_id_is_rejected_without_one() {
    for id in [Value::Null, json!(""), json!("a b"), json!("x".repeat(65)), json!({})] {
        let bad = id.clone();
        let corp = Corp::small().bent("/topapi/v2/user/list", None, move |answer| {
            let list = answer["result"]["list"].as_array_mut().unwrap();
            list.iter_mut().filter(|item| item["userid"] == "u3").for_each(|item| item["userid"] = bad.clone());
        });
        let _world = world(corp, json!({})).enter();
        let (changes, _) = scan().unwrap();
        assert_eq!(rejected(&changes).iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), [None], "{id}");
    }
}

#[test]
fn a_department_of_another_shape_is_rejected_and_walked() {
    let corp = Corp::small().bent("/topapi/v2/department/get", None, |answer| {
        if answer["result"]["dept_id"] == 7 {
            answer["result"]["dept_manager_userid_list"] = json!([{}]);
        }
    });
    let _world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    let rejected = rejected(&changes);
    assert!(rejected.len() == 1 && rejected[0].0.as_deref() == Some("7"), "{rejected:?}");
    assert_eq!(
        (super::ids(&changes, Class::OrgUnit), end.complete.len()),
        (vec!["1".to_owned(), "9".to_owned(), "70".to_owned()], 2)
    );
}
