//! The dingtalk connector against the conformance suite of the SDK, and against an organisation that answers as DingTalk
//! does, or worse.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod conforms;
mod corp;
mod events;
mod fields;
mod leavers;
mod probing;
mod property;
mod range;
mod reading;
mod refusals;
mod shapes;
mod writing;

use corp::Corp;
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Change, Class, Fault, Object, Reader, ScanEnd, Source};
use serde_json::{Value, json};

const BOTH: [Class; 2] = [Class::OrgUnit, Class::Account];

/// A world with an organisation and the settings for it; `more` is merged into them.
fn world(corp: Corp, more: Value) -> World {
    let mut settings = json!({ "app-key": "dingkey" });
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    World::new().settings(settings).http(move |request| corp.answer(request))
}

/// Everything that a scan says, in pages of `max`.
fn scan_of(classes: &[Class], max: u32) -> Result<(Vec<Change>, ScanEnd), Fault> {
    let mut reader = open::<Dingtalk>()?.scan(classes, None)?;
    let mut changes = Vec::new();
    loop {
        let page = reader.next(max)?;
        let end = page.ended().cloned();
        changes.extend(page.changes);
        if let Some(end) = end {
            return Ok((changes, end));
        }
    }
}

fn scan() -> Result<(Vec<Change>, ScanEnd), Fault> {
    scan_of(&BOTH, 500)
}

/// The object of an id, with its attributes.
#[track_caller]
fn object(changes: &[Change], class: Class, id: &str) -> (Object, Value) {
    let found = changes.iter().find_map(|change| match change {
        Change::Upsert(object) if object.class == class && object.id == id => Some(object.clone()),
        _ => None,
    });
    let found = found.unwrap_or_else(|| panic!("{id} was not told: {changes:?}"));
    let attributes = serde_json::from_str(&found.attributes).unwrap();
    (found, attributes)
}

/// Ids of what was told, in order.
fn ids(changes: &[Change], class: Class) -> Vec<String> {
    let one = |change: &Change| match change {
        Change::Upsert(object) if object.class == class => Some(object.id.clone()),
        _ => None,
    };
    changes.iter().filter_map(one).collect()
}

/// Ids and sentences of what was rejected.
fn rejected(changes: &[Change]) -> Vec<(Option<String>, String)> {
    let one = |change: &Change| match change {
        Change::Rejected(rejection) => Some((rejection.id.clone(), rejection.message.clone())),
        _ => None,
    };
    changes.iter().filter_map(one).collect()
}

/// A reference as records hold it.
fn refers(class: &str, id: &str) -> Value {
    json!({ "ref": class, "id": id })
}
