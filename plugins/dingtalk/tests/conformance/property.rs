//! Whatever DingTalk answers: no panic, and nobody is both told and rejected; completeness only without a fault.

use super::{BOTH, Corp, world};
use proptest::prelude::*;
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::http::Response;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Change, Reader, Source};
use serde_json::{Value, json};

/// Names that the interface uses.
const NAMES: &[&str] = &[
    "userid",
    "dept_id",
    "dept_id_list",
    "name",
    "list",
    "result",
    "has_more",
    "next_cursor",
    "active",
    "extension",
    "hired_date",
];

/// Values as they come, under the names that the interface uses.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..9_i64).prop_map(Value::from),
        "[a-z🎪𠮷\u{0}-\u{1f}]{0,6}".prop_map(Value::from),
        Just(json!("{\"a\":[")),
        Just(json!("7")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(NAMES), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Scans with one call answered so; tells whether anything came out that must not.
fn survives(path: &'static str, body: Vec<u8>, details: &str) {
    let corp =
        Corp::small().fake(path, Some(1), move |_| Response { status: 200, headers: vec![], body: body.clone() });
    let _world = world(corp, json!({ "details": details })).enter();
    let mut reader = open::<Dingtalk>().unwrap().scan(&BOTH, None).unwrap();
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        let Ok(page) = reader.next(7) else { return };
        assert!(page.changes.len() <= 7);
        for change in &page.changes {
            match change {
                Change::Upsert(object) => {
                    assert!(serde_json::from_str::<Value>(&object.attributes).is_ok_and(|said| said.is_object()));
                    assert!(
                        !object.id.is_empty() && told.insert((object.class.as_str(), object.id.clone())),
                        "{} twice",
                        object.id
                    );
                }
                Change::Rejected(rejection) => assert!(!rejection.message.is_empty() && !rejection.position.is_empty()),
                other => panic!("a scan says no {other:?}"),
            }
        }
        if page.ended().is_some() {
            return;
        }
    }
    panic!("the scan does not end");
}

const PATHS: [&str; 4] =
    ["/topapi/v2/department/listsub", "/topapi/v2/department/get", "/topapi/v2/user/list", "/topapi/v2/user/get"];

proptest! {
    #[test]
    fn any_value(path in proptest::sample::select(&PATHS[..]), result in value(), each in any::<bool>()) {
        let body = json!({ "errcode": 0, "result": result }).to_string().into_bytes();
        survives(path, body, if each { "each" } else { "listed" });
    }

    #[test]
    fn any_page_of_people(items in proptest::collection::vec(value(), 0..5), more in any::<bool>()) {
        let result = json!({ "has_more": more, "next_cursor": 100, "list": items });
        survives("/topapi/v2/user/list", json!({ "errcode": 0, "result": result }).to_string().into_bytes(), "listed");
    }

    #[test]
    fn any_bytes(path in proptest::sample::select(&PATHS[..]), body in proptest::collection::vec(any::<u8>(), 0..64)) {
        survives(path, body, "each");
    }
}
