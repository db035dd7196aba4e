//! The csv connector against the conformance suite of the SDK, and against the files that people really send.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod conforms;
mod reading;
mod refusals;
mod round_trip;
mod rows;
mod writing;

use rosterd_plugin_csv::Csv;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Change, Class, Fault, Reader, ScanEnd, Source};
use serde_json::{Value, json};

/// A file of `tests/fixtures`.
fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// A world with one file and the settings for it; `more` is merged into them.
fn world(bytes: impl AsRef<[u8]>, id: &str, more: Value) -> World {
    let mut settings = json!({ "file": "people.csv", "id": id });
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    World::new().settings(settings).file("people.csv", bytes)
}

/// Everything that a scan says, in pages of 3.
fn scan() -> Result<(Vec<Change>, ScanEnd), Fault> {
    let mut reader = open::<Csv>()?.scan(&[Class::Account, Class::OrgUnit], None)?;
    let mut changes = Vec::new();
    loop {
        let page = reader.next(3)?;
        let end = page.ended().cloned();
        changes.extend(page.changes);
        if let Some(end) = end {
            return Ok((changes, end));
        }
    }
}

/// Id and attributes of the accounts of a scan.
fn accounts(changes: &[Change]) -> Vec<(String, Value)> {
    let one = |change: &Change| match change {
        Change::Upsert(object) if object.class == Class::Account => {
            Some((object.id.clone(), serde_json::from_str(&object.attributes).unwrap()))
        }
        _ => None,
    };
    changes.iter().filter_map(one).collect()
}
