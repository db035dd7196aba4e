//! Each type of event, in both spellings.

use super::shown;
use proptest::prelude::*;
use rosterd_plugin_dingtalk::event::{Event, MOST, Told, told};
use serde_json::{Map, Value, json};

fn event(kind: &str, fields: &Value, each: bool) -> Told {
    let fields = fields.as_object().unwrap();
    told(&Event { kind, id: Some("e"), at_ms: Some(5), fields }, each)
}

#[track_caller]
fn looks(kind: &str, fields: Value, each: bool) -> Vec<String> {
    match event(kind, &fields, each) {
        Told::Look(hints) => hints.iter().map(shown).collect(),
        other => panic!("{kind} {fields}: {other:?}"),
    }
}

#[test]
fn each_type_names_what_is_to_be_read_again() {
    for kind in [
        "user_add_org",
        "user_modify_org",
        "user_active_org",
        "org_admin_add",
        "org_admin_remove",
        "hrm_user_record_change",
    ] {
        for name in ["userId", "UserId", "userid"] {
            assert_eq!(looks(kind, json!({ name: ["u1"] }), false), ["account u1 e#u1 @5"], "{kind}");
        }
    }
    assert_eq!(looks("label_user_change", json!({ "UserIdList": ["u1", "u2"], "LabelIdList": [7] }), false).len(), 2);
    assert_eq!(looks("user_leave_org", json!({ "userId": ["u1"] }), false), ["account u1 e#u1 @5 deleted"]);
    for kind in ["org_dept_create", "org_dept_modify"] {
        for fields in [json!({ "deptId": [7, 9] }), json!({ "DeptId": ["7", "9"] })] {
            assert_eq!(looks(kind, fields, false), ["org-unit 7 e#7 @5", "org-unit 9 e#9 @5"]);
        }
    }
    assert_eq!(looks("org_dept_remove", json!({ "deptId": [7] }), false), ["org-unit 7 e#7 @5 deleted"]);
    assert_eq!(looks("org_change", json!({}), false), ["org-unit 1 e#1 @5"]);
    assert_eq!(looks("org_remove", json!({}), false), ["any * e @5"]);
    assert_eq!(event("check_url", &json!({}), false), Told::Test);
    for kind in ["label_conf_add", "label_conf_del", "label_conf_modify"] {
        assert_eq!(event(kind, &json!({ "LabelIdList": [7] }), false), Told::Nothing);
    }
    for kind in ["label_conf_del", "label_conf_modify"] {
        assert_eq!(looks(kind, json!({ "LabelIdList": [7] }), true), ["account * e @5"]);
    }
    assert_eq!(event("label_conf_add", &json!({}), true), Told::Nothing);
    assert_eq!(event("hrm_user_record_change", &json!({ "staffId": "x" }), true), Told::Nothing);
    for kind in ["", "chat_disband", "USER_ADD_ORG", "suite_ticket"] {
        assert_eq!(event(kind, &json!({ "userId": ["u1"] }), true), Told::Unknown);
    }
}

/// One id or a number instead of a list, and what is none at all: then everybody is looked at, and nobody called deleted.
#[test]
fn whoever_can_not_be_told_is_not_left_out() {
    assert_eq!(looks("user_add_org", json!({ "userId": "u1" }), false), ["account u1 e#u1 @5"]);
    assert_eq!(looks("user_add_org", json!({ "userId": 17 }), false), ["account 17 e#17 @5"]);
    assert_eq!(looks("user_add_org", json!({ "UserId": null, "userId": ["u1"] }), false), ["account u1 e#u1 @5"]);
    for ids in [
        json!(null),
        json!([]),
        json!([""]),
        json!([null]),
        json!({}),
        json!(["a\nb"]),
        json!(["x".repeat(65)]),
        json!([["u"]]),
        json!(true),
    ] {
        assert_eq!(looks("user_leave_org", json!({ "userId": ids }), false), ["account * e @5"], "{ids}");
    }
    for ids in [json!([0]), json!([-1]), json!(["07"]), json!(["x"]), json!([1.5]), json!(["99999999999999999999"])] {
        assert_eq!(looks("org_dept_remove", json!({ "deptId": ids }), false), ["org-unit * e @5"], "{ids}");
    }
    let many = |count: usize| json!({ "userId": (0..count).map(|at| format!("u{at}")).collect::<Vec<_>>() });
    assert_eq!(looks("user_add_org", many(MOST), false).len(), MOST);
    assert_eq!(looks("user_add_org", many(MOST + 1), false), ["account * e @5"]);
}

#[test]
fn an_id_that_is_none_makes_no_event_be_taken_for_another() {
    for id in [None, Some(""), Some(&*"x".repeat(129))] {
        let fields = json!({ "userId": ["u1"] });
        let event = Event { kind: "user_add_org", id, at_ms: None, fields: fields.as_object().unwrap() };
        let Told::Look(hints) = told(&event, false) else { panic!("{id:?}") };
        assert_eq!(hints.iter().map(shown).collect::<Vec<_>>(), ["account u1 - @-"]);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[a-z\u{0}-\u{20}🎪]{0,70}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 5, |inner| proptest::collection::vec(inner, 0..5).prop_map(Value::from))
}

proptest! {
    #[test]
    fn whatever_an_event_says_its_hints_can_be_stored(
        kind in proptest::sample::select(&["user_leave_org", "user_add_org", "org_dept_remove", "org_change", "label_conf_del", "x"][..]),
        pairs in proptest::collection::vec((proptest::sample::select(&["userId", "DeptId", "UserIdList", "x"][..]), value()), 0..4),
        id in ".{0,140}",
    ) {
        let fields: Map<String, Value> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let Told::Look(hints) = told(&Event { kind, id: Some(&id), at_ms: None, fields: &fields }, true) else { return Ok(()) };
        prop_assert!(!hints.is_empty() && hints.len() <= MOST);
        let mut known = std::collections::BTreeSet::new();
        for hint in hints {
            prop_assert!(hint.id.as_ref().is_none_or(|id| !id.is_empty() && !id.chars().any(char::is_control)));
            prop_assert!(hint.id.is_some() || !hint.detail.contains("deleted"), "all of a class are never deleted");
            prop_assert!(known.insert((hint.id.clone(), hint.event_id.clone())) );
            shown(&hint);
        }
    }
}
