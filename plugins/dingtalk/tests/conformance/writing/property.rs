//! Whatever DingTalk answers, and whatever the hub asks: no panic, one receipt each, and no success without a yes.

use super::*;
use proptest::prelude::*;

const NAMES: &[&str] = &[
    "userid",
    "dept_id",
    "dept_id_list",
    "name",
    "result",
    "mobile",
    "extension",
    "dept_position_list",
    "dept_order_list",
    "leader_in_dept",
    "parent_id",
    "dept_manager_userid_list",
    "exclusive_account",
    "disable_status",
    "list",
    "hasMore",
];
const WORDS: &[&str] = &[
    "userid",
    "name",
    "mobile",
    "departments",
    "manager",
    "extension",
    "hired_date",
    "title",
    "dept_orders",
    "main_department",
    "exclusive_account",
    "login_id",
    "parent",
    "managers",
    "order",
    "code",
    "owner",
    "email",
    "telephone",
];
const PATHS: [&str; 9] = [
    GET,
    UPDATE,
    CREATE,
    DELETE,
    "/topapi/v2/department/get",
    UPDATE_UNIT,
    CREATE_UNIT,
    "/topapi/v2/department/listsubid",
    "/topapi/v2/department/listsub",
];

fn value(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..9_i64).prop_map(Value::from),
        "[a-z🎪+\\-0-9@.,\u{0}]{0,9}".prop_map(Value::from),
        Just(json!("u1")),
        Just(json!("13800000009")),
        Just(json!({ "ref": "org-unit", "id": "7" })),
        Just(json!({ "ref": "account", "id": "u2" })),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(names), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn every(attributes: &Value, id: &str, unit: &str) -> Vec<Operation> {
    let object = if attributes.is_object() { attributes.clone() } else { json!({}) };
    let mut all = Vec::new();
    for (class, id) in [(Class::Account, id), (Class::OrgUnit, unit)] {
        all.push(create(class, &object));
        all.push(again(create(class, &object)));
        all.push(Operation { known: Some(object.to_string()), ..update(class, id, &object) });
        all.push(delta(class, id, "departments", Some(attributes.clone()), None));
        all.push(delta(class, id, "managers", Some(attributes.clone()), Some(json!([account("u1")]))));
        for action in [Action::Enable, Action::Disable, Action::SetPassword, Action::MoveTo(None), Action::Delete] {
            all.push(operation(class, Some(id), action));
        }
        all.push(operation(class, None, Action::Update(vec![])));
        all.push(operation(class, Some(id), Action::Create(attributes.to_string())));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_answer(path in proptest::sample::select(&PATHS[..]), result in value(NAMES), bytes in proptest::collection::vec(any::<u8>(), 0..40), whole in any::<bool>()) {
        let body = json!({ "errcode": 0, "result": result }).to_string();
        let body = if whole { body } else { String::from_utf8_lossy(&bytes).into_owned() };
        let wanted = json!({ "userid": "n1", "name": "N", "mobile": "13800000009", "departments": units(&[7]) });
        for operation in every(&wanted, "u1", "70") {
            let office = Office::new().fate(path, None, Fate::Answer(200, "application/json", body.clone()));
            let delete = operation.action == Action::Delete;
            let receipt = one(&office, operation);
            // Nothing was removed here: a delete that says so believed something that was no yes to it.
            let gone = office.person("u1").is_null() || office.unit(70).is_null();
            if delete && !gone {
                let yes = whole && (path == DELETE || path == DELETE_UNIT);
                prop_assert!(yes || !matches!(receipt, Receipt::Applied(_) | Receipt::Unchanged(_)), "{path} {body}: {receipt:?}");
            }
        }
    }

    #[test]
    fn any_wish(wanted in value(WORDS), id in prop_oneof![Just("u1"), Just("d1"), Just("")], unit in prop_oneof![Just("7"), Just("70"), Just("x")]) {
        for operation in every(&wanted, id, unit) {
            let office = Office::new();
            let receipt = one(&office, operation);
            if let Receipt::Failed(fault) = &receipt {
                prop_assert!(!fault.message.is_empty());
            }
        }
    }
}
