//! The writing role of the dingtalk connector, given whatever a remote system or the hub may hand it.

use crate::input::{fields, text, texts};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_plugin_dingtalk::destination::mobile::Mobile;
use rosterd_plugin_dingtalk::destination::when;
use rosterd_sdk::http::Response;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Action, Class, Destination, Edit, ObjectRef, Operation};
use serde_json::json;

/// A world in which calls are answered in turn, the last answer from then on.
fn world(answers: [&[u8]; 4]) -> World {
    let answers = answers.map(<[u8]>::to_vec);
    let mut asked = 0;
    World::new().settings(json!({ "app-key": "k" })).http(move |_| {
        let body = answers[asked.min(3)].clone();
        asked += 1;
        Ok(Response { status: 200, headers: vec![], body })
    })
}

fn operation(class: Class, id: Option<&str>, action: Action, known: Option<&str>, attempt: u32) -> Operation {
    Operation {
        key: "key".to_owned(),
        class,
        id: id.map(ToOwned::to_owned),
        action,
        desired: "{}".to_owned(),
        known: known.map(ToOwned::to_owned),
        version: None,
        attempt,
    }
}

fn replace(attribute: &str, value: &str) -> Action {
    let replace = Some(value.to_owned());
    Action::Update(vec![Edit { attribute: attribute.to_owned(), replace, add: None, remove: None }])
}

/// Each of these alone, in an instance of its own: one receipt.
fn one_receipt_each(answers: [&[u8]; 4], operations: Vec<Operation>) {
    for operation in operations {
        let _world = world(answers).enter();
        let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
        assert_eq!(connector.apply(vec![operation]).len(), 1);
    }
}

/// Any answers to the calls of every operation, and to looking things up.
pub fn dingtalk_writing(bytes: &[u8]) {
    let answers: [&[u8]; 4] = fields(bytes);
    let person = r#"{"userid":"u","name":"N","mobile":"13800000001","extension":{"a":"b"},"main_department":{"ref":"org-unit","id":"7"}}"#;
    let mut operations = Vec::new();
    for (class, wanted) in
        [(Class::Account, person), (Class::OrgUnit, r#"{"name":"N","source_identifier":"k","code":"c"}"#)]
    {
        for attempt in [1, 2] {
            operations.push(operation(class, None, Action::Create(wanted.to_owned()), None, attempt));
        }
        for action in [replace("name", "\"M\""), Action::Enable, Action::Disable, Action::MoveTo(None), Action::Delete]
        {
            operations.push(operation(class, Some("7"), action, None, 1));
        }
    }
    one_receipt_each(answers, operations);
    for (class, attribute) in [
        (Class::Account, "mobile"),
        (Class::Account, "name"),
        (Class::Account, "unionid"),
        (Class::Account, "login_id"),
        (Class::OrgUnit, "name"),
        (Class::OrgUnit, "source_identifier"),
    ] {
        let _world = world(answers).enter();
        let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
        for found in connector.find(class, attribute, "13800000001").unwrap_or_default() {
            assert!(!found.id.is_empty());
        }
        let answers = connector.read(&[ObjectRef { class, id: "7".to_owned() }]);
        assert!(
            matches!(&answers[..], [one] if one.as_ref().is_err() || one.as_ref().is_ok_and(|one| one.as_ref().is_none_or(|one| one.id == "7")))
        );
    }
}

/// Any wish of the hub, at a destination that shows a person and a department.
pub fn dingtalk_wish(bytes: &[u8]) {
    let [wanted, known, id, attribute] = texts(bytes);
    let shown = r#"{"errcode":0,"result":{"userid":"7","name":"N","dept_id":7,"parent_id":1,"dept_id_list":[7]}}"#;
    let mut operations = Vec::new();
    for class in [Class::Account, Class::OrgUnit] {
        operations.push(operation(class, None, Action::Create(wanted.clone()), None, 1));
        operations.push(operation(class, Some("7"), replace(&attribute, &wanted), Some(&known), 1));
        operations.push(operation(class, Some(&id), Action::Delete, None, 1));
        let (add, remove) = (Some(wanted.clone()), Some(known.clone()));
        let edit = Edit { attribute: attribute.clone(), replace: None, add, remove };
        operations.push(operation(class, Some("7"), Action::Update(vec![edit]), None, 1));
    }
    one_receipt_each([shown.as_bytes(); 4], operations);
}

/// A time and a number as the hub may have them: what is read is shown so that it is read again.
pub fn dingtalk_text(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(shown) = when::milliseconds(&text).and_then(rosterd_sdk::time::rfc3339) {
        let read = when::milliseconds(&shown).and_then(rosterd_sdk::time::rfc3339);
        assert_eq!(read.as_deref(), Some(shown.as_str()), "{text:?}");
    }
    if let Some(mobile) = Mobile::parse(&text) {
        for written in [mobile.written(false), mobile.written(true), mobile.with_prefix()] {
            assert_eq!(Mobile::parse(&written).as_ref(), Some(&mobile), "{text:?}: {written}");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    /// What answers and wishes are made of; most of what comes out is cut off somewhere.
    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"errcode\":0",
        "\"result\":",
        "\"list\":",
        "\"hasMore\":true",
        "\"dept_id\":7",
        "\"dept_id_list\":[7]",
        "\"userid\":\"7\"",
        "\"name\":\"\u{20bb7}\"",
        "null",
        "0",
        "\"exclusive_account\":true",
        "\"extension\":\"{}\"",
        "\"ref\":\"org-unit\"",
        "\"id\":\"7\"",
        "\"errcode\":60121",
        "<html>",
    ];
    const GOOD: &[&str] = &[
        "{\"errcode\":0,\"result\":[]}",
        "{\"errcode\":0,\"result\":[{\"dept_id\":7,\"name\":\"N\"}]}",
        "{\"errcode\":0,\"result\":{\"dept_id\":7,\"name\":\"N\",\"parent_id\":1}}",
        "{\"errcode\":0,\"result\":{\"userid\":\"7\",\"dept_id_list\":[1]}}",
        "{\"errcode\":0,\"result\":{\"dept_id_list\":[]}}",
        "{\"errcode\":60121}",
        "{\"errcode\":-1}",
        "{\"list\":[7],\"hasMore\":false}",
    ];
    const NAMES: &[&str] =
        &["name", "departments", "mobile", "extension", "hired_date", "parent", "managers", "dept_orders"];

    proptest! {
        #[test]
        fn answers(good in proptest::collection::vec(proptest::sample::select(GOOD), 0..4), broken in words(WORDS, 12), any in bytes(40)) {
            super::dingtalk_writing(&any);
            super::dingtalk_writing(broken.as_bytes());
            let mut parts: Vec<&[u8]> = good.iter().map(|text| text.as_bytes()).collect();
            parts.push(broken.as_bytes());
            super::dingtalk_writing(&join(&parts));
        }

        #[test]
        fn wishes(inside in words(WORDS, 8), known in words(WORDS, 4), name in proptest::sample::select(NAMES), any in bytes(40)) {
            super::dingtalk_wish(&any);
            let object = format!("{{\"{name}\":{inside}}}");
            super::dingtalk_wish(&join(&[object.as_bytes(), known.as_bytes(), b"7", name.as_bytes()]));
            super::dingtalk_wish(&join(&[inside.as_bytes(), known.as_bytes(), b"7", name.as_bytes()]));
        }

        #[test]
        fn texts(text in "[0-9TZ:.+\\- ]{0,30}|.{0,20}", number in any::<u64>()) {
            super::dingtalk_text(text.as_bytes());
            super::dingtalk_text(format!("+{number}").as_bytes());
            super::dingtalk_text(format!("1{:010}", number % 10_000_000_000).as_bytes());
        }
    }
}
