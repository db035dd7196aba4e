//! What is refused: here, or by the server.

use super::server::Mishap;
use super::{create, entered, failed, id, one, operation, person, refers, replace, update};
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Action, Class, Destination, FaultKind as Kind, ObjectRef, Operation, Receipt};
use serde_json::{Value, json};

#[test]
fn each_result_says_who_must_act() {
    for (code, text, kind, subject, words) in [
        (16, "", Kind::Conflict, None, "not there"),
        (17, "title: attribute type undefined", Kind::Invalid, Some("title"), "no such attribute"),
        (19, "title: no more than one value", Kind::Invalid, Some("title"), "forbids this value"),
        (20, "title: value #0 already exists", Kind::Conflict, None, "is there"),
        (21, "title: value #0 invalid per syntax", Kind::Invalid, Some("title"), "form"),
        (32, "", Kind::NotFound, None, "no such entry"),
        (50, "no write access", Kind::Forbidden, None, "lets the account of bind-dn write"),
        (51, "", Kind::Transient, None, "busy"),
        (52, "", Kind::Transient, None, "not available"),
        (53, "operation restricted", Kind::Unsupported, None, "unwilling"),
        (53, "0000052D: SvcErr: DSID-031A12D2", Kind::Invalid, None, "password policy"),
        (65, "attribute 'title' not allowed", Kind::Invalid, Some("title"), "class of entries"),
        (10, "", Kind::Settings, None, "set server"),
        (77, "?", Kind::Unsupported, None, "result 77"),
    ] {
        let (server, _world) = entered(false, json!({}));
        server.borrow_mut().mishaps = vec![(0x66, 0, Mishap::Refused(code, text))];
        let fault = failed(one(update(Class::Account, &id(4), vec![replace("title", &json!("x"))])));
        assert_eq!((fault.kind, fault.subject.as_deref()), (kind, subject), "{code}: {}", fault.message);
        assert!(fault.message.contains(words) && fault.message.contains("uid=li"), "{}", fault.message);
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_and_nothing_is_sent() {
    let (server, _world) = entered(false, json!({}));
    let with = |name: &str, value: Value| {
        let mut all = person("wang");
        all[name] = value;
        create(Class::Account, &all)
    };
    for (operation, subject) in [
        (with("userPassword", json!("x")), "userPassword"),
        (with("objectClass", json!("x")), "objectClass"),
        (with("dn", json!("cn=a")), "dn"),
        (with("disabled", json!(true)), "disabled"),
        (with("uid", Value::Null), "uid"),
        (with("sn", json!("")), "sn"),
        (with("title", json!({ "a": 1 })), "title"),
        (with("title", json!("a\u{0}")), "title"),
        (with("orgUnit", refers("org-unit", "nobody")), "orgUnit"),
        (with("orgUnit", json!([refers("org-unit", "a"), refers("org-unit", "b")])), "orgUnit"),
        (with("manager", json!(7)), "manager"),
        (create(Class::OrgUnit, &json!({ "description": "x" })), "ou"),
        (update(Class::Account, &id(4), vec![replace("uid", &Value::Null)]), "uid"),
        (update(Class::Account, &id(4), vec![replace("entryUUID", &json!("x"))]), "entryUUID"),
    ] {
        let fault = failed(one(operation.clone()));
        assert_eq!(
            (fault.kind, fault.subject.as_deref()),
            (Kind::Invalid, Some(subject)),
            "{operation:?} {}",
            fault.message
        );
    }
    assert!(server.borrow().directory.log.is_empty());
}

#[test]
fn who_is_protected_or_outside_is_never_written() {
    let (server, _world) =
        entered(false, json!({ "base": "ou=Sales,dc=x", "protected": ["UID=ann,ou=R\\2C D,ou=sales,dc=x"] }));
    let actions = [
        Action::Delete,
        Action::Disable,
        Action::SetPassword,
        Action::Update(vec![replace("uid", &json!("x"))]),
        Action::MoveTo(None),
    ];
    for action in &actions {
        let fault = failed(one(operation(Class::Account, Some(&id(5)), action.clone())));
        assert!(fault.kind == Kind::Unsupported && fault.message.contains("protected"), "{}", fault.message);
    }
    // The group is beside the base: it is there, and is not gone.
    for action in [Action::Delete, Action::Update(vec![replace("cn", &json!("x"))])] {
        let fault = failed(one(operation(Class::Group, Some(&id(6)), action)));
        assert!(
            fault.kind == Kind::Unsupported && fault.message.contains("not within the setting base"),
            "{}",
            fault.message
        );
    }
    let mut destination = open::<Ldap>().unwrap();
    let read = destination.read(&[ObjectRef { class: Class::Group, id: id(6) }]).remove(0);
    assert!(read.is_err(), "{read:?}");
    assert!(server.borrow().directory.log.is_empty());
    let (_server, _world) = entered(false, json!({}));
    for action in actions {
        let fault = failed(one(operation(Class::Account, Some(&id(7)), action)));
        assert!(fault.message.contains("account of bind-dn"), "{}", fault.message);
    }
}

#[test]
fn without_the_base_nothing_is_done_and_nothing_is_called_gone() {
    let refused = |more: Value, operation: Operation, setting: &str| {
        let (server, _world) = entered(false, more);
        let fault = match one(operation) {
            Receipt::Failed(fault) | Receipt::NotAttempted(fault) => fault,
            other => panic!("{other:?}"),
        };
        assert_eq!((fault.kind, fault.subject.as_deref()), (Kind::Settings, Some(setting)), "{}", fault.message);
        assert!(fault.message.contains(&format!("set {setting} to an entry that is there")), "{}", fault.message);
        assert!(server.borrow().directory.log.is_empty());
    };
    let nowhere = || json!({ "base": "ou=Gone,dc=x" });
    refused(nowhere(), create(Class::Account, &person("wang")), "base");
    refused(nowhere(), update(Class::Account, &id(4), vec![replace("title", &json!("x"))]), "base");
    refused(nowhere(), operation(Class::Account, Some(&id(4)), Action::Delete), "base");
    refused(nowhere(), operation(Class::Account, Some(&id(4)), Action::Disable), "base");
    refused(json!({ "people-base": "ou=Gone,dc=x" }), create(Class::Account, &person("wang")), "people-base");
    let (_server, _world) = entered(false, nowhere());
    let mut destination = open::<Ldap>().unwrap();
    assert_eq!(destination.find(Class::Account, "uid", "li").unwrap_err().kind, Kind::Settings);
    let read = destination.read(&[ObjectRef { class: Class::Account, id: id(4) }]).remove(0);
    assert_eq!(read.unwrap_err().kind, Kind::Settings);
}

#[test]
fn a_unit_that_one_of_several_servers_does_not_have_may_come_yet() {
    let refused = |more: Value| {
        let (_server, _world) = entered(false, more);
        let mut all = person("wang");
        all["orgUnit"] = refers("org-unit", "nobody");
        failed(one(create(Class::Account, &all)))
    };
    assert_eq!(refused(json!({})).kind, Kind::Invalid);
    let fault = refused(json!({ "servers": ["ldaps://second"] }));
    assert_eq!((fault.kind, fault.subject.as_deref()), (Kind::Transient, Some("orgUnit")), "{}", fault.message);
    assert!(fault.message.contains("another one may have it"), "{}", fault.message);
}

#[test]
fn a_name_that_is_taken_is_told_with_its_owner() {
    let (_server, _world) = entered(false, json!({}));
    let edits = vec![replace("uid", &json!("ann")), replace("orgUnit", &refers("org-unit", &id(3)))];
    let fault = failed(one(update(Class::Account, &id(4), edits)));
    assert_eq!((fault.kind, fault.subject), (Kind::AlreadyExists, Some(id(5))), "{}", fault.message);
}

#[test]
fn looking_up() {
    let (_server, _world) = entered(false, json!({}));
    let mut destination = open::<Ldap>().unwrap();
    let mut ids = |attribute: &str, value: &str| {
        let found = destination.find(Class::Account, attribute, value);
        found.map(|all| all.into_iter().map(|object| object.id).collect::<Vec<_>>()).map_err(|fault| fault.kind)
    };
    assert_eq!(ids("uid", "LI"), Ok(vec![id(4)]));
    assert_eq!(ids("dn", "uid=li, ou=Sales,dc=x"), Ok(vec![id(4)]));
    for (attribute, value) in
        [("uid", "*"), ("uid", "l*"), ("uid", ")(uid=li"), ("uid", ""), ("dn", "cn=x,dc=y"), ("cn", "Sales")]
    {
        assert_eq!(ids(attribute, value), Ok(Vec::new()), "{attribute}={value}");
    }
    assert_eq!((ids("userPassword", "x"), ids("manager", "x")), (Err(Kind::Unsupported), Err(Kind::Unsupported)));
    let refs = [id(4), "nobody".to_owned(), id(5)].map(|id| ObjectRef { class: Class::Account, id });
    let read: Vec<Option<String>> =
        destination.read(&refs).into_iter().map(|one| one.unwrap().map(|object| object.id)).collect();
    assert_eq!(read, [Some(id(4)), None, Some(id(5))]);
}

#[test]
fn settings_that_are_none_are_named() {
    for (more, name) in [
        (json!({ "people-base": "dc=y" }), "people-base"),
        (json!({ "units-base": "nothing" }), "units-base"),
        (json!({ "protected": [""] }), "protected"),
        (json!({ "person-classes": ["a b"] }), "person-classes"),
        (json!({ "disable": "whatever" }), "disable"),
        (json!({ "connections": 0 }), "connections"),
    ] {
        let (_server, _world) = entered(false, more);
        let Err(fault) = open::<Ldap>() else { panic!("{name}") };
        assert_eq!((fault.kind, fault.subject.as_deref()), (Kind::Settings, Some(name)), "{}", fault.message);
    }
}
