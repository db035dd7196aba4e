//! What a scan says of entries.

use super::server::{entry, referral};
use super::{ALL, Server, object, refers, rejected, scan, scan_of, world};
use rosterd_sdk::{Change, Class};
use serde_json::json;

#[test]
fn everything_is_told_with_its_references() {
    let _world = world(Server::small(), json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((changes.len(), end.complete.as_slice()), (7, &ALL[..]));
    let li = json!({
        "dn": r"uid=li,ou=R\2C D,OU=sales,dc=x", "uid": "li", "cn": "李华", "mail": ["a@x", "z@x"],
        "orgUnit": refers("org-unit", "u2"), "manager": refers("account", "p2"),
    });
    assert_eq!(object(&changes, Class::Account, "p1"), li);
    // The manager of the boss is outside of the base: not there, and no error.
    let boss = json!({ "dn": r"cn=Boss\2c The,ou=Sales,dc=x", "cn": "Boss, The", "orgUnit": refers("org-unit", "u1") });
    assert_eq!(object(&changes, Class::Account, "p2"), boss);
    assert_eq!(object(&changes, Class::Account, "p3"), json!({ "dn": "cn=alone,dc=x", "cn": "alone" }));
    let unit = json!({ "dn": r"ou=R\, D,ou=Sales,dc=x", "ou": "R, D", "parent": refers("org-unit", "u1") });
    assert_eq!(object(&changes, Class::OrgUnit, "u2"), unit);
    assert_eq!(object(&changes, Class::OrgUnit, "u1"), json!({ "dn": "ou=Sales,dc=x", "ou": "Sales" }));
    let members = json!([refers("account", "p1"), refers("account", "p3"), refers("group", "g2")]);
    assert_eq!(object(&changes, Class::Group, "g1")["member"], members);
    assert_eq!(object(&changes, Class::Group, "g2")["member"], json!([]));
    assert_eq!(end.note.as_deref(), Some("3 references lead to entries that are not read, and were left out"));
}

#[test]
fn one_class_is_told_with_references_to_others() {
    let _world = world(Server::small(), json!({})).enter();
    let (changes, end) = scan_of(&[Class::Account], 2).unwrap();
    assert_eq!((changes.len(), end.complete), (3, vec![Class::Account]));
    assert_eq!(object(&changes, Class::Account, "p1")["orgUnit"], refers("org-unit", "u2"));
}

#[test]
fn an_entry_that_can_not_be_read_costs_no_other() {
    let mut server = Server::small();
    let mut broken = entry("cn=broken,dc=x", "inetOrgPerson", &[("entryUUID", &["p4"]), ("cn", &["broken"])]);
    broken.2.push(("sn".to_owned(), vec![b"M\xfcller".to_vec()]));
    server.entries.insert(0, broken);
    server.entries.push(entry("cn=hidden,dc=x", "inetOrgPerson", &[("cn", &["hidden"])]));
    server.entries.push((
        b"cn=\xff,dc=x".to_vec(),
        "inetOrgPerson",
        vec![("entryUUID".to_owned(), vec![b"p6".to_vec()])],
    ));
    let _world = world(server, json!({})).enter();
    let (changes, end) = scan().unwrap();
    let told = changes.iter().filter(|change| matches!(change, Change::Upsert(_))).count();
    assert_eq!((told, end.complete.as_slice()), (7, &ALL[..]));
    let [first, second, third] = &rejected(&changes)[..] else { panic!("{changes:?}") };
    assert_eq!((first.0.as_str(), first.1.as_deref()), ("cn=broken,dc=x", Some("p4")));
    assert!(first.2.contains("a value of sn is not UTF-8"), "{}", first.2);
    assert_eq!((second.0.as_str(), second.1.as_deref()), ("cn=hidden,dc=x", None));
    assert!(second.2.contains("0 values of entryUUID") && second.2.contains("administrator"), "{}", second.2);
    assert_eq!((third.0.as_str(), third.1.as_deref()), ("cn=\u{fffd},dc=x", Some("p6")));
    assert!(third.2.contains("its name is no DN"), "{}", third.2);
}

#[test]
fn more_attributes_are_read_but_no_passwords() {
    let mut server = Server::small();
    server.entries.push(entry("cn=more,dc=x", "inetOrgPerson", &[("entryUUID", &["p4"]), ("shoeSize", &["43"])]));
    let _world = world(server, json!({ "attributes": ["shoeSize", "UID", "manager"] })).enter();
    let (changes, _) = scan().unwrap();
    assert_eq!(object(&changes, Class::Account, "p4"), json!({ "dn": "cn=more,dc=x", "shoeSize": "43" }));
    assert_eq!(object(&changes, Class::Account, "p1")["manager"], refers("account", "p2"));
    for name in ["userPassword", "unicodePwd", "2.5.4.35", "userPassword;x", "USERPASSWORD", "*"] {
        let _world = world(Server::small(), json!({ "attributes": [name] })).enter();
        assert_eq!(scan().unwrap_err().subject.as_deref(), Some("attributes"), "{name}");
    }
}

#[test]
fn referrals_are_counted() {
    let server = Server::small().twisted(|search, bytes| {
        // The fifth search is the first that reads entries; its messages have the number 6.
        if search == 5 { [referral(6), bytes].concat() } else { bytes }
    });
    let _world = world(server, json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!(changes.len(), 7);
    let note = end.note.unwrap();
    assert!(
        note.starts_with(
            "1 referrals to other servers were not followed, the first to ldap://other/dc=y; 3 references"
        ),
        "{note}"
    );
}
