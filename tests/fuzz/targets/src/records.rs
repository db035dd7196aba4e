//! What connectors say about objects, and what the hub makes of single values.

use crate::input::{text, texts};
use rosterd_model::record::{Amendment, Edit};
use rosterd_model::{Attributes, Class, ConnectionId, EntityId, ExternalId, JobId, Record, RunId, Value};
use rosterd_reconcile::absence::parse_duration;
use rosterd_reconcile::normalise::value::{email, match_key, phone};
use rosterd_reconcile::normalise::{self, MAX_ATTRIBUTES, amend, normalise, record_hash};
use rosterd_reconcile::{canonical, json_value, to_json, value_to_json};
use std::fmt::Display;
use std::str::FromStr;

/// Attributes as a connector may give them.
pub fn record(bytes: &[u8]) {
    let [id, attributes] = texts(bytes);
    let record = Record {
        class: Class::Account,
        id: id.as_str().into(),
        previous_id: None,
        version: None,
        attributes,
        partial: false,
    };
    let _ = record_hash(&record);
    let Ok(attributes) = normalise(&record) else { return };
    assert!(!id.is_empty() && id.len() <= ExternalId::MAX_BYTES && !id.contains(char::is_control));
    assert!(attributes.len() <= MAX_ATTRIBUTES);
    // What was normalised once stays as it is.
    let again = Record { attributes: to_json(&attributes), ..record };
    assert_eq!(normalise(&again).as_ref(), Ok(&attributes));
}

/// The JSON of one attribute.
pub fn attribute(bytes: &[u8]) {
    let Ok(value) = json_value("a", &text(bytes)) else { return };
    let again = json_value("a", &value_to_json(&value).to_string());
    assert_eq!(again.as_ref(), Ok(&value));
    assert!(
        again.is_ok_and(|again| canonical::equal(&again, &value) && canonical::key(&again) == canonical::key(&value))
    );
    assert!(match_key(&value).is_none_or(|key| !key.is_empty()));
}

/// Edits of an object as a connector may give them.
pub fn amendment(bytes: &[u8]) {
    let [known, name, replace, add, remove] = texts(bytes);
    let known = rosterd_reconcile::json_attributes(&known).unwrap_or_default();
    let given = |text: String| (!text.is_empty()).then_some(text);
    let edit = Edit { attribute: name.clone(), replace: given(replace), add: given(add), remove: given(remove) };
    let amendment = Amendment { class: Class::Group, id: "fuzz".into(), version: None, edits: vec![edit] };
    let Ok(once) = amend(&known, &amendment) else { return };
    // A source that sends the same edit twice says nothing new, and says nothing about other attributes.
    assert_eq!(amend(&once, &amendment).as_ref(), Ok(&once));
    let others = |attributes: &Attributes| attributes.iter().filter(|(own, _)| *own != name).count();
    assert_eq!(others(&once), others(&known));
    assert!(once.len() <= MAX_ATTRIBUTES.max(known.len()));
}

/// A text, an address or a number as people write them.
pub fn value(bytes: &[u8]) {
    let raw = text(bytes);
    if let Ok(once) = normalise::value::text(&raw) {
        assert_eq!(normalise::value::text(&once).as_ref(), Ok(&once));
    }
    if let Ok(once) = email(&raw) {
        assert_eq!(email(&once).as_ref(), Ok(&once));
        assert!(once.matches('@').count() == 1 && !once.contains(char::is_whitespace));
    }
    for country in [None, Some("86"), Some("39")] {
        let Ok(once) = phone(&raw, country) else { continue };
        assert!(once.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit()) && once.len() <= 16);
        // A number without a country may get one.
        if once.starts_with('+') {
            assert_eq!(phone(&once, country).as_ref(), Ok(&once));
        }
    }
    // What compares equal once compares equal in its own normal form.
    if let Some(once) = match_key(&Value::from(raw.as_str())) {
        assert_eq!(match_key(&Value::from(once.as_str())).as_ref(), Some(&once));
    }
}

/// Names, ids and durations that people type.
pub fn identifier(bytes: &[u8]) {
    fn shown<T: FromStr + Display>(text: &str) -> Option<String> {
        let read = text.parse::<T>().ok()?.to_string();
        assert_eq!(read.parse::<T>().ok().map(|again| again.to_string()).as_ref(), Some(&read));
        Some(read)
    }
    let text = text(bytes);
    for name in [shown::<ConnectionId>(&text), shown::<JobId>(&text), shown::<Class>(&text)].into_iter().flatten() {
        assert_eq!(name, text);
        assert!(
            name.len() <= 63
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
    }
    let _ = (shown::<RunId>(&text), shown::<EntityId>(&text));
    if let Ok(ms) = parse_duration(&text) {
        assert_eq!(parse_duration(&format!("{ms}ms")), Ok(ms));
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const JSON: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"id\"",
        "\"ref\"",
        "\"account\"",
        "null",
        "true",
        "1",
        "-0.0",
        "1e999",
        "1.5",
        "\"a\"",
        "\"b\"",
        "\"\\ud800\"",
        "\" e\u{301}\"",
        "\"\"",
    ];
    const MEMBERS: &str = r#"\[("[a-z]{0,3}"|null|\{"ref":"account","id":"[a-z]{0,3}"\}|,){0,6}\]?"#;

    proptest! {
        #[test]
        fn records(bytes in bytes(400), json in words(JSON, 24), id in ".{0,8}") {
            super::record(&join(&[b"1", bytes.as_slice()]));
            super::record(&join(&[id, json]));
        }

        #[test]
        fn objects(text in r#"\{("[a-z. ]{0,4}":("[^"\\]{0,6}"|null|true|-?[0-9]{1,20}(\.[0-9]{1,3})?|\[("[a-z]{0,3}",?){0,3}\]),?){0,4}\}"#) {
            super::record(&join(&["1", &text]));
        }

        #[test]
        fn attributes(bytes in bytes(60), json in words(JSON, 16), list in "\\[([0-9]{1,2},){0,4}(\"[^\"\\\\]{0,3}\",){0,4}null\\]") {
            super::attribute(&bytes);
            super::attribute(json.as_bytes());
            super::attribute(list.as_bytes());
        }

        #[test]
        fn amendments(name in "[ab]?", parts in [MEMBERS, MEMBERS, MEMBERS], any in words(JSON, 8)) {
            let [replace, add, remove] = parts;
            super::amendment(&join(&[r#"{"a":["x","y"],"c":1}"#, &name, "", &add, &remove]));
            super::amendment(&join(&[r#"{"a":"x"}"#, &name, &replace, &add, &remove]));
            super::amendment(&join(&["{}", "a", &any, "", ""]));
        }

        #[test]
        fn values(text in "\\PC{0,12}", number in "[ +0-9()eE.０-９－/-]{0,18}", address in "[a-zA-Z0-9.＠@İß -]{0,16}@[a-zA-Z.ſK-]{0,12}") {
            super::value(text.as_bytes());
            super::value(number.as_bytes());
            super::value(address.as_bytes());
        }

        #[test]
        fn identifiers(any in ".{0,70}", name in "-?[a-z0-9-]{0,66}", number in "[0-9]{1,21}(ms|[smhd])?", uuid in any::<u128>()) {
            let uuid = format!("{uuid:032x}");
            for text in [any, name, number, uuid] {
                super::identifier(text.as_bytes());
            }
        }
    }
}
