//! What becomes of people.

use super::{
    Edit, applied, apply, create, delta, entered, failed, id, one, operation, person, refers, replace, unchanged,
    update,
};
use rosterd_sdk::{Action, Class, FaultKind, ObjectRef};
use serde_json::{Value, json};

fn unit(number: u8) -> ObjectRef {
    ObjectRef { class: Class::OrgUnit, id: id(number) }
}

#[test]
fn a_person_is_made_where_the_org_unit_is() {
    let (server, _world) = entered(false, json!({}));
    let mut wang = person("wang");
    wang["orgUnit"] = refers("org-unit", &id(3));
    wang["mail"] = json!(["w@x", "wang@x"]);
    wang["manager"] = refers("account", &id(4));
    let made = applied(one(create(Class::Account, &wang)));
    let dn = "uid=wang,ou=R\\, D,ou=Sales,dc=x";
    let directory = &server.borrow().directory;
    assert_eq!(directory.texts(dn, "entryUUID"), [made.id]);
    assert_eq!(directory.texts(dn, "mail"), ["w@x", "wang@x"]);
    assert_eq!(directory.texts(dn, "manager"), ["uid=li,ou=Sales,dc=x"]);
    assert_eq!(directory.texts(dn, "objectClass"), ["inetOrgPerson", "organizationalPerson", "person", "top"]);
    assert_eq!(made.observed, None, "all of it is shown as it was told");
    assert!(made.problems.is_empty() && directory.passwords.is_empty());
}

#[test]
fn what_a_server_makes_of_a_new_entry_is_told() {
    type Change = fn(&mut super::directory::Attributes);
    let spells: Change =
        |all| all.iter_mut().filter(|(name, _)| name == "mail").for_each(|(_, mail)| mail[1].make_ascii_uppercase());
    let adds: Change = |all| all.push(("title".to_owned(), vec![b"new".to_vec()]));
    let drops: Change = |all| all.retain(|(name, _)| name != "displayName");
    let stops: Change = |all| all.push(("pwdAccountLockedTime".to_owned(), vec![b"000001010000Z".to_vec()]));
    for (change, name, expected) in [
        (spells, "mail", json!(["WANG@X", "w@x"])),
        (adds, "title", json!("new")),
        (drops, "displayName", Value::Null),
        (stops, "active", json!(false)),
    ] {
        let (server, _world) = entered(false, json!({ "preset": "openldap" }));
        server.borrow_mut().directory.own_mind = Some(change);
        let mut wang = person("wang");
        wang["mail"] = json!(["w@x", "wang@x"]);
        wang["displayName"] = json!("Wang");
        let made = applied(one(create(Class::Account, &wang)));
        let observed: Value = serde_json::from_str(&made.observed.unwrap()).unwrap();
        assert_eq!(observed[name], expected);
        assert_eq!(observed["uid"], json!("wang"));
    }
}

#[test]
fn who_has_no_org_unit_goes_where_the_setting_says() {
    let more = json!({ "people-base": "ou=Sales,dc=x", "person-name": "cn", "person-classes": ["inetOrgPerson"] });
    let (server, _world) = entered(false, more);
    applied(one(create(Class::Account, &person("wang"))));
    assert_eq!(server.borrow().directory.texts("cn=wang,ou=Sales,dc=x", "objectClass"), ["inetOrgPerson"]);
    // And comes back there.
    applied(one(operation(Class::Account, Some(&id(5)), Action::MoveTo(None))));
    assert_eq!(server.borrow().directory.texts("uid=ann,ou=Sales,dc=x", "entryUUID"), [id(5)]);
}

#[test]
fn only_what_differs_is_sent() {
    let (server, _world) = entered(false, json!({ "attributes": ["shoeSize"] }));
    let edits = vec![
        replace("displayName", &json!("Li Lei")),
        replace("mail", &json!(["a@x", "b@x"])),
        replace("cn", &json!("li")),
        replace("shoeSize", &json!(43)),
        replace("title", &Value::Null),
    ];
    applied(one(update(Class::Account, &id(4), edits.clone())));
    assert_eq!(
        server.borrow().directory.log,
        ["modify uid=li,ou=Sales,dc=x: Replace displayName 1, Add mail 2, Replace shoeSize 1"]
    );
    unchanged(one(update(Class::Account, &id(4), edits)));
    let edits = vec![
        replace("displayName", &Value::Null),
        delta("mail", &json!(["c@x", "b@x"]), &json!(["a@x", "nobody@x"])),
        replace("shoeSize", &json!("44")),
    ];
    applied(one(update(Class::Account, &id(4), edits)));
    let directory = &server.borrow().directory;
    assert_eq!(directory.log.len(), 2);
    assert_eq!(
        directory.log[1],
        "modify uid=li,ou=Sales,dc=x: Replace displayName 0, Delete mail 1, Add mail 1, Replace shoeSize 1"
    );
    assert_eq!(directory.texts("uid=li,ou=Sales,dc=x", "mail"), ["b@x", "c@x"]);
}

#[test]
fn a_rename_and_a_move_are_one_request_and_the_id_stays() {
    let (server, _world) = entered(false, json!({}));
    let edits = vec![
        replace("uid", &json!("li, \"lei\"")),
        replace("orgUnit", &refers("org-unit", &id(3))),
        replace("sn", &json!("Lei")),
    ];
    let done = applied(one(update(Class::Account, &id(4), edits.clone())));
    assert_eq!(done.id, id(4));
    let dn = "uid=li\\, \\\"lei\\\",ou=R\\, D,ou=Sales,dc=x";
    assert_eq!(
        server.borrow().directory.log,
        [format!("rename uid=li,ou=Sales,dc=x to {dn}"), format!("modify {dn}: Replace sn 1")]
    );
    assert_eq!(server.borrow().directory.texts(dn, "uid"), ["li, \"lei\""]);
    unchanged(one(update(Class::Account, &id(4), edits)));
    applied(one(operation(Class::Account, Some(&id(4)), Action::MoveTo(Some(unit(2))))));
    unchanged(one(operation(Class::Account, Some(&id(4)), Action::MoveTo(Some(unit(2))))));
    // To the other spelling of the same name.
    applied(one(update(Class::Account, &id(5), vec![replace("uid", &json!("Ann"))])));
    assert_eq!(server.borrow().directory.texts("uid=ann,ou=R\\, D,ou=Sales,dc=x", "uid"), ["Ann"]);
}

#[test]
fn accounts_are_stopped_and_started() {
    let rename = json!({ "disable": "employeeType=gone" });
    for (more, name, value) in [(json!({}), "pwdAccountLockedTime", "000001010000Z"), (rename, "employeeType", "gone")]
    {
        let (server, _world) = entered(false, more);
        let act = |action: &Action| one(operation(Class::Account, Some(&id(4)), action.clone()));
        let dn = "uid=li,ou=Sales,dc=x";
        unchanged(act(&Action::Enable));
        let stopped = applied(act(&Action::Disable)).observed.unwrap();
        assert!(stopped.contains("\"active\":false"), "{stopped}");
        assert_eq!(server.borrow().directory.texts(dn, name), [value]);
        unchanged(act(&Action::Disable));
        applied(act(&Action::Enable));
        assert!(server.borrow().directory.texts(dn, name).is_empty());
    }
    // Without the overlay the attribute would lock nobody.
    let (server, _world) = entered(false, json!({}));
    server.borrow_mut().controls.clear();
    let fault = failed(one(operation(Class::Account, Some(&id(4)), Action::Disable)));
    assert!(fault.kind == FaultKind::Unsupported && fault.message.contains("ppolicy"), "{}", fault.message);
    let (_server, _world) = entered(false, json!({ "disable": "none" }));
    let fault = failed(one(operation(Class::Account, Some(&id(4)), Action::Disable)));
    assert!(fault.kind == FaultKind::Unsupported && fault.message.contains("on-leave"), "{}", fault.message);
    unchanged(one(operation(Class::Account, Some(&id(4)), Action::Enable)));
}

#[test]
fn passwords_go_where_only_the_host_sees_them() {
    let (server, _world) = entered(false, json!({ "first-passwords": true }));
    applied(one(create(Class::Account, &person("wang"))));
    applied(one(operation(Class::Account, Some(&id(4)), Action::SetPassword)));
    let world = server.borrow();
    assert_eq!(world.directory.passwords["uid=wang,dc=x"], b"password-of-key");
    assert_eq!(world.directory.passwords["uid=li,ou=Sales,dc=x"], b"password-of-key");
    assert_eq!(world.directory.log, ["add uid=wang,dc=x", "password uid=wang,dc=x", "password uid=li,ou=Sales,dc=x"]);
    // On the wire it stands where the host has put it, each time once, and nowhere else.
    let times = world.received.windows(15).filter(|bytes| *bytes == b"password-of-key").count();
    assert_eq!(times, 2);
}

#[test]
fn who_goes_is_gone_and_goes_once() {
    let (server, _world) = entered(false, json!({}));
    applied(one(operation(Class::Account, Some(&id(4)), Action::Delete)));
    assert!(server.borrow().directory.at("uid=li,ou=Sales,dc=x").is_none());
    unchanged(one(operation(Class::Account, Some(&id(4)), Action::Delete)));
    unchanged(one(operation(Class::Account, Some("nobody"), Action::Delete)));
    for action in [Action::Update(vec![replace("title", &json!("x"))]), Action::Disable, Action::SetPassword] {
        assert_eq!(failed(one(operation(Class::Account, Some(&id(4)), action))).kind, FaultKind::NotFound);
    }
}

#[test]
fn a_manager_who_is_not_there_costs_nothing_else() {
    let (server, _world) = entered(false, json!({}));
    let edits = |manager: &Value| -> Vec<Edit> { vec![replace("manager", manager), replace("title", &json!("Boss"))] };
    let done = applied(one(update(Class::Account, &id(4), edits(&refers("account", "nobody")))));
    assert_eq!(done.problems[0].subject.as_deref(), Some("manager"));
    applied(one(update(Class::Account, &id(4), edits(&refers("account", &id(5))))));
    unchanged(one(update(Class::Account, &id(4), edits(&refers("account", &id(5))))));
    let dn = "uid=li,ou=Sales,dc=x";
    assert_eq!(server.borrow().directory.texts(dn, "manager"), ["uid=ann,ou=R\\, D,ou=Sales,dc=x"]);
    applied(one(update(Class::Account, &id(4), edits(&Value::Null))));
    assert!(server.borrow().directory.texts(dn, "manager").is_empty());
    assert!(apply(&[]).is_empty());
}
