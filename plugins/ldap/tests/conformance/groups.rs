//! Long groups and primary groups; several bases; single objects.

use super::server::{Entry, entry};
use super::{ALL, Server, object, refers, rejected, scan, scan_of, world};
use rosterd_plugin_ldap::Ldap;
use rosterd_plugin_ldap::values::guid_bytes;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Change, Class, FaultKind, ObjectRef, Source};
use serde_json::json;

fn id(number: usize) -> String {
    format!("00112233-4455-6677-8899-{number:012x}")
}

fn with_guid(mut entry: Entry, number: usize) -> Entry {
    entry.2.push(("objectGUID".to_owned(), vec![guid_bytes(&id(number)).unwrap().to_vec()]));
    entry
}

fn sid(number: u32) -> Vec<u8> {
    [&b"\x01\x05\x00\x00\x00\x00\x00\x05domain-of-us-all"[..], &number.to_le_bytes()].concat()
}

fn with_sid(mut entry: Entry, number: u32) -> Entry {
    entry.2.push(("objectSid".to_owned(), vec![sid(number)]));
    entry
}

/// A group of so many members, of which the server gives 1500 at once.
fn large(count: usize) -> Server {
    let mut entries: Vec<Entry> = (0..count)
        .map(|number| with_guid(entry(&format!("CN=u{number},DC=x"), "user", &[("sAMAccountName", &["u"])]), number))
        .collect();
    let members: Vec<Vec<u8>> = entries.iter().map(|(dn, ..)| dn.clone()).collect();
    let mut group = with_guid(entry("CN=all,DC=x", "group", &[("cn", &["all"])]), 900_000);
    group.2.push(("member".to_owned(), members));
    entries.push(group);
    let mut server = Server::of(entries);
    (server.most_values, server.piece) = (1500, 1 << 16);
    server
}

#[test]
fn a_group_of_fifty_thousand_is_read_range_by_range() {
    let settings = json!({ "preset": "active-directory", "page-size": 10_000 });
    let _world = world(large(50_000), settings).enter();
    let (changes, end) = scan_of(&[Class::Group], 500).unwrap();
    assert_eq!((changes.len(), end.note), (1, None));
    let group = object(&changes, Class::Group, &id(900_000));
    let members = group["member"].as_array().unwrap();
    assert_eq!((members.len(), &members[49_999]), (50_000, &refers("account", &id(49_999))));
}

#[test]
fn ranges_of_any_length_give_all_members() {
    for count in [1499, 1500, 1501, 3000, 3001] {
        let settings = json!({ "preset": "active-directory", "page-size": 10_000 });
        let _world = world(large(count), settings).enter();
        let (changes, _) = scan_of(&[Class::Group], 500).unwrap();
        assert_eq!(object(&changes, Class::Group, &id(900_000))["member"].as_array().unwrap().len(), count);
    }
}

#[test]
fn ranges_that_do_not_go_on_are_rejected() {
    // Each answer to a request for the rest: another range, another attribute, nothing.
    for (from, to) in [("range=1500", "range=0000"), ("member;", "nember;"), ("", "")] {
        let server = large(1600).twisted(move |at, mut bytes| {
            // Three searches for names and ids, one for the group, then the rest of it.
            if at != 5 {
                return bytes;
            }
            let Some(place) = bytes.windows(from.len().max(1)).position(|some| some == from.as_bytes()) else {
                return super::server::done(6, 0, None);
            };
            bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
            bytes
        });
        let _world = world(server, json!({ "preset": "active-directory", "page-size": 10_000 })).enter();
        let (changes, _) = scan_of(&[Class::Group], 500).unwrap();
        let [(position, _, text)] = &rejected(&changes)[..] else { panic!("{changes:?}") };
        assert!(position == "CN=all,DC=x" && text.contains("a part of the values of member"), "{text}");
    }
}

/// Two people whose primary group is number 513, one of another group; the group lists one of the first two as well.
fn primaries() -> Server {
    let user = |number: usize, primary: &str| {
        let dn = format!("CN=u{number},DC=x");
        let user = entry(&dn, "user", &[("sAMAccountName", &["u"]), ("primaryGroupID", &[primary])]);
        with_sid(with_guid(user, number), 1000 + u32::try_from(number).unwrap())
    };
    let group = |name: &str, number: usize, rid: u32, members: &[&str]| {
        with_sid(with_guid(entry(&format!("CN={name},DC=x"), "group", &[("member", members)]), number), rid)
    };
    Server::of(vec![
        user(1, "513"),
        user(2, "513"),
        user(3, "514"),
        group("users", 10, 513, &["CN=u1,DC=x", "CN=u3,DC=x"]),
        group("guests", 11, 514, &[]),
        group("empty", 12, 515, &[]),
    ])
}

#[test]
fn a_primary_group_has_its_members() {
    let settings = json!({ "preset": "active-directory" });
    let of = |numbers: &[usize]| json!(numbers.iter().map(|one| refers("account", &id(*one))).collect::<Vec<_>>());
    let _world = world(primaries(), settings).enter();
    let (changes, _) = scan().unwrap();
    assert_eq!(object(&changes, Class::Group, &id(10))["member"], of(&[1, 2, 3]));
    assert_eq!(object(&changes, Class::Group, &id(11))["member"], of(&[3]));
    assert!(object(&changes, Class::Group, &id(12))["member"].as_array().is_none_or(Vec::is_empty));
    // A single group has the same.
    let wanted = ObjectRef { class: Class::Group, id: id(10) };
    let found = open::<Ldap>().unwrap().read(&[wanted]).pop().unwrap().unwrap().unwrap();
    assert!(changes.contains(&Change::Upsert(found)));
}

#[test]
fn several_bases_are_read_and_refer_to_each_other() {
    let settings = json!({ "base": "ou=R\\2C D,ou=sales,dc=x", "bases": ["cn=g1,dc=x", "cn=alone,dc=x"] });
    let _world = world(Server::small(), settings).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((changes.len(), end.complete.as_slice()), (4, &ALL[..]));
    assert_eq!(
        object(&changes, Class::Group, "g1")["member"],
        json!([refers("account", "p1"), refers("account", "p3")])
    );
    for (bases, word) in [
        (json!(["dc=x"]), "a part"),
        (json!(["ou=a,ou=r\\, d, OU=Sales,dc=x"]), "a part"),
        (json!(["people"]), "no DN"),
    ] {
        let settings = json!({ "base": "ou=R\\2C D,ou=sales,dc=x", "bases": bases });
        let _world = world(Server::small(), settings).enter();
        let fault = scan().unwrap_err();
        assert!(fault.subject.as_deref() == Some("bases") && fault.message.contains(word), "{}", fault.message);
    }
}

#[test]
fn a_single_object_is_read_as_the_scan_lists_it() {
    let settings = json!({ "base": "ou=sales,dc=x" });
    let _world = world(Server::small(), settings).enter();
    let (changes, _) = scan().unwrap();
    let of = |class, id: &str| ObjectRef { class, id: id.to_owned() };
    let wanted = [
        of(Class::Account, "p1"),
        of(Class::OrgUnit, "u2"),
        of(Class::Account, "p3"),
        of(Class::Account, "p9"),
        of(Class::Group, "p2"),
    ];
    let mut answers = open::<Ldap>().unwrap().read(&wanted).into_iter();
    for _ in 0..2 {
        let found = answers.next().unwrap().unwrap().unwrap();
        assert!(changes.contains(&Change::Upsert(found)));
    }
    // It is there, but not below the base: nobody may call it gone.
    let fault = answers.next().unwrap().unwrap_err();
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Forbidden, Some("p3")));
    assert!(fault.message.contains("cn=alone,dc=x"), "{}", fault.message);
    assert_eq!(answers.next().unwrap(), Ok(None));
    // Or not in the class.
    assert_eq!(answers.next().unwrap().unwrap_err().kind, FaultKind::Forbidden);
    drop(_world);
    for (code, kind) in [(51, FaultKind::Transient), (4, FaultKind::Incomplete), (50, FaultKind::Forbidden)] {
        let server =
            Server::small().twisted(move |at, bytes| if at == 2 { super::server::done(3, code, None) } else { bytes });
        let _world = world(server, json!({})).enter();
        let answers = open::<Ldap>().unwrap().read(&wanted[..2]);
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|fault| fault.kind == kind)), "{answers:?}");
    }
}

#[test]
fn a_server_that_speaks_byte_by_byte_is_understood() {
    let mut server = Server::small();
    server.piece = 1;
    let _world = world(server, json!({})).enter();
    assert_eq!(scan().unwrap().0.len(), 7);
}
