//! Active Directory.

use super::server::Mishap;
use super::{applied, create, delta, entered, failed, id, one, operation, refers, replace, unchanged, update};
use rosterd_sdk::{Action, Class, FaultKind, Operation};
use serde_json::{Value, json};

fn wang() -> Value {
    json!({
        "cn": "Wang, Fang", "sAMAccountName": "wang.fang", "userPrincipalName": "wang@corp.example",
        "accountExpires": "2026-12-31T23:00:00Z", "orgUnit": refers("org-unit", &id(2)),
    })
}

const DN: &str = "cn=Wang\\, Fang,ou=Sales,dc=x";

#[test]
fn an_account_is_made_with_its_password_in_one_request() {
    let (server, _world) = entered(true, json!({}));
    let made = applied(one(create(Class::Account, &wang())));
    let world = server.borrow();
    assert_eq!(world.directory.passwords[DN], b"password-of-key");
    assert_eq!(world.directory.texts(DN, "userAccountControl"), ["512"]);
    assert_eq!(world.directory.texts(DN, "accountExpires"), ["134432316000000000"]);
    assert_eq!(world.directory.log, [format!("add {DN}")]);
    // In UTF-16 between quotes, and in no other form.
    assert!(!world.received.windows(15).any(|bytes| bytes == b"password-of-key"));
    assert_eq!(made.id, id(8));
    let observed: Value = serde_json::from_str(&made.observed.unwrap()).unwrap();
    assert_eq!((&observed["active"], &observed["accountExpires"]), (&json!(true), &json!("2026-12-31T23:00:00Z")));
}

#[test]
fn without_a_password_it_is_made_disabled_and_says_so() {
    let (server, _world) = entered(true, json!({ "first-passwords": false }));
    let made = applied(one(create(Class::Account, &wang())));
    assert_eq!(server.borrow().directory.texts(DN, "userAccountControl"), ["514"]);
    assert!(made.problems[0].message.contains("made disabled"), "{:?}", made.problems);
    assert!(made.observed.unwrap().contains("\"active\":false"));
}

#[test]
fn the_answer_to_a_create_is_lost() {
    let (server, _world) = entered(true, json!({}));
    server.borrow_mut().mishaps = vec![(0x68, 0, Mishap::LostAfter)];
    assert_eq!(applied(one(create(Class::Account, &wang()))).id, id(8));
    unchanged(one(Operation { attempt: 2, ..create(Class::Account, &wang()) }));
    assert_eq!(server.borrow().directory.passwords[DN], b"password-of-key");
}

#[test]
fn one_bit_of_the_mask_changes() {
    let (server, _world) = entered(true, json!({}));
    let act = |action: Action| one(operation(Class::Account, Some(&id(4)), action));
    let mask = || server.borrow().directory.texts("cn=li,ou=Sales,dc=x", "userAccountControl");
    unchanged(act(Action::Enable));
    applied(act(Action::Disable));
    assert_eq!(mask(), ["66050"]);
    unchanged(act(Action::Disable));
    applied(act(Action::Enable));
    assert_eq!(mask(), ["66048"]);
    applied(act(Action::SetPassword));
    assert_eq!(server.borrow().directory.passwords["cn=li,ou=Sales,dc=x"], b"password-of-key");
}

#[test]
fn names_of_accounts_are_checked_and_told_with_their_owner() {
    let (server, _world) = entered(true, json!({}));
    for (name, value) in [
        ("sAMAccountName", "einundzwanzig-zeichen"),
        ("sAMAccountName", "a@b"),
        ("sAMAccountName", "a."),
        ("sAMAccountName", ""),
        ("userPrincipalName", "wang"),
        ("accountExpires", "tomorrow"),
        ("cn", ""),
    ] {
        let mut odd = wang();
        odd[name] = value.into();
        let fault = failed(one(create(Class::Account, &odd)));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some(name)), "{value}");
    }
    let fault = failed(one(update(Class::Account, &id(4), vec![replace("sAMAccountName", &json!("a*"))])));
    assert_eq!(fault.subject.as_deref(), Some("sAMAccountName"));
    let mut taken = wang();
    taken["sAMAccountName"] = "ann".into();
    let fault = failed(one(create(Class::Account, &taken)));
    assert_eq!((fault.kind, fault.subject), (FaultKind::AlreadyExists, Some(id(5))), "{}", fault.message);
    assert!(server.borrow().directory.log.is_empty());
}

#[test]
fn the_name_changes_by_a_rename_only() {
    let (server, _world) = entered(true, json!({}));
    let edits = vec![replace("cn", &json!("Li <1>")), replace("displayName", &json!("Li"))];
    applied(one(update(Class::Account, &id(4), edits.clone())));
    assert_eq!(server.borrow().directory.texts("cn=Li \\<1\\>,ou=Sales,dc=x", "displayName"), ["Li"]);
    unchanged(one(update(Class::Account, &id(4), edits)));
}

#[test]
fn members_that_are_there_or_gone_are_no_error() {
    for permissive in [true, false] {
        let (server, _world) = entered(true, json!({}));
        if permissive {
            server.borrow_mut().controls.push(rosterd_plugin_ldap::writing::PERMISSIVE);
        } else {
            server.borrow_mut().hidden.clear();
        }
        let li = json!([refers("account", &id(4))]);
        let both = json!([refers("account", &id(4)), refers("account", &id(5))]);
        applied(one(update(Class::Group, &id(6), vec![delta("member", &li, &Value::Null)])));
        applied(one(update(Class::Group, &id(6), vec![delta("member", &both, &Value::Null)])));
        assert_eq!(server.borrow().directory.texts("cn=g,dc=x", "member").len(), 2);
        for _ in 0..2 {
            one(update(Class::Group, &id(6), vec![delta("member", &Value::Null, &both)]));
            assert!(server.borrow().directory.texts("cn=g,dc=x", "member").is_empty(), "and nobody stands in");
        }
    }
}

#[test]
fn groups_have_a_type_and_a_name_of_their_own() {
    let (server, _world) = entered(true, json!({}));
    applied(one(create(Class::Group, &json!({ "cn": "staff" }))));
    let directory = &server.borrow().directory;
    assert_eq!(directory.texts("cn=staff,dc=x", "sAMAccountName"), ["staff"]);
    assert_eq!(directory.texts("cn=staff,dc=x", "groupType"), ["-2147483646"]);
    assert!(directory.texts("cn=staff,dc=x", "member").is_empty());
}

#[test]
fn administrators_are_left_alone() {
    let (server, world) = entered(true, json!({}));
    let own = [
        ("objectClass", &["user"][..]),
        ("cn", &["root"]),
        ("sAMAccountName", &["root"]),
        ("adminCount", &["1"]),
        ("userAccountControl", &["512"]),
    ];
    let root = server.borrow_mut().directory.put("cn=root,dc=x", &own);
    for action in [
        Action::Disable,
        Action::Delete,
        Action::SetPassword,
        Action::Update(vec![replace("displayName", &json!("x"))]),
    ] {
        let fault = failed(one(operation(Class::Account, Some(&root), action)));
        assert!(fault.kind == FaultKind::Unsupported && fault.message.contains("adminCount"), "{}", fault.message);
    }
    assert!(server.borrow().directory.log.is_empty());
    drop(world);
    let _world = super::world(&server, json!({ "write-administrators": true })).enter();
    applied(one(operation(Class::Account, Some(&root), Action::Disable)));
}
