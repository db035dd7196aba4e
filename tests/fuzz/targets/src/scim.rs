//! The scim connector, given whatever a service provider answers and the hub wants written.

use crate::input::{fields, text, texts};
use rosterd_plugin_scim::Scim;
use rosterd_plugin_scim::filter::equal;
use rosterd_plugin_scim::place::Place;
use rosterd_plugin_scim::receiver::filter::bound::{Bound, Tree, bound};
use rosterd_plugin_scim::receiver::filter::{Name, is_name, matches, parse};
use rosterd_plugin_scim::receiver::schema::Kind;
use rosterd_plugin_scim::receiver::time;
use rosterd_plugin_scim::reply::{Verdict, verdict};
use rosterd_plugin_scim::{convert, cursor, settings::Settings, wish};
use rosterd_sdk::http::Response;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Action, Class, Destination, Edit, ObjectRef, Operation, Reader, Receipt, Receiver, Request, Source};
use serde_json::{Map, Value, json};

/// The answer to a request: a status, the header Retry-After and a body.
pub fn scim_answer(bytes: &[u8]) {
    let [status, header, body] = fields(bytes);
    let status = text(status).parse().unwrap_or(200).clamp(100, 999);
    let headers = vec![("retry-after".to_owned(), text(header)), ("etag".to_owned(), text(header))];
    let response = Response { status, headers, body: body.to_vec() };
    for writes in [true, false] {
        match verdict(Ok(response.clone()), writes) {
            Verdict::Done(_) => assert!((200..300).contains(&status)),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => {
                assert!(fault.message.len() < 2000 && !fault.message.chars().any(char::is_control), "{fault:?}");
                assert!(fault.retry_after_ms.is_none_or(|wait| wait <= 86_400_000));
                assert!(serde_json::from_str::<Value>(&fault.detail).is_ok());
            }
        }
    }
}

/// A service provider that answers everything with one of two bodies: a scan ends, and each operation has its receipt.
pub fn scim_provider(bytes: &[u8]) {
    let [config, first, second] = fields(bytes).map(<[u8]>::to_vec);
    let settings = json!({ "url": "https://a.example/v2", "page-size": 3, "delta": "last-modified" });
    let mut number = 0;
    let script = move |request: &rosterd_sdk::http::Request| {
        number += 1;
        let body = if request.url.contains("ServiceProviderConfig") {
            &config
        } else if number % 2 == 0 {
            &first
        } else {
            &second
        };
        Ok(Response { status: 200, headers: Vec::new(), body: body.clone() })
    };
    let _world = World::new().settings(settings).http(script).enter();
    let Ok(mut scim) = open::<Scim>() else { panic!("the settings are good") };
    if let Ok(mut reader) = scim.scan(&[Class::Account, Class::Group], None) {
        for _ in 0..20 {
            match reader.next(2) {
                Ok(page) if page.ended().is_none() => {}
                _ => break,
            }
        }
    }
    let edit = |attribute: &str, value: Value| Edit {
        attribute: attribute.to_owned(),
        replace: Some(value.to_string()),
        add: None,
        remove: None,
    };
    let member = Some(json!([{ "ref": "account", "id": "m" }]).to_string());
    let members = Edit { attribute: "members".to_owned(), replace: None, add: member.clone(), remove: member };
    let operation = |key: &str, class, id: Option<&str>, action, attempt| Operation {
        key: key.to_owned(),
        class,
        id: id.map(str::to_owned),
        action,
        desired: "{}".to_owned(),
        known: None,
        version: None,
        attempt,
    };
    let create = Action::Create(json!({ "userName": "a", "emails.work": "b" }).to_string());
    let operations = vec![
        operation("1", Class::Account, None, create.clone(), 1),
        operation("2", Class::Account, None, create, 2),
        operation(
            "3",
            Class::Account,
            Some("1"),
            Action::Update(vec![edit("emails.work", json!("c")), edit("title", Value::Null)]),
            1,
        ),
        operation("4", Class::Account, Some("2"), Action::Disable, 1),
        operation("5", Class::Group, Some("1"), Action::Update(vec![members]), 1),
        operation("6", Class::Account, Some("3"), Action::Delete, 1),
    ];
    let receipts = scim.apply(operations);
    assert_eq!(receipts.len(), 6);
    for receipt in receipts {
        if let Receipt::Applied(applied) | Receipt::Unchanged(applied) = receipt {
            assert!(!applied.id.is_empty());
        }
    }
    let asked = [ObjectRef { class: Class::Account, id: "1".to_owned() }];
    for object in Destination::read(&mut scim, &asked).into_iter().flatten().flatten() {
        assert_eq!(object.id, "1");
    }
    drop(scim.find(Class::Account, "emails.work", "c"));
}

/// What is to be written: a name and a value that are anything, towards a resource that is anything.
pub fn scim_wish(bytes: &[u8]) {
    let [name, value, resource, time] = texts(bytes);
    let attributes = format!("{{{}:{value}}}", Value::from(name.clone()));
    if let Ok(made) = wish::birth(Class::Account, &attributes) {
        assert!(made.contains_key("schemas"));
    }
    if let Some(place) = Place::of(&name) {
        assert!(!equal(&place, &value).contains('\n') || !value.contains('\n'));
    }
    let there: Map<String, Value> = serde_json::from_str(&resource).unwrap_or_default();
    let edit = |replace, add| Edit { attribute: name.clone(), replace, add, remove: None };
    for edits in [[edit(Some(value.clone()), None)], [edit(None, Some(value.clone()))]] {
        if let Ok((operations, after)) = wish::patch(&there, &edits) {
            assert!(operations.len() <= 1 || name == "members");
            drop((wish::messages(operations), wish::whole(after)));
        }
    }
    let Ok(settings) = serde_json::from_value::<Settings>(json!({ "url": "https://a", "attributes": [name] })) else {
        return;
    };
    for class in [Class::Account, Class::Group] {
        let text = convert::attributes(class, &there, true, &settings).finish();
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
    if let Ok(since) = cursor::since(&time) {
        assert_eq!(since.len(), 20);
    }
}

/// A request to the receiver: whatever is asked, the answer is one of SCIM, and what the directory keeps afterwards can be read.
pub fn scim_request(bytes: &[u8]) {
    let [target, headers, body, patch] = fields(bytes).map(<[u8]>::to_vec);
    let _world = World::new().settings(json!({ "attributes": ["urn:a:b:badge"] })).enter();
    let Ok(mut scim) = open::<Scim>() else { panic!("the settings are good") };
    let scopes =
        ["accounts", "groups", "org-units"].map(|class| [format!("{class}:read"), format!("{class}:write")]).concat();
    let context = json!({ "base-url": "https://h", "client": { "id": "c", "scopes": scopes } }).to_string();
    let mut ask = |method: &str, target: &str, body: &[u8]| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers =
            vec![("if-match".to_owned(), text(&headers))].into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        let response = scim
            .handle(Request { method, path, query, headers, body: body.to_vec(), context: context.clone() })
            .response;
        let parsed = serde_json::from_slice::<Value>(&response.body);
        assert!(response.body.is_empty() || parsed.is_ok());
        assert!(response.status < 500 || response.status == 501, "{}", response.status);
        parsed.unwrap_or_default()
    };
    let target = text(&target);
    for (method, endpoint) in [
        ("POST", "/Users"),
        ("POST", "/Groups"),
        ("POST", "/OrganizationalUnits"),
        ("POST", "/Bulk"),
        ("POST", "/.search"),
    ] {
        let made = ask(method, endpoint, &body);
        if let Some(id) = made["id"].as_str() {
            let path = format!("{endpoint}/{id}");
            ask("PATCH", &path, &patch);
            ask("PUT", &path, &patch);
            let shown = ask("GET", &path, b"");
            assert_eq!(ask("GET", &path, b"")["id"], shown["id"]);
        }
    }
    for method in ["GET", "DELETE", "PATCH", "PUT"] {
        ask(method, &target, &body);
    }
}

/// A filter, as a query of the address and of the directory.
pub fn scim_filter(bytes: &[u8]) {
    let text = text(bytes);
    for kind in Kind::ALL {
        if let Ok(filter) = parse::filter(&text) {
            let resource = json!({ "userName": "a", "emails": [{ "type": "work", "value": text }] });
            let found = bound(kind, &filter);
            let fits = resource.as_object().is_some_and(|resource| matches::fits(kind, resource, &filter));
            if let Ok(Bound { tree: Tree::Nothing, .. }) = found {
                assert!(!fits || text.to_ascii_lowercase().contains("meta"));
            }
        }
        if let Ok(path) = parse::path(&text) {
            assert!(is_name(&path.name.attribute));
        }
        if let Some(name) = Name::of(&text) {
            assert_eq!(Name::of(&name.text()), Some(name));
        }
    }
    if let Some(moment) = time::milliseconds(&text).and_then(|moment| u64::try_from(moment).ok()) {
        assert_eq!(time::milliseconds(&time::shown(moment)), i64::try_from(moment).ok());
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"id\"",
        "\"1\"",
        "\"meta\"",
        "\"version\"",
        "\"emails\"",
        "\"type\"",
        "\"work\"",
        "\"value\"",
        "\"members\"",
        "\"active\"",
        "\"True\"",
        "\"Resources\"",
        "\"totalResults\"",
        "\"nextCursor\"",
        "null",
        "7",
        "-1",
        "1e300",
        "\"\"",
        "\"\\u001b[2J\"",
        "\"scimType\"",
        "\"uniqueness\"",
        "\"detail\"",
        "\"李\"",
    ];
    const NAMES: &[&str] =
        &["emails", ".", "work", "urn:", "a:", "User", "members", "manager", "title", "[", "\"", "id", "2.0"];

    const ASKED: &[&str] = &[
        "userName",
        " eq ",
        "\"a\"",
        "(",
        ")",
        " and ",
        " or ",
        "not ",
        " pr",
        "emails",
        "[",
        "]",
        "type",
        ".value",
        "urn:a:b:",
        "true",
        "7",
        "null",
        " gt ",
        "2026-01-01T00:00:00",
        ".5",
        "Z",
        "+08:00",
        "\\",
        "meta.lastModified",
        "é",
    ];
    const SENT: &[&str] = &[
        "{\"userName\":\"a\"",
        "{\"displayName\":\"g\"",
        ",",
        "}",
        "\"Operations\":",
        "{\"op\":\"add\"",
        "\"path\":\"emails[type eq \\\"work\\\"].value\"",
        "\"path\":\"members\"",
        "\"value\":",
        "[",
        "]",
        "{\"value\":\"a\"}",
        "\"x\"",
        "null",
        "true",
        "\"emails\":",
        "\"members\":",
        "\"method\":\"POST\"",
        "\"bulkId\":\"1\"",
        "\"path\":\"/Users\"",
        "\"data\":",
        "\"urn:a:b:badge\":",
        "\"bulkId:1\"",
        "\"count\":",
        "7",
        "\"filter\":\"id pr\"",
    ];

    proptest! {
        #[test]
        fn requests(target in "/(Users|Groups|Schemas|Me|v2|\\?filter=|%20|&count=|cursor=0|a|/|%){0,6}", body in words(SENT, 12), patch in words(SENT, 14), tag in "(W/\"v1\"|\\*)?", any in bytes(60)) {
            super::scim_request(&join(&[&target, &tag, &body, &patch]));
            let patch = format!("{{\"Operations\":[{patch}]}}");
            super::scim_request(&join(&[&target, &tag, &format!("{body}}}"), &patch]));
            super::scim_request(&any);
        }

        #[test]
        fn filters(filter in words(ASKED, 12), any in bytes(60)) {
            super::scim_filter(filter.as_bytes());
            super::scim_filter(&any);
        }

        #[test]
        fn answers(status in "[1-5][0-9]{2}", header in "-?[0-9]{0,20}|soon", body in words(WORDS, 16), any in bytes(60)) {
            super::scim_answer(&join(&[&status, &header, &body]));
            super::scim_answer(&join(&[&status, &header, &format!("{{\"scimType\":\"uniqueness\",\"detail\":{body}}}")]));
            super::scim_answer(&any);
        }

        #[test]
        fn providers(config in words(WORDS, 8), first in words(WORDS, 12), second in words(WORDS, 12), any in bytes(60)) {
            let page = |resource: &str| format!("{{\"totalResults\":3,\"id\":\"1\",\"Resources\":[{{\"id\":\"1\",\"emails\":[{resource}]}}]}}");
            super::scim_provider(&join(&[&config, &first, &second]));
            super::scim_provider(&join(&[&config, &page(&first), &second]));
            super::scim_provider(&join(&[&"{\"pagination\":{\"cursor\":true}}".to_owned(), &page("7"), &page(&second)]));
            super::scim_provider(&any);
        }

        #[test]
        fn wishes(name in words(NAMES, 5), value in words(WORDS, 6), resource in words(WORDS, 12), time in "(since )?[0-9TZ:-]{0,22}", any in bytes(60)) {
            super::scim_wish(&join(&[&name, &value, &resource, &time]));
            super::scim_wish(&join(&[&name, "\"x\"", &format!("{{\"emails\":{value},\"members\":{value}}}"), &time]));
            super::scim_wish(&any);
        }
    }
}
