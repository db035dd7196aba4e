//! Times of changes.

use super::*;
use rosterd_sdk::{Change, DepartureCause};
use serde_json::json;

/// The small directory, with a time for each entry.
pub(super) fn timed(times: &[&str]) -> Server {
    let mut server = small();
    for (entry, time) in server.entries.iter_mut().zip(times) {
        entry.2.push(("modifyTimestamp".to_owned(), vec![time.as_bytes().to_vec()]));
    }
    server
}

#[test]
fn times_of_changes() {
    let old = ["20260101000000Z"; 7];
    let first = cursor(world(timed(&old), json!({ "delta": "timestamp" })));
    assert!(first.contains("20260101000000Z"), "{first}");
    let new = [
        "20250101000000Z",
        "20260101000001Z",
        "20250101000000Z",
        "20260101000002Z",
        "20250101000000Z",
        "20251231235955Z",
        "20251231235949Z",
    ];
    let mut server = timed(&new);
    // The boss is no person any more.
    server.entries[3].1 = "device";
    let _world = world(server, json!({ "delta": "timestamp" })).enter();
    let (changes, end) = since(&first).unwrap();
    assert_eq!(object(&changes, Class::Account, &uuid_text("p1"))["orgUnit"], refers("org-unit", &uuid_text("u2")));
    let members = object(&changes, Class::Group, &uuid_text("g1"))["member"].clone();
    assert_eq!(members.as_array().unwrap().len(), 3, "a change that was a little late is seen: {members}");
    let left = ALL.map(|class| Change::gone(class, uuid_text("p2"), DepartureCause::LeftScope));
    assert_eq!(changes[2..], left);
    assert!(end.cursor.unwrap().contains("20260101000002Z"));
}

#[test]
fn what_was_moved_away_is_found_around_the_base() {
    let old = ["20260101000000Z"; 7];
    let settings = json!({ "delta": "timestamp", "base": "ou=sales,dc=x" });
    let first = cursor(world(timed(&old), settings.clone()));
    let _world = world(timed(&old), settings.clone()).enter();
    let (changes, _) = since(&first).unwrap();
    assert!(changes.contains(&Change::gone(Class::Account, uuid_text("p3"), DepartureCause::LeftScope)));
    drop(_world);
    // Where we may not look around, only what is below the base is told.
    let mut blind = timed(&old);
    blind.root = vec![("namingContexts", vec!["dc=y,dc=x".to_owned(), "dc=X".to_owned()])];
    blind.entries.retain(|(dn, ..)| dn.ends_with(b"Sales,dc=x") || dn.ends_with(b"sales,dc=x"));
    let blind = blind.twisted(|_, bytes| bytes);
    let _world = world(blind, settings).enter();
    let (changes, _) = since(&first).unwrap();
    assert!(changes.iter().all(|change| !matches!(change, Change::Gone(_))), "{changes:?}");
    assert_eq!(changes.len(), 4);
}
