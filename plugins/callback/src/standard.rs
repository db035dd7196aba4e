//! An event in the form of Standard Webhooks 1.0: its body, and the text that is signed. Pure.

use crate::event::{Changed, Event, Happened};
use crate::settings::{Content, Settings};
use crate::text::Text;
use rosterd_sdk::{Class, Fault, time};
use serde_json::{Map, Value, json};

/// The body of an event.
///
/// # Errors
/// `invalid` if it is too large.
pub fn body(event: &Event, now_ms: u64, settings: &Settings) -> Result<Text, Fault> {
    let whole = write(event, now_ms, settings, false);
    if whole.len() <= settings.maximum_bytes {
        return Ok(whole);
    }
    // A group of many members changes by a few: these are told, and the others stay as they are.
    let part = write(event, now_ms, settings, true);
    if event.happened != Happened::Created && part.len() <= settings.maximum_bytes {
        return Ok(part);
    }
    Err(too_large(part.len(), settings))
}

/// The body of the event that tries an endpoint.
#[must_use]
pub fn ping(now_ms: u64) -> Text {
    Text::plain(json!({ "type": "ping", "timestamp": timestamp(now_ms), "data": {} }).to_string())
}

/// What is signed: id, seconds, body.
#[must_use]
pub fn signed(id: &str, seconds: u64, body: Text) -> Text {
    body.between(&format!("{id}.{seconds}."), "")
}

/// Says that an event is too large to be sent.
#[must_use]
pub fn too_large(bytes: usize, settings: &Settings) -> Fault {
    Fault::invalid(format!(
        "the event has {bytes} bytes, and {} are allowed; map fewer attributes, or set maximum-bytes or content = \"thin\"",
        settings.maximum_bytes
    ))
}

fn write(event: &Event, now_ms: u64, settings: &Settings, partial: bool) -> Text {
    let mut data = Map::new();
    data.insert("class".to_owned(), event.class.as_str().into());
    data.insert("id".to_owned(), event.id.as_str().into());
    if settings.content == Content::Full && event.happened != Happened::Deleted {
        if partial {
            data.insert("partial".to_owned(), true.into());
        } else {
            data.insert("attributes".to_owned(), Value::Object(event.attributes.clone()));
        }
        if !event.changes.is_empty() {
            data.insert("changes".to_owned(), event.changes.iter().map(changed).collect());
        }
    }
    let data = Value::Object(data).to_string();
    let data = if event.password { Text::with_password(&data) } else { Text::plain(data) };
    let head = format!(
        "{{\"type\":\"{}.{}\",\"timestamp\":\"{}\",\"data\":",
        class(event.class),
        word(event.happened),
        timestamp(now_ms)
    );
    data.between(&head, "}")
}

fn changed(changed: &Changed) -> Value {
    let mut all = Map::from_iter([("attribute".to_owned(), Value::from(changed.attribute.as_str()))]);
    all.extend(changed.told.clone());
    Value::Object(all)
}

/// Types are made of letters, digits and `_`.
const fn class(class: Class) -> &'static str {
    match class {
        Class::Account => "account",
        Class::OrgUnit => "org_unit",
        Class::Group => "group",
    }
}

const fn word(happened: Happened) -> &'static str {
    match happened {
        Happened::Created => "created",
        Happened::Updated => "updated",
        Happened::Enabled => "enabled",
        Happened::Disabled => "disabled",
        Happened::Moved => "moved",
        Happened::Deleted => "deleted",
    }
}

fn timestamp(now_ms: u64) -> String {
    i64::try_from(now_ms).ok().and_then(time::rfc3339).unwrap_or_default()
}
