//! What goes wrong is said, with who must act; and no scan is complete then.

use super::server::done;
use super::{Server, scan, world};
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Connector, FaultKind, Probe};
use serde_json::{Value, json};

/// The only probe that fails; the others passed.
#[track_caller]
fn failing(world: World) -> Probe {
    let _world = world.enter();
    let mut probes = open::<Ldap>().unwrap().check().unwrap();
    let last = probes.pop().unwrap();
    assert!(probes.iter().all(|probe| probe.ok) && !last.ok, "{probes:?} {last:?}");
    last
}

#[test]
fn everything_is_in_order() {
    let _world = world(Server::small(), json!({})).enter();
    let probes = open::<Ldap>().unwrap().check().unwrap();
    let names: Vec<&str> = probes.iter().filter(|probe| probe.ok).map(|probe| probe.name.as_str()).collect();
    assert_eq!(names, ["connection", "bind", "root DSE", "base", "changes", "people"]);
}

#[test]
fn a_probe_says_what_failed_and_who_must_act() {
    let with = |change: fn(&mut Server)| {
        let mut server = Server::small();
        change(&mut server);
        world(server, json!({}))
    };
    for (world, name, words) in [
        (with(|server| server.bind = 49), "bind", ["result 49", "bind-password"]),
        (with(|server| server.base = 32), "base", ["result 32", "set base"]),
        (with(|server| server.base = 50), "base", ["result 50", "administrator"]),
        (with(|server| server.base = 51), "base", ["result 51", "nobody has to act"]),
        (with(|server| server.base = 52), "base", ["result 52", "nobody has to act"]),
        (with(|server| server.cut = Some(5)), "bind", ["closed the connection", "nobody has to act"]),
    ] {
        let probe = failing(world);
        let both = format!("{} / {}", probe.message, probe.remedy.unwrap_or_default());
        assert!(probe.name == name, "{}: {both}", probe.name);
        assert!(words.iter().all(|word| both.contains(word)), "{name}: {both}");
    }
}

#[test]
fn a_place_where_nobody_is_yet_is_in_order() {
    let mut server = Server::small();
    server.entries.clear();
    let _world = world(server, json!({})).enter();
    let probes = open::<Ldap>().unwrap().check().unwrap();
    let people = probes.iter().find(|probe| probe.name == "people").unwrap();
    assert!(people.ok && people.message.contains("nobody is found by (objectClass=inetOrgPerson)"), "{people:?}");
}

#[test]
fn a_result_that_is_none_ends_the_scan() {
    // Each search of the scan in turn: of names and ids, and of everything.
    for search in 1..=8 {
        for (code, kind, word) in [
            (4, FaultKind::Incomplete, "size limit"),
            (11, FaultKind::Incomplete, "a limit of the server"),
            (32, FaultKind::NotFound, "set base"),
            (50, FaultKind::Forbidden, "administrator"),
            (51, FaultKind::Transient, "busy"),
            (80, FaultKind::Incomplete, "an error"),
            (99, FaultKind::Incomplete, "result 99"),
        ] {
            let server = Server::small().twisted(move |at, bytes| {
                if at == search { done(i64::try_from(at).unwrap() + 1, code, Some(b"")) } else { bytes }
            });
            let _world = world(server, json!({})).enter();
            let fault = scan().unwrap_err();
            assert_eq!(fault.kind, kind, "{search} {code} {}", fault.message);
            assert!(fault.message.contains(word), "{}", fault.message);
        }
    }
}

#[test]
fn pages_that_do_not_go_on_end_the_scan() {
    for cookie in [&b"again"[..], b"more"] {
        let server = Server::small().twisted(move |at, _| {
            let changing = format!("{at}");
            let cookie = if cookie == b"more" { changing.as_bytes() } else { cookie };
            done(i64::try_from(at).unwrap() + 1, 0, Some(cookie))
        });
        let _world = world(server, json!({})).enter();
        let fault = scan().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Incomplete);
        assert!(fault.message.contains("the same page again"), "{}", fault.message);
    }
    let server = Server::small().twisted(|at, _| done(i64::try_from(at).unwrap() + 1, 0, None));
    let _world = world(server, json!({})).enter();
    assert!(scan().unwrap_err().message.contains("gave no pages"));
}

#[test]
fn a_connection_that_is_cut_anywhere_ends_the_scan() {
    let mut whole = 0;
    for cut in (1..).step_by(41) {
        let mut server = Server::small();
        server.cut = Some(cut);
        let _world = world(server, json!({})).enter();
        match scan() {
            Ok((changes, _)) => {
                assert_eq!(changes.len(), 7);
                whole += 1;
                break;
            }
            Err(fault) => assert_eq!(fault.kind, FaultKind::Transient, "{}", fault.message),
        }
    }
    assert_eq!(whole, 1);
}

#[test]
fn what_is_not_ldap_ends_the_scan() {
    let twists: [fn(Vec<u8>) -> Vec<u8>; 6] = [
        |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        |_| vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff],
        |_| vec![0x30, 0x80, 0, 0],
        |_| done(4711, 0, Some(b"")),
        |mut bytes| {
            // The tag of the first part of the first message.
            bytes[2] = 0x1f;
            bytes
        },
        |bytes| [&[0x30, 3, 2, 1, 9][..], &bytes].concat(),
    ];
    for twist in twists {
        let server = Server::small().twisted(move |at, bytes| if at == 2 { twist(bytes) } else { bytes });
        let _world = world(server, json!({})).enter();
        let fault = scan().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Incomplete, "{}", fault.message);
        assert!(fault.message.contains("is not LDAP") && fault.message.contains("setting server"), "{}", fault.message);
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let server = Server::small().twisted(|at, bytes| if at == 3 { Vec::new() } else { bytes });
    let _world = world(server, json!({})).enter();
    let fault = scan().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Timeout, "{}", fault.message);
}

#[test]
fn settings_that_are_none_are_named() {
    for (more, name) in [
        (json!({ "server": "dc:636" }), "server"),
        (json!({ "server": "ldaps://dc:99999" }), "server"),
        (json!({ "server": "ldaps://" }), "server"),
        (json!({ "base": "people" }), "base"),
        (json!({ "bind-dn": " " }), "bind-dn"),
        (json!({ "preset": "inetorgperson" }), "id-attribute"),
        (json!({ "user-filter": "(cn=a" }), "user-filter"),
        (json!({ "page-size": 0 }), "page-size"),
    ] {
        let _world = world(Server::small(), more).enter();
        let fault = scan().unwrap_err();
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Settings, Some(name)), "{}", fault.message);
    }
    let _world = world(Server::small(), Value::Null).secret("bind-password", "").enter();
    assert_eq!(scan().unwrap_err().subject.as_deref(), Some("bind-password"));
}
