//! The dingtalk connector, given whatever a remote system or a store may hand it.

use crate::input::{fields, text};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_plugin_dingtalk::convert::Person;
use rosterd_reconcile::json_attributes;
use rosterd_sdk::http::Response;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Change, Class, Connector, FaultKind, ObjectRef, Reader, Source};
use serde_json::{Value, json};

/// A world in which calls are answered in turn, the last answer from then on.
fn world(bytes: &[u8]) -> World {
    let answers: [&[u8]; 4] = fields(bytes);
    let answers = answers.map(<[u8]>::to_vec);
    let mut asked = 0;
    let settings = json!({ "app-key": "k", "departments": [1], "count": false, "leavers": true, "details": "each" });
    World::new().settings(settings).http(move |_| {
        let body = answers[asked.min(3)].clone();
        asked += 1;
        Ok(Response { status: 200, headers: vec![], body })
    })
}

/// Any answers to the calls of a scan, of `check` and `discover`, and of looking at one object.
pub fn dingtalk_answer(bytes: &[u8]) {
    let entered = world(bytes).enter();
    let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
    if let Ok(mut reader) = connector.scan(&[Class::OrgUnit, Class::Account], None) {
        // A walk is bounded by its bytes: each department has an id.
        for _ in 0..=bytes.len() {
            let Ok(page) = reader.next(3) else { break };
            for change in &page.changes {
                match change {
                    Change::Upsert(object) => assert!(!object.id.is_empty()),
                    Change::Rejected(rejection) => {
                        assert!(!rejection.message.is_empty() && rejection.raw.len() <= 4096);
                    }
                    Change::Amend(_) | Change::Gone(_) => panic!("a scan says neither"),
                }
            }
            if page.ended().is_some() {
                break;
            }
        }
    }
    drop(entered);
    let _world = world(bytes).enter();
    for probe in connector.check().unwrap_or_default() {
        assert!(probe.ok || probe.remedy.is_some());
    }
    if let Ok(found) = connector.discover() {
        assert!(serde_json::from_str::<Value>(&found).is_ok_and(|found| found["classes"].is_object()));
    }
}

/// A person of a listing, and of the call for one person: what the connector says, the host can read.
pub fn dingtalk_person(bytes: &[u8]) {
    let Ok(item) = serde_json::from_slice::<Value>(bytes) else { return };
    let listed = Person::listed(&item, 7);
    let single = Person::single(&item, item["userid"].as_str().unwrap_or("7"));
    for (person, each) in [(listed, false), (single, true)] {
        let Ok(Ok(entry)) = person.map(|person| person.entry(|id| id < 100, each)) else { continue };
        assert!(each || entry.partial, "a listing never tells everything");
        let read = json_attributes(&entry.attributes);
        // The host refuses control characters, depth and length, with a reason.
        let strange = text(bytes).contains("\\u") || text(bytes).contains(char::is_control) || bytes.len() > 64;
        assert!(read.is_ok() || strange, "{read:?}: {}", entry.attributes);
    }
}

/// A cursor that somebody made up.
pub fn dingtalk_cursor(bytes: &[u8]) {
    let _world = world(b"{\"records\":[]}").enter();
    let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
    if let Err(fault) = connector.changes_since(&[Class::Account], text(bytes)) {
        assert_eq!(fault.kind, FaultKind::CursorInvalid, "{fault:?}");
    }
}

/// An id that a hint named: only a department that DingTalk shows is there.
pub fn dingtalk_id(bytes: &[u8]) {
    let _world = world(b"{\"errcode\":0,\"result\":{\"dept_id\":1,\"name\":\"a\",\"parent_id\":1}}").enter();
    let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
    for class in [Class::OrgUnit, Class::Account] {
        let answers = connector.read(&[ObjectRef { class, id: text(bytes) }]);
        assert!(
            matches!(&answers[..], [one] if one.as_ref().is_ok_and(|one| one.as_ref().is_none_or(|one| one.id == text(bytes))) || one.is_err())
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    /// What answers are made of; most of what comes out is cut off somewhere.
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
        "\"has_more\":true",
        "\"next_cursor\":100",
        "\"dept_id\":7",
        "\"dept_id_list\":[7]",
        "\"userid\":\"u\"",
        "\"name\":\"\u{20bb7}\"",
        "null",
        "0",
        "\"active\":\"true\"",
        "\"extension\":\"{}\"",
        "\"hired_date\":1",
        "\"sub_code\":\"40014\"",
        "<html>",
        "\"status\":1111",
    ];
    const GOOD: &[&str] = &[
        "{\"errcode\":0,\"result\":[]}",
        "{\"errcode\":0,\"result\":[{\"dept_id\":7}]}",
        "{\"errcode\":0,\"result\":{\"dept_id\":1}}",
        "{\"errcode\":0,\"result\":{\"has_more\":false,\"list\":[{\"userid\":\"u\",\"dept_id_list\":[1]}]}}",
        "{\"errcode\":0,\"result\":{\"userid\":\"u\",\"dept_id_list\":[1]}}",
        "{\"errcode\":60011}",
    ];

    proptest! {
        #[test]
        fn answers(good in proptest::collection::vec(proptest::sample::select(GOOD), 0..4), broken in words(WORDS, 12), any in bytes(40)) {
            super::dingtalk_answer(&any);
            super::dingtalk_answer(broken.as_bytes());
            let mut parts: Vec<&[u8]> = good.iter().map(|text| text.as_bytes()).collect();
            parts.push(broken.as_bytes());
            super::dingtalk_answer(&join(&parts));
        }

        #[test]
        fn people(inside in words(WORDS, 8)) {
            super::dingtalk_person(format!("{{\"userid\":\"u\",\"dept_id_list\":[7],{inside}}}").as_bytes());
            super::dingtalk_person(inside.as_bytes());
        }

        #[test]
        fn cursors(text in ".{0,40}", number in any::<u64>()) {
            super::dingtalk_cursor(text.as_bytes());
            super::dingtalk_cursor(format!("{{\"leavers_since\":{number}}}").as_bytes());
        }

        #[test]
        fn ids(text in ".{0,20}", number in any::<i64>()) {
            super::dingtalk_id(text.as_bytes());
            super::dingtalk_id(number.to_string().as_bytes());
            super::dingtalk_id(b"1");
        }
    }
}
