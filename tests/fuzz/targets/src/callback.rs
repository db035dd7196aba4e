//! The callback connector, given whatever the hub wants told and an endpoint answers.

use crate::input::{fields, text, texts};
use rosterd_plugin_callback::event::{Event, Happened};
use rosterd_plugin_callback::reply::{Verdict, verdict};
use rosterd_plugin_callback::settings::Settings;
use rosterd_plugin_callback::{idaas, standard};
use rosterd_sdk::http::Response;
use rosterd_sdk::{Action, Class, Edit, Operation};
use serde_json::{Value, json};

/// The answer to an event: a status, the header Retry-After and a body.
pub fn callback_answer(bytes: &[u8]) {
    let [status, header, body] = fields(bytes);
    let status = text(status).parse().unwrap_or(200).clamp(100, 999);
    let headers = vec![("retry-after".to_owned(), text(header))];
    let response = Response { status, headers, body: body.to_vec() };
    let events = ["evnt_1".to_owned(), "evnt_2".to_owned()];
    for events in [None, Some(&events[..])] {
        match verdict(Ok(response.clone()), events) {
            Verdict::Done => assert!((200..300).contains(&status)),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => {
                assert!(fault.message.len() < 2000 && !fault.message.chars().any(char::is_control), "{fault:?}");
                assert!(fault.retry_after_ms.is_none_or(|wait| wait <= 86_400_000));
                assert!(serde_json::from_str::<Value>(&fault.detail).is_ok());
            }
        }
    }
}

/// An operation whose key, id, attributes and value are anything: what comes of it is JSON, in both forms.
pub fn callback_operation(bytes: &[u8]) {
    let [key, id, attributes, value] = texts(bytes);
    let settings = json!({ "url": "https://a", "idaas": { "instance-id": "i", "application-id": "a" } });
    let Ok(settings) = serde_json::from_value::<Settings>(settings) else { panic!("the settings are good") };
    let edit = |replace, add| Edit { attribute: id.clone(), replace, add, remove: None };
    let edits = vec![edit(Some(value.clone()), None), edit(None, Some(value.clone()))];
    let actions = [
        Action::Create(attributes.clone()),
        Action::Update(edits[..1].to_vec()),
        Action::Update(edits),
        Action::Disable,
    ];
    for (class, action) in [Class::Account, Class::OrgUnit, Class::Group, Class::Account].into_iter().zip(actions) {
        let made = matches!(action, Action::Create(_));
        let (key, desired) = (key.clone(), attributes.clone());
        let id = (!made).then(|| id.clone());
        let operation = Operation { key, class, id, action, desired, known: None, version: None, attempt: 1 };
        let Ok(event) = Event::of(&operation, &settings) else { continue };
        assert!(!event.id.is_empty() && !event.key.contains('.') && event.key.len() <= 64);
        if let Ok(body) = standard::body(&event, 0, &settings) {
            let body: Value = json_of(body.sent(None).ok());
            assert_eq!((&body["data"]["id"], made), (&json!(event.id), event.happened == Happened::Created));
        }
        if let (Ok(items), Ok(sender)) = (idaas::items(&event, &settings), settings.idaas()) {
            let payload = json_of(idaas::payload(items, 0, sender).sent(None).ok());
            let events = json_of(payload["eventData"].as_str().map(str::to_owned));
            let data = json_of(events[0]["bizData"].as_str().map(str::to_owned));
            assert!(data.is_object() && events[0]["bizId"] == event.id.as_str());
        }
    }
}

fn json_of(text: Option<String>) -> Value {
    let text = text.unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const ANSWERS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"error\"",
        "\"message\"",
        "\"successEvents\"",
        "\"failedEvents\"",
        "\"retriedEvents\"",
        "\"eventId\"",
        "\"evnt_1\"",
        "\"evnt_2\"",
        "\"eventMessage\"",
        "\"\\u001b[2J\"",
        "7",
        "null",
        "李",
    ];
    const VALUES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"id\"",
        "\"ref\"",
        "\"org-unit\"",
        "\"organizationalUnits\"",
        "\"primaryOrganizationalUnitId\"",
        "\"parentId\"",
        "\"\"",
        "\"\\\\\\\"\"",
        "-1",
        "1e300",
        "null",
        "true",
        "\u{2028}",
    ];
    const NAMES: &[&str] =
        &["id", "parentId", "organizationalUnits", ".", "a", "\n", "李", "primaryOrganizationalUnitId", "-"];

    proptest! {
        #[test]
        fn answers(status in "[1-5][0-9]{2}", header in "-?[0-9]{0,20}|soon", body in words(ANSWERS, 16), any in bytes(60)) {
            super::callback_answer(&join(&[&status, &header, &body]));
            super::callback_answer(&join(&["200", &header, &format!("{{\"successEvents\":[{{\"eventId\":\"evnt_1\"}}],{body}}}")]));
            super::callback_answer(&any);
        }

        #[test]
        fn operations(key in words(NAMES, 4), id in words(NAMES, 2), attributes in words(VALUES, 10), value in words(VALUES, 6), any in bytes(60)) {
            super::callback_operation(&join(&[&key, &id, &attributes, &value]));
            let good = format!("{{\"id\":\"1\",\"organizationalUnits\":[{{\"ref\":\"org-unit\",\"id\":{value}}}],\"x\":{value}}}");
            super::callback_operation(&join(&[&key, &id, &good, &value]));
            super::callback_operation(&join(&[&key, &id, "{\"id\":7,\"parentId\":null}", "[1,null]"]));
            super::callback_operation(&any);
        }
    }
}
