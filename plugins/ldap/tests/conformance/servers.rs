//! Several servers, and what a server says of itself.

use super::server::{Server, entry};
use super::{all_of, open_at, scan, world};
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Connector, FaultKind};
use serde_json::{Value, json};

/// One that refuses every bind with this result.
fn closed(bind: u8) -> Server {
    let mut server = Server::small();
    server.bind = bind;
    server
}

/// One that nobody may ask anything.
fn unasked() -> Server {
    Server::small().twisted(|_, _| panic!("it is asked"))
}

fn two() -> Value {
    json!({ "servers": ["ldaps://second"], "delta": "timestamp" })
}

fn timed() -> Server {
    let mut server = Server::small();
    server.entries[1].2.push(("modifyTimestamp".to_owned(), vec![b"20260101000000Z".to_vec()]));
    server
}

#[test]
fn the_next_server_is_asked_when_one_is_not_available() {
    let _world = world(closed(52), two()).server("second", 636, timed()).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!(changes.len(), 7);
    assert!(end.cursor.unwrap().contains("second:636"));
}

#[test]
fn a_password_that_one_refuses_is_not_tried_at_the_next() {
    let _world = world(closed(49), two()).server("second", 636, unasked()).enter();
    assert_eq!(scan().unwrap_err().kind, FaultKind::Unauthorized);
    let probes = open::<Ldap>().unwrap().check().unwrap();
    assert_eq!(probes.iter().filter(|probe| probe.name == "bind").count(), 1, "{probes:?}");
}

#[test]
fn where_none_answers_all_are_named() {
    let _world = world(closed(51), two()).server("second", 636, closed(52)).enter();
    let fault = scan().unwrap_err();
    assert!(fault.kind == FaultKind::Transient && fault.message.starts_with("none of 2 servers answers"), "{fault:?}");
}

#[test]
fn changes_are_those_of_the_server_that_was_read_or_everything_is_read() {
    let cursor = {
        let _world = world(closed(52), two()).server("second", 636, timed()).enter();
        scan().unwrap().1.cursor.unwrap()
    };
    // The first is back, and the second is asked all the same.
    let _world = world(unasked(), two()).server("second", 636, timed()).enter();
    all_of(open_at(&cursor).unwrap(), 500).unwrap();
    let _world = world(timed(), two()).server("second", 636, closed(52)).enter();
    assert_eq!(all_of(open_at(&cursor).unwrap(), 500).unwrap_err().kind, FaultKind::CursorInvalid);
}

#[test]
fn a_check_tries_every_server_and_no_server_is_named_twice() {
    let _world = world(Server::small(), two()).server("second", 636, closed(52)).enter();
    let probes = open::<Ldap>().unwrap().check().unwrap();
    let bad: Vec<&str> = probes.iter().filter(|probe| !probe.ok).map(|probe| probe.name.as_str()).collect();
    assert!(bad.contains(&"bind") && probes.iter().any(|probe| probe.name == "people" && probe.ok), "{probes:?}");
    let _world = world(Server::small(), json!({ "servers": ["ldaps://dc"] })).enter();
    assert_eq!(open::<Ldap>().unwrap_err().subject.as_deref(), Some("servers"));
}

#[test]
fn attributes_are_those_of_the_schema() {
    let described = |server: Server| {
        let _world = world(server, json!({ "attributes": ["x-desk"] })).enter();
        let text = open::<Ldap>().unwrap().discover().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let mut server = Server::small();
    server.root.push(("subschemaSubentry", vec!["cn=schema,dc=x".to_owned()]));
    let attributes = [
        "( 1 NAME ( 'cn' 'commonName' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        "( 2 NAME 'uid' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        "( 3 NAME 'x-desk' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
        "( 4 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
        "( 5 NAME 'userPassword' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )",
    ];
    let classes = [
        "( 10 NAME 'person' STRUCTURAL MUST cn MAY userPassword )",
        "( 11 NAME 'inetOrgPerson' SUP person STRUCTURAL MAY ( uid $ x-desk $ jpegPhoto ) )",
    ];
    let schema = [("attributeTypes", &attributes[..]), ("objectClasses", &classes[..])];
    server.entries.push(entry("cn=schema,dc=x", "subschema", &schema));
    let found = described(server);
    let all = found["classes"]["account"]["attributes"].as_array().unwrap();
    let names: Vec<&str> = all.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dn", "uid", "cn", "orgUnit", "x-desk"]);
    assert_eq!(all[2]["required"], true);
    assert_eq!(
        all[4],
        json!({ "name": "x-desk", "type": "text", "multi": false, "required": false, "writable": true,
        "description": "read, as the setting attributes says" })
    );
    // One without a schema: everything that is known.
    let found = described(Server::small());
    assert!(found["classes"]["account"]["attributes"].as_array().unwrap().len() > 20);
    assert_eq!(found["warnings"].as_array().unwrap().len(), 1);
}
