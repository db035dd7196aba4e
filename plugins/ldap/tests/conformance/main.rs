//! The ldap connector against the conformance suite of the SDK, and against a server that answers as directories do, or
//! worse.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod active_directory;
mod conforms;
mod deltas;
mod groups;
mod judge;
mod property;
mod reading;
mod refusals;
mod server;
mod servers;
mod writing;

use rosterd_plugin_ldap::{Ldap, Reading};
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Change, Class, Fault, Reader, ScanEnd, Source};
use serde_json::{Value, json};
use server::Server;

const ALL: [Class; 3] = [Class::OrgUnit, Class::Account, Class::Group];

/// A world with a server and the settings for it; `more` is merged into them.
fn world(server: Server, more: Value) -> World {
    let mut settings = json!({ "server": "ldaps://dc:636", "base": "dc=x", "bind-dn": "cn=sync,dc=x", "page-size": 2, "delta": "none" });
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    World::new().settings(settings).secret("bind-password", "Kanari-17").server("dc", 636, server)
}

/// Everything that a scan says, in pages of `max`.
fn scan_of(classes: &[Class], max: u32) -> Result<(Vec<Change>, ScanEnd), Fault> {
    all_of(open::<Ldap>()?.scan(classes, None)?, max)
}

fn all_of(mut reader: Reading, max: u32) -> Result<(Vec<Change>, ScanEnd), Fault> {
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
    scan_of(&ALL, 500)
}

/// A reader of what changed since a cursor.
fn open_at(cursor: &str) -> Result<Reading, Fault> {
    open::<Ldap>()?.changes_since(&ALL, cursor.to_owned())
}

/// Everything that changed since a cursor.
fn since(cursor: &str) -> Result<(Vec<Change>, ScanEnd), Fault> {
    all_of(open_at(cursor)?, 500)
}

/// The attributes of the object with this id, but for those that it has no value of.
#[track_caller]
fn object(changes: &[Change], class: Class, id: &str) -> Value {
    let mut all = whole(changes, class, id);
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    all
}

/// The attributes of the object with this id.
#[track_caller]
fn whole(changes: &[Change], class: Class, id: &str) -> Value {
    let found = changes.iter().find_map(|change| match change {
        Change::Upsert(object) if object.class == class && object.id == id => Some(object),
        _ => None,
    });
    let found = found.unwrap_or_else(|| panic!("{id} was not told: {changes:?}"));
    serde_json::from_str(&found.attributes).unwrap()
}

/// Position, id and sentence of what was rejected.
fn rejected(changes: &[Change]) -> Vec<(String, Option<String>, String)> {
    let one = |change: &Change| match change {
        Change::Rejected(one) => Some((one.position.clone(), one.id.clone(), one.message.clone())),
        _ => None,
    };
    changes.iter().filter_map(one).collect()
}

/// A reference as records hold it.
fn refers(class: &str, id: &str) -> Value {
    json!({ "ref": class, "id": id })
}
