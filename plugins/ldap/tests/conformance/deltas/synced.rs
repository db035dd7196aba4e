//! RFC 4533.

use super::super::server::{Entry, done, done_with, entry, message};
use super::timed::timed;
use super::*;
use rosterd_plugin_ldap::ber::{element, integer};
use rosterd_plugin_ldap::control::SYNC;
use rosterd_sdk::{Change, DepartureCause, Fault};
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;

/// What a synchronisation with a cookie answers: gets its number and what is in the content.
type Refresh = fn(i64, &[Entry]) -> Vec<u8>;

fn sync_done(id: i64, code: i64, cookie: &str, deletes: bool) -> Vec<u8> {
    let value = element(0x30, [element(4, cookie), if deletes { element(1, [0xff]) } else { Vec::new() }].concat());
    let control = element(0x30, [element(4, "1.3.6.1.4.1.4203.1.9.1.3"), element(4, value)].concat());
    done_with(id, code, &control)
}

fn info(id: i64, value: Vec<u8>) -> Vec<u8> {
    let body = [element(0x80, "1.3.6.1.4.1.4203.1.9.1.4"), element(0x81, value)].concat();
    element(0x30, [integer(2, id), element(0x79, body)].concat())
}

fn id_set(id: i64, deleted: bool, ids: &[&str]) -> Vec<u8> {
    let ids: Vec<u8> = ids.iter().flat_map(|id| element(4, uuid(id))).collect();
    info(id, element(0xa3, [element(1, [if deleted { 0xff } else { 0 }]), element(0x31, ids)].concat()))
}

fn told(id: i64, entry: &Entry, state: u8) -> Vec<u8> {
    let names: Vec<String> =
        entry.2.iter().map(|(name, _)| name.clone()).filter(|name| name != "userPassword").collect();
    let own = entry.2.iter().find(|(name, _)| name == "entryUUID").unwrap().1[0].clone();
    let text = String::from_utf8(own).unwrap();
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let uuid = digits.chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap());
    message(id, entry, &names, usize::MAX, false, Some((state, uuid.collect::<Vec<u8>>().try_into().unwrap())))
}

/// A server with RFC 4533, whose second answers are these.
fn synced(refresh: Refresh) -> Server {
    let mut server = small();
    server.root.push(("supportedControl", vec![SYNC.to_owned()]));
    server.sync = Some(Box::new(move |id, content, cookie| match cookie {
        None => {
            let all: Vec<u8> = content.iter().flat_map(|entry| told(id, entry, 1)).collect();
            [all, sync_done(id, 0, "csn=1", false)].concat()
        }
        Some(cookie) => {
            assert_eq!(cookie, b"csn=1");
            refresh(id, content)
        }
    }));
    server
}

fn refreshed(refresh: Refresh) -> Result<(Vec<Change>, String), Fault> {
    let first = cursor(world(synced(refresh), json!({ "delta": "auto" })));
    assert!(first.contains("\"sync\""), "{first}");
    let _world = world(synced(refresh), json!({ "delta": "auto" })).enter();
    let (changes, end) = since(&first)?;
    assert_eq!(end.complete, []);
    Ok((changes, end.cursor.unwrap()))
}

#[test]
fn a_synchronisation_tells_what_is_new_and_what_is_gone() {
    // In each of the three searches; p3 changed, p9 was deleted, and g1 is where it was, as others say that it left.
    let (changes, next) = refreshed(|id, content| {
        let alone = content.iter().find(|(dn, ..)| dn.starts_with(b"cn=alone"));
        let changed = alone.map_or_else(Vec::new, |entry| told(id, entry, 1));
        let left = entry("cn=alone,dc=x", "", &[("entryUUID", &[&uuid_text("p3")])]);
        let elsewhere = if alone.is_none() { told(id, &left, 3) } else { Vec::new() };
        let cookie = info(id, element(0x80, "csn=ignored"));
        [cookie, id_set(id, true, &["p9", "u1"]), changed, elsewhere, sync_done(id, 0, "csn=2", true)].concat()
    })
    .unwrap();
    assert_eq!(object(&changes, Class::Account, &uuid_text("p3")), json!({ "dn": "cn=alone,dc=x", "cn": "alone" }));
    for class in ALL {
        assert!(changes.contains(&Change::gone(class, uuid_text("p9"), DepartureCause::Deleted)), "{changes:?}");
        assert!(changes.contains(&Change::gone(class, uuid_text("u1"), DepartureCause::LeftScope)), "{changes:?}");
    }
    assert_eq!(next.matches(&rosterd_plugin_ldap::cursor::hex(b"csn=2")).count(), 3);
    // Nothing changed.
    assert_eq!(refreshed(|id, _| sync_done(id, 0, "csn=1", true)).unwrap().0, []);
}

#[test]
fn a_server_that_has_forgotten_makes_a_full_run() {
    let cases: [(Refresh, &str); 6] = [
        (|id, _| sync_done(id, 4096, "csn=1", false), "no longer knows"),
        (|id, _| [id_set(id, false, &["p1", "p2"]), sync_done(id, 0, "csn=2", false)].concat(), "no log"),
        (
            |id, content| {
                [content.iter().flat_map(|entry| told(id, entry, 0)).collect(), sync_done(id, 0, "csn=2", false)]
                    .concat()
            },
            "no log",
        ),
        (|id, _| [info(id, element(0xa2, [])), sync_done(id, 0, "csn=2", true)].concat(), "no log"),
        // Nobody is mentioned, and so nobody would be left.
        (|id, _| sync_done(id, 0, "csn=2", false), "no log"),
        (|id, _| done(id, 0, None), "no log"),
    ];
    for (refresh, word) in cases {
        let fault = refreshed(refresh).unwrap_err();
        assert_eq!(fault.kind, FaultKind::CursorInvalid, "{}", fault.message);
        assert!(fault.message.contains(word), "{}", fault.message);
    }
    // What is no synchronisation is none.
    let fault = refreshed(|id, content| {
        let names = ["entryUUID".to_owned()];
        let plain = content.iter().flat_map(|entry| message(id, entry, &names, 9, false, None));
        [plain.collect(), sync_done(id, 0, "csn=2", true)].concat()
    });
    assert_eq!(fault.unwrap_err().kind, FaultKind::Incomplete);
    for (refresh, kind) in [
        ((|id, _| sync_done(id, 4, "csn=2", true)) as Refresh, FaultKind::Incomplete),
        (|id, _| sync_done(id, 51, "csn=2", true), FaultKind::Transient),
    ] {
        assert_eq!(refreshed(refresh).unwrap_err().kind, kind);
    }
}

#[test]
fn where_a_synchronisation_is_limited_times_are_used() {
    let mut server = timed(&["20260101000000Z"; 7]);
    server.root.push(("supportedControl", vec![SYNC.to_owned()]));
    server.sync = Some(Box::new(|id, content, _| [told(id, &content[0], 1), sync_done(id, 4, "", false)].concat()));
    let first = cursor(world(server, json!({ "delta": "auto" })));
    assert!(first.contains("20260101000000Z"), "{first}");
    // Whoever names one way gets no other one, and is told why.
    let mut server = small();
    server.root.push(("supportedControl", vec![SYNC.to_owned()]));
    server.sync = Some(Box::new(|id, _, _| sync_done(id, 4, "", false)));
    let _world = world(server, json!({ "delta": "sync" })).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((changes.len(), end.cursor), (7, None));
    assert!(
        end.note.unwrap().starts_with("each run reads everything: the synchronisation (RFC 4533) failed: size limit")
    );
}

#[test]
fn a_delta_that_is_cut_anywhere_is_no_delta() {
    let refresh: Refresh = |id, content| {
        [content.iter().flat_map(|entry| told(id, entry, 2)).collect(), sync_done(id, 0, "csn=2", true)].concat()
    };
    let first = cursor(world(synced(refresh), json!({ "delta": "auto" })));
    let mut whole = 0;
    for cut in (1..).step_by(53) {
        let mut server = synced(refresh);
        server.cut = Some(cut);
        let _world = world(server, json!({ "delta": "auto" })).enter();
        match since(&first) {
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
fn what_is_not_ldap_ends_a_delta() {
    let refresh: Refresh = |id, content| {
        [content.iter().flat_map(|entry| told(id, entry, 2)).collect(), sync_done(id, 0, "csn=2", true)].concat()
    };
    let first = cursor(world(synced(refresh), json!({ "delta": "auto" })));
    let asked = Rc::new(RefCell::new(0));
    for search in 1..=4 {
        let count = Rc::clone(&asked);
        let server = synced(refresh).twisted(move |at, bytes| {
            *count.borrow_mut() = at;
            if at == search { b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec() } else { bytes }
        });
        let _world = world(server, json!({ "delta": "auto" })).enter();
        assert_eq!(since(&first).unwrap_err().kind, FaultKind::Incomplete, "{search}");
        assert!(*asked.borrow() >= search);
    }
}
