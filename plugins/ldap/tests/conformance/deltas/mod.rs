//! What changed: each way of finding it, and every cursor that is no good any more.

mod dirsync;
mod domain;
mod synced;
mod timed;

use super::{ALL, Server, object, open_at, refers, rejected, scan, since, world};
use rosterd_sdk::testkit::World;
use rosterd_sdk::{Class, FaultKind};

/// Where the first full scan says that the next delta begins.
fn cursor(world: World) -> String {
    let _world = world.enter();
    let (_, end) = scan().unwrap();
    end.cursor.clone().unwrap_or_else(|| panic!("a cursor: {end:?}"))
}

#[track_caller]
fn refused(world: World, cursor: &str, word: &str) {
    let _world = world.enter();
    let fault = since(cursor).unwrap_err();
    assert_eq!(fault.kind, FaultKind::CursorInvalid, "{}", fault.message);
    assert!(fault.message.contains(word) && fault.message.contains("everything is read"), "{}", fault.message);
}

/// UUID of an entry of the small directory.
fn uuid(text: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn uuid_text(text: &str) -> String {
    rosterd_plugin_ldap::values::uuid(uuid(text))
}

/// The small directory with ids that are UUIDs.
fn small() -> Server {
    let mut server = Server::small();
    for entry in &mut server.entries {
        for (name, values) in &mut entry.2 {
            if name == "entryUUID" {
                values[0] = uuid_text(str::from_utf8(&values[0]).unwrap()).into_bytes();
            }
        }
    }
    server
}
